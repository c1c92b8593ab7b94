/** A calendar file (RFC 5545, RFC 5546), composed here because the link is known here and nowhere else. Pure. */
import type { PlanOut } from "../api/http.gen";

export interface Event {
  readonly meeting: string;
  /** The host this installation is known by. */
  readonly host: string;
  readonly plan: Readonly<PlanOut>;
  /** Null where this device does not have the link. */
  readonly link: string | null;
  readonly untitled: string;
  readonly text: string;
  /** E-mail addresses of those who are invited by one. */
  readonly guests: readonly string[];
  readonly cancels: boolean;
  readonly now: number;
}

const LONGEST_LINE = 75;

/** The whole file; one that cancels has a higher number than any that planned. */
export function calendarFile({ meeting, host, plan, link, untitled, text, guests, cancels, now }: Event): string {
  // A series keeps its place on the wall; a single time, and one without summer time, is an instant.
  const wall = plan.rule !== "" && plan.zone !== "UTC";
  const time = (local: string, at: number | null): string => (wall ? `;TZID=${plan.zone}:${compact(local)}` : `:${at === null ? `${compact(local)}Z` : instant(at)}`);
  const invited = guests.length > 0;
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Conclave//Conclave//EN",
    "CALSCALE:GREGORIAN",
    `METHOD:${cancels ? "CANCEL" : invited ? "REQUEST" : "PUBLISH"}`,
    ...(wall ? zoneLines(plan) : []),
    "BEGIN:VEVENT",
    `UID:${meeting}@${host}`,
    `DTSTAMP:${instant(now)}`,
    `SEQUENCE:${String(plan.sequence + (cancels ? 1 : 0))}`,
    `STATUS:${cancels ? "CANCELLED" : "CONFIRMED"}`,
    `DTSTART${time(plan.start, plan.starts_at)}`,
    `DURATION:PT${String(plan.minutes)}M`,
    ...(plan.rule === "" ? [] : [`RRULE:${plan.rule}`]),
    ...plan.off.map((local) => `EXDATE${time(local, null)}`),
    `SUMMARY:${escaped(plan.title === "" ? untitled : plan.title)}`,
    `DESCRIPTION:${escaped(text)}`,
    ...(link === null ? [] : [`LOCATION:${escaped(link)}`, `URL:${link}`]),
    `ORGANIZER${named(plan.organiser_name)}:mailto:${plan.organiser_address}`,
    ...guests.map((guest) => `ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=FALSE:mailto:${guest}`),
    "END:VEVENT",
    "END:VCALENDAR",
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join("");
}

/** How the zone's clocks go while the plan lasts, each change at its day: right also where a calendar knows no such zone. */
function zoneLines({ zone, changes }: PlanOut): readonly string[] {
  const kinds = new Map<string, { readonly change: PlanOut["changes"][number]; readonly at: string[] }>();
  for (const change of changes) {
    const key = [change.before, change.after, change.summer, change.name].join();
    const kind = kinds.get(key) ?? { change, at: [] };
    kind.at.push(compact(change.local));
    kinds.set(key, kind);
  }
  const parts = [...kinds.values()].flatMap(({ change, at: [first = "", ...others] }) => {
    const part = change.summer ? "DAYLIGHT" : "STANDARD";
    return [
      `BEGIN:${part}`,
      `DTSTART:${first}`,
      ...(others.length > 0 ? [`RDATE:${others.join(",")}`] : []),
      `TZOFFSETFROM:${offset(change.before)}`,
      `TZOFFSETTO:${offset(change.after)}`,
      `TZNAME:${escaped(change.name)}`,
      `END:${part}`,
    ];
  });
  return ["BEGIN:VTIMEZONE", `TZID:${zone}`, ...parts, "END:VTIMEZONE"];
}

/** 2027-03-22T09:00 as 20270322T090000. */
function compact(local: string): string {
  const signs = local.replaceAll(/[-:]/g, "");
  return signs.length < 15 ? `${signs}00` : signs;
}

function instant(ms: number): string {
  return `${compact(new Date(ms - (ms % 1000)).toISOString().slice(0, 19))}Z`;
}

function offset(seconds: number): string {
  const sign = seconds < 0 ? "-" : "+";
  const all = Math.abs(seconds);
  const parts = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60].map((part) => String(part).padStart(2, "0"));
  return sign + parts.slice(0, all % 60 === 0 ? 2 : 3).join("");
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll(";", "\\;").replaceAll(",", "\\,").replaceAll("\n", "\\n");
}

/** A name as a parameter: in quotes, which it may not hold itself. */
function named(name: string): string {
  return name === "" ? "" : `;CN="${name.replaceAll('"', "'")}"`;
}

/** Lines of at most 75 octets, never cut inside a character. */
function folded(line: string): string {
  const encoder = new TextEncoder();
  let all = "";
  let used = 0;
  for (const sign of line) {
    const length = encoder.encode(sign).length;
    if (used + length > LONGEST_LINE) {
      all += "\r\n ";
      used = 1;
    }
    all += sign;
    used += length;
  }
  return all;
}
