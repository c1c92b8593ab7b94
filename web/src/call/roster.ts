/**
 * Who is here, for the screen. People are the leaves of the current tree (I3, JOIN-4); the announced and the strangers are shown beside them.
 * Nothing the media server says can make a person or give one a name (I10).
 */
import type { MlsLeaf as Leaf } from "../e2ee/mls";
import { sourcesOf } from "../e2ee/rights";
import type { Presence } from "../media/presence";
import type { Lock, Person } from "./contract";
import type { Reaction } from "./said";
import { ambiguous } from "./alike";

/** FRM-6: how long one authenticated frame keeps a padlock on. */
export const LOCK_MS = 3_000;
const SECURING_MS = 15_000;
/** Who was announced so long ago, has no leaf and is not in the media room either has given up. */
const GIVEN_UP_MS = 60_000;
/** Media and group change side by side: one may be a little ahead of the other when somebody comes or goes. */
const UNANNOUNCED_MS = 4_000;
/** Most are secured sooner than this, and a tile that comes and changes at once only startles. */
const UNSHOWN_MS = 300;
/** A second beyond the padlock: a change of keys, or a gap on a slow line, loses nobody. */
export const FROZEN_MS = 4_000;

export interface RosterFacts {
  readonly now: number;
  readonly self: string;
  readonly leaves: readonly Leaf[];
  /** Announced to be added and not in the tree yet, with when that was. */
  readonly announced: ReadonlyMap<string, number>;
  readonly present: readonly Presence[];
  /** Since when a participant of the media room has had no leaf. */
  readonly outside: ReadonlyMap<string, number>;
  /** When a frame of that participant last authenticated here. */
  readonly heard: ReadonlyMap<string, number>;
  /** Since when sound or picture of that participant has been due here. */
  readonly due: ReadonlyMap<string, number>;
  /** Who has been in the media room in this call. */
  readonly seen: ReadonlySet<string>;
  /** Our own media path stands; while it does not, nobody's absence says anything about them. */
  readonly connected: boolean;
  readonly hands: ReadonlySet<string>;
  readonly reactions: ReadonlyMap<string, Reaction>;
  /** Whose screens stay unseen, for another's is on (POL-20). */
  readonly unseen: ReadonlySet<string>;
  /** Participants in the order they were first seen. */
  readonly order: readonly string[];
}

const NOTHING = { speaking: false, microphone: false, camera: false, screen: false, connection: "good" as const };

export function people(facts: RosterFacts): readonly Person[] {
  const present = new Map(facts.present.map((presence) => [presence.participant, presence]));
  const twins = ambiguous(facts.leaves.map(({ name }) => name));
  const inside = new Set(facts.leaves.map(({ participant }) => participant));
  const own = facts.leaves.find(({ participant }) => participant === facts.self);
  const members = facts.leaves.map((leaf) => member(leaf, present.get(leaf.participant), twins, facts, own));
  const expected = [...facts.announced].filter(([, since]) => facts.now - since < GIVEN_UP_MS).map(([participant]) => participant);
  const others = [...new Set([...expected, ...present.keys()])]
    .filter((participant) => !inside.has(participant) && participant !== facts.self)
    .filter((participant) => facts.now - (facts.announced.get(participant) ?? facts.outside.get(participant) ?? facts.now) >= UNSHOWN_MS)
    .map((participant) => outsider(participant, present.get(participant), facts));
  const rank = new Map(facts.order.map((participant, index) => [participant, index]));
  const place = ({ self, participant }: Person): number => (self ? -1 : (rank.get(participant) ?? Infinity));
  return [...members, ...others].sort((one, other) => place(one) - place(other));
}

/** The same objects for whoever has not changed, and the same list when nobody has: screens draw again only what is new. */
export function settled(before: readonly Person[], after: readonly Person[]): readonly Person[] {
  const known = new Map(before.map((person) => [person.participant, person]));
  const list = after.map((person) => {
    const old = known.get(person.participant);
    return old && alike(old, person) ? old : person;
  });
  return list.length === before.length && list.every((person, index) => person === before[index]) ? before : list;
}

function alike(one: Person, other: Person): boolean {
  const { may, ...rest } = other;
  return one.may.join() === may.join() && (Object.keys(rest) as (keyof typeof rest)[]).every((field) => one[field] === other[field]);
}

function member(leaf: Leaf, presence: Presence | undefined, twins: ReadonlySet<string>, facts: RosterFacts, own: Leaf | undefined): Person {
  const { now, self, heard, hands, reactions } = facts;
  const fresh = now - (heard.get(leaf.participant) ?? -Infinity) < LOCK_MS;
  return {
    participant: leaf.participant,
    leaf: leaf.leaf,
    name: leaf.name,
    ambiguous: twins.has(leaf.name),
    role: leaf.role,
    hosting: leaf.host,
    cohost: leaf.cohost,
    signedIn: typeof leaf.account === "string",
    domain: leaf.domain ?? null,
    self: leaf.participant === self,
    lock: fresh ? "locked" : "quiet",
    handUp: hands.has(leaf.participant),
    may: leaf.may,
    reaction: reactions.get(leaf.participant) ?? null,
    ...allowed(leaf, view(presence), facts, own),
    connection: connection(leaf.participant, presence, facts),
  };
}

function outsider(participant: string, presence: Presence | undefined, { now, announced, outside }: RosterFacts): Person {
  const since = announced.get(participant);
  const late = since === undefined ? now - (outside.get(participant) ?? now) >= UNANNOUNCED_MS : now - since >= SECURING_MS;
  const lock: Lock = late ? "stranger" : "securing";
  return {
    participant, leaf: null, name: "", ambiguous: false, role: "guest", hosting: false, cohost: false, signedIn: false, domain: null, self: false, lock, handUp: false, may: [], reaction: null,
    ...view(presence),
  };
}

/** POL-20: what a leaf has no right to is not shown, whatever the media room has of it. */
function allowed(leaf: Leaf, seen: ReturnType<typeof view>, { self, unseen }: RosterFacts, own: Leaf | undefined): ReturnType<typeof view> {
  const sources = sourcesOf(leaf, own);
  // One's own camera is one's own to see.
  const camera = leaf.participant === self ? leaf.may.includes("video") : sources.has("camera");
  return {
    ...seen,
    speaking: seen.speaking && sources.has("microphone"),
    microphone: seen.microphone && sources.has("microphone"),
    camera: seen.camera && camera,
    screen: seen.screen && sources.has("screen") && !unseen.has(leaf.participant),
  };
}

/** A page that was closed or has crashed says nothing (its seat is kept for 30 s): that it is away shows in what no longer arrives. */
function connection(participant: string, presence: Presence | undefined, { now, self, heard, due, seen, connected }: RosterFacts): Person["connection"] {
  if (participant === self || !connected) return presence?.connection ?? "good";
  if (!presence) return seen.has(participant) ? "lost" : "good";
  const since = due.get(participant);
  const frozen = since !== undefined && now - Math.max(since, heard.get(participant) ?? 0) >= FROZEN_MS;
  return frozen ? "lost" : presence.connection;
}

function view(presence: Presence | undefined): Omit<Presence, "participant" | "due"> {
  if (!presence) return NOTHING;
  const { speaking, microphone, camera, screen, connection } = presence;
  return { speaking, microphone, camera, screen, connection };
}
