import type { Stay } from "../../call/contract";

/** The heads of the columns, and how somebody is known. */
export interface TableWords {
  readonly name: string;
  readonly known: string;
  readonly from: string;
  readonly until: string;
  readonly minutes: string;
  readonly typed: string;
  readonly signedIn: string;
  readonly domain: (domain: string) => string;
}

const MINUTE_MS = 60_000;
/** Spreadsheets read what begins so as a formula, and some of them the wide signs too. */
const FORMULA = /^\s*[=+\-@＝＋－＠]/u;
/** Says to a spreadsheet that it is UTF-8. */
const MARK = "\u{feff}";

/** One row for each stay, in this device's time, for a spreadsheet: it shall show the names and carry nothing out (ATT-3). */
export function table(stays: readonly Stay[], made: number, words: TableWords, language: string, timeZone = zone()): string {
  // Where the decimal sign is a comma, spreadsheets part columns by semicolons.
  const between = new Intl.NumberFormat(language).format(1.5).includes(",") ? ";" : ",";
  const moment = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", timeZone });
  const rows = stays.map(({ name, account, domain, from, until }) => [
    name,
    domain === undefined ? (account === undefined ? words.typed : words.signedIn) : words.domain(domain),
    moment.format(from),
    until === undefined ? "" : moment.format(until),
    String(Math.round(((until ?? made) - from) / MINUTE_MS)),
  ]);
  const heads = [words.name, words.known, `${words.from} (${timeZone})`, words.until, words.minutes];
  return MARK + [heads, ...rows].map((row) => `${row.map(cell).join(between)}\r\n`).join("");
}

function cell(text: string): string {
  return `"${(FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}

function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
