import type { CallState, Lock, Person, Toast } from "../../src/call/contract";

const NAMES = [
  "Alice Martin", "Bob Okafor", "Chloé Lefèvre", "Dmitri Ivanov", "Emma Schmidt", "Fatou Diallo", "Georg Weiß", "Hana Sato", "Inès Moreau", "Jan Novák",
  "Karim Haddad", "Léa Petit", "Maximiliane von Hohenstein-Lichtenberg", "Noor El Amrani",
];
const at = (minutes: number): number => Date.now() - minutes * 60_000;

function person(index: number, change: Partial<Person> = {}): Person {
  const name = NAMES[index % NAMES.length] ?? "";
  return {
    participant: `p${String(index)}`, leaf: index, name, ambiguous: false, role: index === 0 ? "host" : "guest", hosting: index === 0, cohost: false, signedIn: index < 2,
    domain: null, self: index === 0, lock: "locked", may: ["chat", "pictures", "reactions", "rename", "share", "unmute", "video"], reaction: null, handUp: false, speaking: index === 1, microphone: index % 3 !== 2, camera: index % 4 !== 3, screen: false,
    connection: "good", ...change,
  };
}
const people = (count: number): Person[] => Array.from({ length: count }, (_, index) => person(index));
const toast = (id: number, kind: Toast["kind"], name = "Fatou Diallo"): Toast => ({ id, kind, name });
const device = (kind: string) => [{ id: `${kind}1`, label: `Built-in ${kind}` }, { id: `${kind}2`, label: `Logi USB ${kind} Pro (046d:0825)` }];

const base: CallState = {
  phase: { at: "live" },
  meeting: "k3rYv0m1T2yWn7h0sQe9Zg",
  bans: [{ ban: "b1", name: "Mallory", by: "Alice Martin", signed_in: false, blocked: false, since: at(3) }],
  linkVersion: 2,
  linkOld: false,
  title: "Physics 9B",
  inviter: "Alice Martin",
  region: { id: "local", territory: "" },
  otherRegions: [],
  outside: [],
  astray: [],
  receipt: true,
  startedAt: at(24),
  people: people(5),
  chat: [
    { id: "1", participant: "p1", name: "Bob Okafor", text: "Good morning! The worksheet is at https://school.example/lens.pdf.", at: at(9), self: false, state: "sent" },
    { id: "2", participant: "p1", name: "Bob Okafor", text: "Page 2 first.", at: at(8.5), self: false, state: "sent" },
    { id: "3", participant: "p0", name: "Alice Martin", text: "Thank you. We begin in a minute.", at: at(5), self: true, state: "sent" },
    { id: "4", participant: "p2", name: "Chloé Lefèvre", text: "I hear you well.", at: at(4), self: false, state: "sent" },
    { id: "5", participant: "p0", name: "Alice Martin", text: "Good.", at: at(0.1), self: true, state: "sending" },
  ],
  unread: 0,
  rights: {},
  screenTaken: false,
  knocks: [],
  passcode: false,
  preset: "open",
  toasts: [],
  security: {
    code: "394710285561902773481265907314", epoch: 12, members: 5, verified: null,
    changes: NAMES.slice(1, 5).map((name, index) => ({ at: at(20 - index), what: "joined" as const, name, role: "guest" as const })),
  },
  devices: {
    microphones: device("microphone"), cameras: device("camera"), speakers: device("speaker"), microphone: "microphone1", camera: "camera1", speaker: "speaker1",
    microphoneState: "on", cameraState: "on",
  },
  hosting: true,
  steppedDown: false,
  rules: { locked: false, strict: false, suspended: false, suspendedBy: "", withheld: {} },
  soundBlocked: false,
  level: 0.55,
};
const lobby: CallState = { ...base, phase: { at: "lobby" }, people: [person(0)], hosting: false };
const off = { ...base.devices, microphones: [], cameras: [], microphone: null, camera: null };
const locks: readonly Lock[] = ["locked", "quiet", "securing", "stranger"];

/** Every state worth looking at. */
export const scenes: Record<string, CallState> = {
  lobby,
  lobbyLong: {
    ...lobby,
    devices: { ...base.devices, cameras: [{ id: "camera1", label: "/dev/v4l/by-id/usb-046d_HD_Pro_Webcam_C920-video-index0" }] },
  },
  longWords: {
    ...base,
    title: "W".repeat(120),
    people: [person(0), person(1, { name: "N".repeat(64), handUp: true }), person(2, { name: "ﷺ".repeat(16) })],
    toasts: [toast(1, "joined", "N".repeat(64)), toast(2, "code_changed")],
    chat: [{ id: "1", participant: "p1", name: "N".repeat(64), text: "M".repeat(400), at: at(1), self: false, state: "sent" }],
  },
  lobbyLongWords: { ...lobby, title: "W".repeat(120), inviter: "N".repeat(64) },
  lobbyBare: { ...lobby, title: "", inviter: "", devices: { ...base.devices, cameraState: "off", microphoneState: "off" } },
  lobbyRefused: { ...lobby, devices: { ...off, microphoneState: "refused", cameraState: "refused" } },
  lobbyAsking: { ...lobby, devices: { ...off, microphoneState: "asking", cameraState: "asking" } },
  lobbySecuring: { ...lobby, phase: { at: "joining", step: "securing" } },
  lobbyName: { ...lobby, phase: { at: "over", reason: "name_forbidden", again: true } },
  alone: { ...base, people: [person(0)], security: { ...base.security, members: 1 } },
  two: { ...base, people: people(2), security: { ...base.security, members: 2 } },
  gallery: base,
  many: { ...base, people: people(14), unread: 3 },
  crowd: { ...base, people: people(49), hosting: false },
  screen: { ...base, people: people(6).map((each, index) => (index === 1 ? { ...each, screen: true } : each)) },
  ownScreen: { ...base, people: people(4).map((each) => (each.self ? { ...each, screen: true } : each)) },
  locks: {
    ...base,
    people: [
      person(0, { handUp: true }),
      ...locks.map((lock, index) =>
        person(index + 1, { lock, name: lock === "stranger" || lock === "securing" ? "" : (NAMES[index + 1] ?? ""), camera: lock === "locked", handUp: index === 1, ambiguous: index === 1 }),
      ),
      person(5, { connection: "poor" }),
      person(6, { connection: "lost", lock: "quiet" }),
      person(7, { connection: "lost", lock: "quiet", camera: false, microphone: false }),
    ],
    toasts: [toast(1, "stranger"), toast(2, "joined"), toast(3, "speaking_muted"), toast(4, "hand")],
  },
  away: {
    ...base,
    people: people(6).map((each, index) => (index === 1 || index === 3 ? { ...each, lock: "quiet", speaking: false, connection: "lost" } : each)),
  },
  awayLarge: { ...base, people: [person(0), person(1, { lock: "quiet", speaking: false, connection: "lost" })] },
  verified: {
    ...base,
    security: { ...base.security, verified: { at: at(12), since: [{ at: at(3), what: "joined", name: "Fatou Diallo", role: "guest" }, { at: at(2), what: "left", name: "Bob Okafor", role: "guest" }] } },
  },
  unsent: {
    ...base,
    chat: [...base.chat.slice(0, 4), { id: "5", participant: "p0", name: "Alice Martin", text: "Can everybody see page 2?", at: at(0.5), self: true, state: "failed" }],
    toasts: [toast(1, "send_failed", "")],
  },
  reconnecting: { ...base, phase: { at: "reconnecting", since: at(0.2), lost: "socket" } },
  soundBlocked: { ...base, soundBlocked: true },
  silenced: { ...base, phase: { at: "silenced", reason: "no_heartbeat" } },
  troubled: { ...base, devices: { ...off, microphoneState: "taken", cameraState: "refused" } },
  left: { ...base, phase: { at: "over", reason: "left", again: true } },
  removed: { ...base, phase: { at: "over", reason: "removed", again: true } },
  incomplete: { ...base, phase: { at: "over", reason: "link_incomplete", again: false } },
  unreachable: { ...base, phase: { at: "over", reason: "server_unreachable", again: true } },
  unfit: { ...base, phase: { at: "over", reason: "browser_unfit", again: false } },
};
