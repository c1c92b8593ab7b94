/**
 * The keys worker without its worker: one group member, asked one thing at a time, whose media keys go to the frame worker and nowhere else.
 */
import { attended, NOBODY, type Attended } from "./attendance";
import { bytesOf } from "./base64";
import type { FramesToKeys, KeysToFrames } from "./frames.protocol";
import type { Mls, MlsEvent as GroupEvent, MlsState as GroupState, MlsLeaf as Leaf, MlsEntry as LogEntry, NewLink } from "./mls";
import { sourcesOf } from "./rights";
import type { OpenArguments, Operation, Operations, SeatedArguments } from "./keys.protocol";

/** One module instance, one member (mls/README.md); throws errors with a `code`. */
export type Member = Pick<Mls, "call">;

const SMALL_GROUP = 32;

/** Set with each ticket, then monotonic. */
export interface Clock { now(): number; set(time: number): void }

interface Known { readonly incarnation: string; readonly epoch: number; readonly self: number; readonly roster: readonly Leaf[] }

export class Vault {
  readonly #fresh: () => Promise<Member>;
  readonly #clock: Clock;
  readonly #toFrames: (message: KeysToFrames) => void;
  #member: Member | null = null;
  #opened: OpenArguments | null = null;
  #seated: SeatedArguments | null = null;
  #call = "";
  #known: Known | null = null;
  #attended = NOBODY;
  #wanted = new Set<string>();
  readonly #exported = new Set<number>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(fresh: () => Promise<Member>, clock: Clock, toFrames: (message: KeysToFrames) => void) {
    this.#fresh = fresh;
    this.#clock = clock;
    this.#toFrames = toFrames;
  }

  ask<O extends Operation>(operation: O, values: Operations[O]["in"]): Promise<Operations[O]["out"]> {
    return this.#next(() => this.#perform(operation, values));
  }

  /** The frame worker names the participants whose frames it gets: keys are derived for them only. */
  want(message: FramesToKeys): Promise<void> {
    return this.#next(async () => {
      this.#wanted = new Set(message.participants);
      await this.#exportWanted();
    });
  }

  #next<T>(step: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(step);
    this.#queue = run.catch(() => undefined);
    return run;
  }

  async #perform<O extends Operation>(operation: O, values: Operations[O]["in"]): Promise<Operations[O]["out"]> {
    switch (operation) {
      case "restart":
        return this.#restart();
      case "send":
        this.#toFrames({ t: "send", group: this.#group(), epoch: (values as Operations["send"]["in"]).epoch });
        return {};
      case "pause":
        this.#toFrames({ t: "pause", paused: (values as Operations["pause"]["in"]).paused });
        return {};
      case "admit":
        return this.#admit(values as Operations["admit"]["in"]);
      case "attended":
        return this.#attend(values as Operations["attended"]["in"]);
      case "attendance":
        return (await this.#ready()).call("sign_attendance", { people: this.#attended.stays });
      case "open":
        return this.#open(values as OpenArguments);
      case "seated":
        return this.#seat(values as SeatedArguments);
      case "entries":
        return this.#entries(values as Operations["entries"]["in"]);
      default: {
        const out = (await this.#ready()).call(operation, values) as Operations[O]["out"];
        if (operation === "join" || operation === "create") await this.#entered((out as { state: GroupState }).state);
        if (operation === "open_link") this.#hold(out as NewLink);
        return out;
      }
    }
  }

  async #ready(): Promise<Member> {
    this.#member ??= await this.#fresh();
    return this.#member;
  }

  async #open(values: OpenArguments): Promise<Operations["open"]["out"]> {
    this.#member = await this.#fresh();
    const out = this.#member.call("open", values);
    this.#opened = { ...values, identity: out.identity };
    return out;
  }

  async #seat(values: SeatedArguments): Promise<Operations["seated"]["out"]> {
    const { time, ...rest } = values;
    this.#clock.set(time);
    const out = (await this.#ready()).call("seated", rest);
    this.#seated = values;
    this.#call = out.call;
    return out;
  }

  /** KNOCK-9: whatever the server shows us, only what was admitted by hand is signed for. */
  async #admit({ admitted, ...waits }: Operations["admit"]["in"]): Promise<Operations["admit"]["out"]> {
    const member = await this.#ready();
    if (!this.#opened || !this.#seated) throw new Error("not seated");
    const place = { meeting: this.#opened.meeting, call: this.#call, attestation_key: this.#seated.attestation_key };
    const { signature_key, name, reference } = member.call("public_key_package", { ...place, ...waits });
    return { signature_key, name, word: admitted.get(signature_key) === name ? member.call("sign_admit", { reference }) : null };
  }

  /** What this page has seen itself is newer than what one before it kept. */
  #attend({ before }: Operations["attended"]["in"]): Attended {
    if (before && this.#attended === NOBODY) this.#attended = before;
    return this.#attended;
  }

  async #restart(): Promise<Operations["restart"]["out"]> {
    const before = this.#member;
    const inside = this.#known !== null;
    const last = inside && before ? before.call("remember", {}).text : null;
    this.#known = null;
    this.#exported.clear();
    this.#toFrames({ t: "wipe" });
    this.#member = await this.#fresh();
    if (this.#opened) this.#member.call("open", this.#opened);
    if (this.#seated) {
      const { time: _time, ...rest } = this.#seated;
      this.#member.call("seated", rest);
    }
    return { last };
  }

  /** One commit at a time, so that the keys of an epoch are derived while the member is in it. */
  async #entries({ from, entries }: Operations["entries"]["in"]): Promise<Operations["entries"]["out"]> {
    const member = await this.#ready();
    const whole: { events: GroupEvent[]; next: number; state?: GroupState; link?: NewLink } = { events: [], next: from };
    for (const [start, part] of epochs(entries)) {
      const out = member.call("entries", { from: from + start, entries: part });
      whole.events.push(...out.events);
      whole.next = out.next;
      if (out.link) {
        whole.link = out.link;
        this.#hold(out.link);
      }
      const removed = out.events.some((event) => event.kind === "applied" && event.self_removed);
      if (out.state) {
        whole.state = out.state;
        if (!removed) await this.#entered(out.state);
      }
      // What comes after a commit that was refused, or that removed us, is not for this state; what happened must be told all the same.
      if (removed || out.events.some(({ kind }) => kind === "refused")) break;
    }
    return whole;
  }

  /** LINK-5: whoever comes back by replacement comes with the new link. */
  #hold({ secret, link_version }: NewLink): void {
    if (this.#opened) this.#opened = { ...this.#opened, secret };
    if (this.#seated) this.#seated = { ...this.#seated, link_version };
  }

  async #entered(state: GroupState): Promise<void> {
    if (state.leaf === undefined || (this.#known?.incarnation === state.incarnation && this.#known.epoch === state.epoch)) return;
    const before = this.#known?.incarnation === state.incarnation ? this.#known.roster : [];
    const removed = gone(before, state.roster);
    this.#known = { incarnation: state.incarnation, epoch: state.epoch, self: state.leaf, roster: state.roster };
    this.#exported.clear();
    this.#attended = attended(this.#attended, this.#call, state, this.#clock.now());
    const key = await this.#mediaKey(state.leaf, "encrypt");
    const own = state.roster.find(({ leaf }) => leaf === state.leaf);
    const leaves = state.roster.map((one) => [one.participant, one.leaf, [...sourcesOf(one, own)]] as const);
    this.#toFrames({ t: "epoch", news: { group: this.#group(), epoch: state.epoch, self: { leaf: state.leaf, key }, leaves, removed } });
    // Where nobody but us was there before, everybody who has to follow has followed.
    if (before.every(({ leaf }) => leaf === state.leaf || removed.includes(leaf))) this.#toFrames({ t: "send", group: this.#group(), epoch: state.epoch });
    await this.#exportWanted();
  }

  /** In a small group everybody's at once: a newcomer's first picture must not wait for its key. In a large one those we hear or see. */
  async #exportWanted(): Promise<void> {
    const known = this.#known;
    if (!known) return;
    const all = known.roster.length <= SMALL_GROUP;
    for (const { participant, leaf } of known.roster) {
      if (leaf === known.self || this.#exported.has(leaf) || !(all || this.#wanted.has(participant))) continue;
      this.#exported.add(leaf);
      this.#toFrames({ t: "key", group: this.#group(), epoch: known.epoch, leaf, key: await this.#mediaKey(leaf, "decrypt") });
    }
  }

  /** Non-extractable, and only for one direction: our own key can open nothing, theirs can seal nothing. */
  async #mediaKey(leaf: number, use: "encrypt" | "decrypt"): Promise<CryptoKey> {
    const { key } = (await this.#ready()).call("media_key", { leaf });
    const bytes = bytesOf(key);
    const imported = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, [use]);
    bytes.fill(0);
    return imported;
  }

  #group(): string {
    return `${this.#call}.${this.#known?.incarnation ?? ""}`;
  }
}

/** Leaves that are gone, or belong to somebody else now. */
function gone(before: readonly Leaf[], after: readonly Leaf[]): number[] {
  const still = new Map(after.map(({ leaf, participant }) => [leaf, participant]));
  return before.filter(({ leaf, participant }) => still.get(leaf) !== participant).map(({ leaf }) => leaf);
}

/** Splits a stretch of the log after each commit; yields where each part starts. */
function epochs(entries: readonly LogEntry[]): [start: number, part: LogEntry[]][] {
  const parts: [number, LogEntry[]][] = [];
  let start = 0;
  entries.forEach((entry, index) => {
    if (entry.kind !== "commit" && index < entries.length - 1) return;
    parts.push([start, entries.slice(start, index + 1)]);
    start = index + 1;
  });
  return parts;
}
