/* Made by `npm run generate` from src/conclave/meetings/socket.py: do not edit. */

export type ClientMessage =
  Hello | Bye | Create | Announce | SendCommit | Ack | Nack | Policy | Remove | Unban | Bans | Link | End | Answer | Admit | Say;
export type ServerMessage =
  | Ready
  | Created
  | Entries
  | Lease
  | CommitRefused
  | Welcome
  | Acked
  | Renew
  | Keeper
  | Knocks
  | AdmitAsked
  | OrderedOut
  | Said
  | Intruder
  | BanList
  | Linked
  | Error
  | Gone;
export type WaiterMessage = Wait | Cancel;
export type DoorMessage = Waiting | Admitted | Refused | WaitOver;

export interface Socket {
  client?: ClientMessage;
  server?: ServerMessage;
  waiter?: WaiterMessage;
  door?: DoorMessage;
}
/**
 * The first message: which seat this is, and what the client holds already (JOIN-5).
 */
export interface Hello {
  incarnation: string | null;
  log: number;
  participant: string;
  said: number;
  seat: string;
  t: "hello";
  v: 1;
}
/**
 * Leaves at once (JOIN-7).
 */
export interface Bye {
  t: "bye";
}
/**
 * Epoch 0 (LOG-13).
 */
export interface Create {
  group_info: string;
  incarnation: string;
  t: "create";
  tree: string;
}
/**
 * Asks to be added.
 */
export interface Announce {
  incarnation: string;
  key_package: string;
  mac: string;
  t: "announce";
}
/**
 * The next epoch, under a lease.
 */
export interface SendCommit {
  commit: string;
  /**
   * @maxItems 100
   */
  dropped: Dropped[];
  epoch: number;
  incarnation: string;
  lease: string;
  t: "commit";
  /**
   * @maxItems 100
   */
  welcomes: WelcomePart[];
}
/**
 * One announced addition that could not be committed (POL-13).
 */
export interface Dropped {
  code: string;
  participant: string;
}
/**
 * One joiner's own part of a commit.
 */
export interface WelcomePart {
  participant: string;
  welcome: string;
}
/**
 * The client is in this epoch.
 */
export interface Ack {
  digest: string;
  epoch: number;
  incarnation: string;
  t: "ack";
}
/**
 * The client could not apply that entry (LOG-11).
 */
export interface Nack {
  code: string;
  incarnation: string;
  index: number;
  t: "nack";
}
/**
 * A host asks to commit a policy change; `alone` when the commit must add nobody (POL-4).
 */
export interface Policy {
  alone?: boolean;
  incarnation: string;
  t: "policy";
}
/**
 * A host asks for a removal.
 */
export interface Remove {
  ban?: boolean;
  participant: string;
  signature: string;
  t: "remove";
}
/**
 * A host lets somebody in again.
 */
export interface Unban {
  ban: string;
  t: "unban";
}
/**
 * A host asks who is banned.
 */
export interface Bans {
  t: "bans";
}
/**
 * A host says which link the group has moved on to (LINK-6).
 */
export interface Link {
  incarnation: string;
  link_id: string;
  link_version: number;
  t: "link";
}
/**
 * A host ends the call for all.
 */
export interface End {
  signature: string;
  t: "end";
}
/**
 * A host lets people in, or refuses them (KNOCK-4).
 */
export interface Answer {
  admit: boolean;
  block: boolean;
  /**
   * @minItems 1
   * @maxItems 100
   */
  knocks: string[];
  /**
   * @maxItems 100
   */
  sealed?: Sealed[];
  t: "answer";
}
/**
 * A new link's secret, sealed to the key of whoever knocks.
 */
export interface Sealed {
  knock: string;
  sealed: string;
}
/**
 * A host's word for a KeyPackage that waits for it (KNOCK-8).
 */
export interface Admit {
  incarnation: string;
  key: string;
  participant: string;
  signature: string;
  t: "admit";
}
/**
 * An application message.
 */
export interface Say {
  incarnation: string;
  message: string;
  t: "say";
}
/**
 * The answer to `hello`; `log` and `said` are the indices that come next (a joiner's are set by its welcome).
 */
export interface Ready {
  incarnation: string;
  log: number;
  mode: "create" | "join" | "resume";
  said: number;
  t: "ready";
  time: number;
}
/**
 * That creation won.
 */
export interface Created {
  incarnation: string;
  t: "created";
}
/**
 * The log from the socket's cursor on.
 */
export interface Entries {
  entries: (AddEntry | RemoveEntry | CommitEntry)[];
  from: number;
  incarnation: string;
  t: "entries";
}
/**
 * Log: somebody is to be added.
 */
export interface AddEntry {
  admit?: HostWord | null;
  key_package: string;
  kind: "add";
  mac: string;
  participant: string;
}
/**
 * A host's word in the log: its leaf key and signature.
 */
export interface HostWord {
  key: string;
  signature: string;
}
/**
 * Log: somebody is to be removed.
 */
export interface RemoveEntry {
  by?: HostWord | null;
  kind: "remove";
  participant: string;
  reason: "left" | "lost" | "replaced" | "removed";
}
/**
 * Log: an accepted commit.
 */
export interface CommitEntry {
  commit: string;
  kind: "commit";
  participant: string;
}
/**
 * Commit what the log means up to covers; −1 while it is empty.
 */
export interface Lease {
  covers: number;
  epoch: number;
  incarnation: string;
  lease: string;
  policy: boolean;
  t: "lease";
}
/**
 * The commit lost or broke a rule: forget it.
 */
export interface CommitRefused {
  code: string;
  lease: string;
  t: "refused";
}
/**
 * The joiner's part of the commit at log index `index`; it reads the log from covers+1 on.
 */
export interface Welcome {
  covers: number;
  epoch: number;
  incarnation: string;
  index: number;
  t: "welcome";
  tree: string;
  tree_bytes?: string | null;
  welcome: string;
}
/**
 * 95 % of the old members have acknowledged.
 */
export interface Acked {
  epoch: number;
  incarnation: string;
  t: "acked";
}
/**
 * The incarnation ended; create or join the new one.
 */
export interface Renew {
  incarnation: string;
  mode: "create" | "join";
  t: "renew";
}
/**
 * Whether this member says the heartbeats from now on (LOG-15).
 */
export interface Keeper {
  incarnation: string;
  on: boolean;
  t: "keeper";
}
/**
 * To hosts: who waits by now, and who does no longer (KNOCK-4).
 */
export interface Knocks {
  gone: string[];
  t: "knocks";
  /**
   * @maxItems 100
   */
  waiting: Waits[];
}
/**
 * Somebody at the door; name and keys are what they said of themselves.
 */
export interface Waits {
  knock: string;
  name: string;
  seal_key?: string | null;
  seal_signature?: string | null;
  signature_key: string;
  signed_in: boolean;
  since: number;
  why: "waiting_room" | "link_old" | "before_host" | "guest" | "link_due";
}
/**
 * To hosts of a strict group: somebody who waits for a host's word (KNOCK-8).
 */
export interface AdmitAsked {
  incarnation: string;
  key_package: string;
  participant: string;
  t: "admit_asked";
}
/**
 * To hosts: how many people orders of public authorities have taken out of this call so far, in one territory (ORD-20).
 */
export interface OrderedOut {
  people: number;
  t: "ordered_out";
  territory: string;
}
/**
 * What was said, from the socket's cursor on.
 */
export interface Said {
  from: number;
  incarnation: string;
  items: SaidItem[];
  t: "said";
}
/**
 * One application message, franked.
 */
export interface SaidItem {
  index: number;
  kid: string;
  message: string;
  participant: string;
  received: number;
  tag: string;
}
/**
 * Somebody without a seat, hidden, or besides a participant something else was put out of the call's media room (JOIN-14).
 */
export interface Intruder {
  t: "intruder";
  why: string;
}
/**
 * The meeting's bans, newest first.
 */
export interface BanList {
  bans: Banned[];
  t: "bans";
}
/**
 * One ban as hosts see it: the name that the person had, the name of the host, when, and whether they were only at the door.
 */
export interface Banned {
  ban: string;
  blocked: boolean;
  by: string;
  name: string;
  signed_in: boolean;
  since: number;
}
/**
 * To everybody in the call: this link is the meeting's from now on (LINK-10).
 */
export interface Linked {
  link_id: string;
  link_version: number;
  t: "linked";
}
/**
 * The message of type `about` changed nothing.
 */
export interface Error {
  about: string;
  code: string;
  t: "error";
}
/**
 * Why the gateway closes this socket (JOIN-8); after `removed`, which participant asked for it and whether it was a ban; after
 * `ordered`, where the notice of the order stands.
 */
export interface Gone {
  banned?: boolean;
  by?: string | null;
  notice?: string | null;
  reason:
    | "removed"
    | "ended"
    | "joined_elsewhere"
    | "restarting"
    | "misbehaved"
    | "seat_unknown"
    | "not_securing"
    | "call_locked"
    | "link_old"
    | "region_forbidden"
    | "ordered";
  t: "gone";
}
/**
 * The first message: whose knock this is.
 */
export interface Wait {
  knock: string;
  secret: string;
  t: "wait";
}
/**
 * Goes away from the door.
 */
export interface Cancel {
  t: "cancel";
}
/**
 * The answer to `wait`.
 */
export interface Waiting {
  t: "waiting";
}
/**
 * A host lets this person in: join with the pass.
 */
export interface Admitted {
  sealed?: string | null;
  t: "admitted";
}
/**
 * A host refused this person, until `again_at` or for good (KNOCK-5).
 */
export interface Refused {
  again_at: number | null;
  blocked: boolean;
  t: "refused";
}
/**
 * Nobody waits here any more; `elsewhere`: the same device waits by a later knock, which this one must not end in turn (KNOCK-7).
 */
export interface WaitOver {
  elsewhere?: boolean;
  t: "over";
}
