/**
 * A delivery service for tests: the gateway's half of docs/protocol/delivery.md in memory, checked by a public group of its own.
 * Deadlines are the test's to make: tick() is what a gateway does when one has passed.
 */
import type { ClientMessage, Entries, SendCommit, ServerMessage, Welcome } from "../api/socket.gen";
import { bytesOf } from "../e2ee/base64";
import type { Mls } from "../e2ee/mls";
import { attestationKey, id, instance, type Somebody, type World } from "./testing";

type Entry = Entries["entries"][number];

/** One participant's seat: which socket it has, how far that has read, and what the gateway knows of its leaf. */
interface Seat {
  somebody: Somebody;
  connected: boolean;
  gone: boolean;
  cursor: number | null;
  /** Where this socket announced; a welcome for anything earlier cannot be opened. */
  announced: number;
  /** The newest announcements that concern this seat. */
  added: number;
  removed: number;
  leaf: boolean;
  able: boolean;
  welcome: Welcome | null;
  readonly told: Set<string>;
}
interface Lease { readonly holder: string; readonly epoch: number; readonly covers: number; readonly policy: boolean }

const CREATE_MS = 2_000;
const CANDIDATE_MS = 2_000;
const STUCK_MS = 15_000;
const ORPHAN_MS = 2_000;

export class Delivery {
  readonly world: World;
  readonly trees = new Map<string, Uint8Array>();
  /** By incarnation and epoch: what was acknowledged (I6). */
  readonly acks = new Map<string, Set<string>>();
  readonly nacks: { participant: string; index: number; code: string }[] = [];
  readonly refused: string[] = [];
  /** Incarnation and epoch of every accepted commit (LOG-4). */
  readonly accepted: string[] = [];
  log: Entry[] = [];
  incarnation = id();
  now = 0;
  readonly #seats = new Map<string, Seat>();
  readonly #leases = new Map<string, Lease>();
  #creator = "";
  #createUntil = CREATE_MS;
  #public: Mls | null = null;
  #epoch = 0;
  #spent = -1;
  #leasedAt: number | null = null;
  #waitsSince: number | null = null;
  #orphanSince: number | null = null;
  #work: Promise<void> = Promise.resolve();

  constructor(world: World) {
    this.world = world;
  }

  /** Somebody comes who holds nothing yet: founds the group or asks in. */
  async welcome(somebody: Somebody): Promise<void> {
    await this.connect(somebody, null, 0);
    await this.settled();
  }

  /** A socket for a seat, whose client says what it holds (LOG-5). */
  async connect(somebody: Somebody, incarnation: string | null, log: number): Promise<void> {
    const { participant } = somebody;
    const before = this.#seats.get(participant);
    const seat: Seat = before ?? { somebody, connected: true, gone: false, cursor: null, announced: -1, added: -1, removed: -1, leaf: false, able: false, welcome: null, told: new Set() };
    Object.assign(seat, { somebody, connected: true, cursor: null, announced: -1 });
    seat.told.clear();
    this.#seats.set(participant, seat);
    somebody.deliver = (message) => { this.#work = this.#work.then(() => this.#take(seat, somebody, message)); };
    this.#creator ||= participant;
    const waits = seat.added > this.#spent && seat.added > seat.removed;
    const resumes = incarnation === this.incarnation && this.#public !== null && log <= this.log.length && ((seat.leaf && seat.removed <= this.#spent) || waits);
    if (!resumes) seat.able = false;
    const mode = resumes ? "resume" : this.#public === null && this.#creator === participant ? "create" : "join";
    if (resumes && seat.leaf && seat.added <= this.#spent && (seat.welcome === null || log > seat.welcome.covers)) seat.cursor = log;
    else if (resumes) seat.announced = seat.added;
    await this.#tell(seat, { t: "ready", incarnation: this.incarnation, mode, log, said: 0, time: Date.now() });
    await this.#feed(seat);
  }

  disconnect(participant: string): void {
    const seat = this.#seats.get(participant);
    if (seat) seat.connected = false;
  }

  /** A seat is over (LOG-10). */
  async remove(participant: string, reason: "left" | "lost" = "left"): Promise<void> {
    const seat = this.#seats.get(participant);
    if (!seat || seat.gone) return;
    seat.gone = true;
    if (seat.leaf || seat.added > this.#spent) await this.#remove(seat, reason);
    await this.#lease();
    await this.settled();
  }

  /** Time has passed: the next candidate gets a lease, or nothing has moved for too long (LOG-8, LOG-11). */
  async tick(ms: number): Promise<void> {
    this.now += ms;
    if (this.#public === null) {
      const there = this.#connected.map(({ somebody }) => somebody.participant);
      // LOG-13: a silent creator loses to the next.
      if (there.some((one) => one !== this.#creator) && (!there.includes(this.#creator) || this.now >= this.#createUntil)) await this.renew(this.#creator);
      return this.settled();
    }
    const waits = this.#waiting;
    const orphaned = this.#connected.some(({ gone }) => !gone) && !this.#connected.some((seat) => this.#able(seat));
    this.#orphanSince = orphaned ? (this.#orphanSince ?? this.now) : null;
    if (this.#orphanSince !== null && this.now - this.#orphanSince >= ORPHAN_MS) await this.renew("");
    else if (waits && this.#waitsSince !== null && this.now - this.#waitsSince >= STUCK_MS) await this.renew("");
    else if (waits && (this.#leasedAt === null || this.now - this.#leasedAt >= CANDIDATE_MS)) await this.#candidate();
    return this.settled();
  }

  /** The incarnation ends; the longest seat of the last tree founds the next one, others only when nobody is left (LOG-11, LOG-12). */
  async renew(avoid: string): Promise<void> {
    const heirs = this.#connected.filter(({ somebody }) => somebody.participant !== avoid);
    this.#createUntil = this.now + CREATE_MS;
    const heir = heirs.find(({ leaf, removed }) => leaf && removed <= this.#spent) ?? heirs[0];
    if (!heir) return;
    Object.assign(this, { log: [], incarnation: id() });
    this.#leases.clear();
    this.#public = null;
    [this.#epoch, this.#spent, this.#leasedAt, this.#waitsSince, this.#orphanSince, this.#creator] = [0, -1, null, null, null, heir.somebody.participant];
    for (const seat of this.#seats.values()) Object.assign(seat, { cursor: null, announced: -1, added: -1, removed: -1, leaf: false, able: false, welcome: null });
    for (const seat of this.#connected) await this.#tell(seat, { t: "renew", incarnation: this.incarnation, mode: seat === heir ? "create" : "join" });
  }

  async settled(): Promise<void> {
    for (let work = this.#work; ; work = this.#work) {
      await work;
      if (work === this.#work) return;
    }
  }

  async #take(seat: Seat, from: Somebody, message: ClientMessage): Promise<void> {
    if ("incarnation" in message && message.incarnation !== this.incarnation) return;
    if (seat.somebody !== from || seat.gone) return;
    switch (message.t) {
      case "create": {
        if (this.#creator !== from.participant || this.#public !== null) return;
        this.#public = await instance();
        const { meeting, call } = this.world;
        const { group_info, tree } = message;
        this.#public.call("public_open", { meeting, call, incarnation: this.incarnation, attestation_key: attestationKey, group_info, tree });
        const announced = this.log.flatMap((entry) => (entry.kind === "commit" ? [] : [entry]));
        if (announced.length > 0) this.#public.call("public_entries", { from: 0, entries: announced });
        Object.assign(seat, { leaf: true, able: true, cursor: 0 });
        await this.#tell(seat, { t: "created", incarnation: this.incarnation });
        await this.#feed(seat);
        return this.#lease();
      }
      case "announce":
        if (this.#public === null && this.#creator === from.participant) return;
        if ((seat.leaf && seat.removed <= this.#spent) || (seat.added > this.#spent && seat.added > seat.removed)) await this.#remove(seat, "replaced");
        seat.added = seat.announced = this.log.length;
        seat.cursor = null;
        await this.#append({ kind: "add", participant: from.participant, key_package: message.key_package, mac: message.mac });
        return this.#lease();
      case "commit":
        return this.#commit(seat, message);
      case "ack":
        return this.#acknowledged(seat, message.epoch, message.digest);
      case "policy":
        this.#leases.set(id(), { holder: from.participant, epoch: this.#epoch, covers: this.log.length - 1, policy: true });
        return this.#feed(seat);
      case "nack":
        this.nacks.push({ participant: from.participant, index: message.index, code: message.code });
        return;
      default:
    }
  }

  async #acknowledged(seat: Seat, epoch: number, digest: string): Promise<void> {
    const key = `${this.incarnation}/${String(epoch)}`;
    this.acks.set(key, (this.acks.get(key) ?? new Set()).add(digest));
    seat.able ||= seat.leaf;
    if (seat.welcome && seat.welcome.epoch <= epoch) seat.welcome = null;
    if (epoch !== this.#epoch) return;
    for (const one of this.#connected) if (one.cursor !== null) await this.#tell(one, { t: "acked", incarnation: this.incarnation, epoch });
    await this.#lease();
  }

  async #commit(seat: Seat, { lease, epoch, commit, welcomes }: SendCommit): Promise<void> {
    const { participant } = seat.somebody;
    const held = this.#leases.get(lease);
    try {
      if (held?.holder !== participant || held.epoch !== epoch) throw new Error("stale");
      const { added, removed, tree } = this.#group.call("public_stage", { covers: held.covers, commit, participant });
      const index = this.log.length;
      this.log.push({ kind: "commit", participant, commit });
      this.#group.call("public_merge", { index });
      this.accepted.push(`${this.incarnation}/${String(epoch)}`);
      this.#epoch += 1;
      this.#spent = Math.max(this.#spent, held.covers);
      this.#leases.clear();
      this.#leasedAt = null;
      this.#waitsSince = this.#waiting ? this.now : null;
      this.trees.set(tree, bytesOf(this.#group.call("public_tree", {}).tree));
      for (const gone of removed) Object.assign(this.#seats.get(gone) ?? {}, { leaf: false, able: false });
      for (const joiner of added) Object.assign(this.#seats.get(joiner) ?? {}, { leaf: true, able: false });
      for (const part of welcomes) {
        const joiner = this.#seats.get(part.participant);
        if (joiner) joiner.welcome = { t: "welcome", incarnation: this.incarnation, index, covers: held.covers, epoch: epoch + 1, welcome: part.welcome, tree };
      }
    } catch (error) {
      const code = error instanceof Error && error.message === "stale" ? "stale" : "refused";
      if (code !== "stale") this.refused.push(String(error));
      await this.#tell(seat, { t: "refused", lease, code });
    }
    for (const one of this.#connected) await this.#feed(one);
    await this.#lease();
  }

  async #remove(seat: Seat, reason: "left" | "lost" | "replaced"): Promise<void> {
    seat.removed = this.log.length;
    seat.welcome = null;
    await this.#append({ kind: "remove", participant: seat.somebody.participant, reason });
  }

  async #append(entry: Exclude<Entry, { kind: "commit" }>): Promise<void> {
    const from = this.log.push(entry) - 1;
    this.#public?.call("public_entries", { from, entries: [entry] });
    this.#waitsSince ??= this.now;
    for (const seat of this.#connected) await this.#feed(seat);
  }

  /** The first lease of an epoch, when something waits. */
  async #lease(): Promise<void> {
    if (this.#public !== null && this.#waiting && this.#leases.size === 0) await this.#candidate();
  }

  async #candidate(): Promise<void> {
    const had = new Set([...this.#leases.values()].map(({ holder }) => holder));
    const seat = this.#connected.find((one) => this.#able(one) && !had.has(one.somebody.participant));
    if (!seat) return;
    this.#leasedAt = this.now;
    this.#leases.set(id(), { holder: seat.somebody.participant, epoch: this.#epoch, covers: this.log.length - 1, policy: false });
    await this.#feed(seat);
  }

  /** Holds the group's state, and is not itself being removed. */
  #able({ gone, leaf, able, removed }: Seat): boolean {
    return leaf && able && !gone && removed <= this.#spent;
  }

  /** A welcome before the log that it opens, the log before a lease that covers it. */
  async #feed(seat: Seat): Promise<void> {
    const { incarnation } = this;
    if (seat.cursor === null && seat.welcome && seat.announced >= 0 && seat.welcome.covers >= seat.announced) {
      seat.cursor = seat.welcome.covers + 1;
      await this.#tell(seat, seat.welcome);
    }
    if (seat.cursor === null) return;
    const from = seat.cursor;
    const entries = this.log.slice(from);
    seat.cursor = this.log.length;
    if (entries.length > 0) await this.#tell(seat, { t: "entries", incarnation, from, entries });
    for (const [lease, { holder, epoch, covers, policy }] of this.#leases) {
      if (holder !== seat.somebody.participant || seat.told.has(lease)) continue;
      seat.told.add(lease);
      await this.#tell(seat, { t: "lease", incarnation, lease, epoch, covers, policy });
    }
  }

  async #tell(seat: Seat, message: ServerMessage): Promise<void> {
    if (seat.connected) await seat.somebody.hear(message);
  }

  /** In order of arrival. */
  get #connected(): Seat[] {
    return [...this.#seats.values()].filter(({ connected }) => connected);
  }

  get #waiting(): boolean {
    return this.log.slice(this.#spent + 1).some(({ kind }) => kind !== "commit");
  }

  get #group(): Mls {
    if (!this.#public) throw new Error("no group yet");
    return this.#public;
  }
}
