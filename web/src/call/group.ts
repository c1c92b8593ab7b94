/**
 * Drives the group member from what the gateway relays (docs/protocol/delivery.md): applies the log in order, commits when leased,
 * acknowledges, and starts anew when an incarnation ends. Every decision about the group itself is made in the keys worker.
 */
import { fetchTree, type Seat } from "../api/join";
import type { ClientMessage, Lease, Ready, SendCommit, ServerMessage, Welcome } from "../api/socket.gen";
import { textOf } from "../e2ee/base64";
import type { MlsEvent as GroupEvent, MlsState as GroupState, NewLink, PolicyChanges } from "../e2ee/mls";
import type { Keys } from "../e2ee/keys.client";
import { Errands } from "./errands";
import { Log } from "./log";

export interface GroupHooks {
  send(message: ClientMessage): void;
  /** Who is here from now on, told before anything that takes a moment. */
  members(state: GroupState): void;
  /** A new epoch, with what happened in the log on the way; `first` when we have just come in. */
  epoch(state: GroupState, events: readonly GroupEvent[], first: boolean): void;
  announced(events: readonly GroupEvent[]): void;
  /** The group has moved on to another link, which is to be kept and passed on (LINK-5); null: the gateway was given a false one (LINK-10). */
  link(link: NewLink | null): void;
  /** Out of the group: by removal, or because nothing worked. */
  out(reason: "removed" | "not_securing"): void;
}

type Place = "outside" | "creating" | "announced" | "inside";

/** A joiner that cannot open its Welcome asks again with a new key package this often. */
const ATTEMPTS = 4;

export class Group {
  readonly #keys: Keys;
  #seat: Seat;
  readonly #hooks: GroupHooks;
  #place: Place = "outside";
  #incarnation: string | null = null;
  #state: GroupState | null = null;
  #log = new Log();
  #lease: Lease | null = null;
  /** Our last commit, until the gateway says what is wrong with it. */
  #sent: SendCommit | null = null;
  /** The socket was away since: whether our last commit arrived is not known. */
  #unsure = false;
  #last: string | null;
  #used = false;
  #attempts = 0;
  /** Set when a commit others may have accepted could not be applied (LOG-11). */
  #refused = false;
  /** What our host wants decided, in order, until a commit of ours has it in the log (LOG-16). */
  #wishes: readonly PolicyChanges[] = [];
  /** The wish that our last commit carries. */
  #carried: PolicyChanges | null = null;
  /** A lease for them was given; once it is spent for nothing, they need another. */
  #granted = false;
  /** What our host has asked for besides. */
  readonly #errands: Errands;

  constructor(keys: Keys, seat: Seat, hooks: GroupHooks, last: string | null) {
    this.#keys = keys;
    this.#seat = seat;
    this.#hooks = hooks;
    this.#errands = new Errands(keys, seat.call, (message) => { hooks.send(message); }, (changes) => { this.change(changes); }, () => { hooks.link(null); });
    this.#last = last;
  }

  get state(): GroupState | null {
    return this.#place === "inside" ? this.#state : null;
  }

  get incarnation(): string | null {
    return this.#incarnation;
  }

  /** Where to go on after a reconnect (LOG-5). */
  get cursor(): number {
    return this.#log.end;
  }

  /** The log goes on, but an entry of it has not come. */
  get gap(): boolean {
    return this.#place === "inside" && this.#log.gap;
  }

  /** A host asks for a policy change; it is committed under the lease that answers. The same one is asked for once, a switch as often as it is turned. */
  change(changes: PolicyChanges): void {
    const text = JSON.stringify(changes);
    const repeats = changes.claim !== undefined || changes.link_version !== undefined;
    const waiting = repeats ? this.#wishes : this.#wishes.slice(-1);
    if (this.#incarnation === null || waiting.some((wish) => JSON.stringify(wish) === text)) return;
    this.#wishes = [...this.#wishes, changes];
    this.#wish();
  }

  #wish(): void {
    this.#granted = false;
    const [first] = this.#wishes;
    // POL-4: a new link comes with a commit that adds nobody.
    if (first && this.#incarnation !== null) this.#hooks.send({ t: "policy", incarnation: this.#incarnation, alone: first.link_version !== undefined });
  }

  /** A host asks that somebody be removed; said again until it is done, as it may be lost with the socket (LOG-16). */
  remove(participant: string, ban = false): Promise<void> {
    return this.#errands.remove(participant, ban);
  }

  replaceLink(): void {
    if (this.state) this.#errands.replaceLink(this.state);
  }

  /** Comes back into the group by a replacement, with the seat and the attestation that the keys worker has now (POL-21). */
  async replace(seat: Seat): Promise<void> {
    this.#seat = seat;
    if (this.#place === "inside" && this.#incarnation !== null) await this.#begin("join", this.#incarnation);
  }

  async handle(message: ServerMessage): Promise<void> {
    if (message.t === "ready") return this.#ready(message);
    if (message.t === "renew") return this.#begin(message.mode, message.incarnation);
    if (message.t === "linked") { this.#errands.linked(message); return; }
    if (!("incarnation" in message) && message.t !== "refused") return;
    if ("incarnation" in message && message.incarnation !== this.#incarnation) return;
    switch (message.t) {
      case "created":
        if (this.#place === "creating" && this.#state) await this.#enter(this.#state, 0);
        return;
      case "entries":
        this.#log.add(message.from, message.entries);
        return this.#apply();
      case "welcome":
        return this.#welcomed(message);
      case "lease":
        if (this.#sent !== null && this.#sent.lease === message.lease) {
          this.#repeat(this.#sent);
          return;
        }
        this.#lease = message;
        this.#granted ||= message.policy;
        return this.#commit();
      case "refused":
        if (this.#lease?.lease === message.lease) this.#lease = null;
        // One for an earlier lease says nothing about the commit that is on its way now; and of a stale one the log says whose epoch it is.
        if (this.#sent === null || this.#sent.lease !== message.lease || message.code === "stale") return;
        this.#sent = null;
        await this.#keys.ask("forget", {}).catch(() => undefined);
        this.#lost();
        return;
      case "acked":
        return this.#acked(message.epoch);
      default:
    }
  }

  async #ready(message: Ready): Promise<void> {
    const same = message.incarnation === this.#incarnation;
    // Our leaf, or an announcement nobody has committed yet, is still good.
    if (same && message.mode === "resume" && this.#place !== "outside") return this.#resume();
    await this.#begin(message.mode === "create" ? "create" : "join", message.incarnation);
  }

  /** LOG-16: what was said last may be lost with the socket. A commit waits for its lease, which comes again if it is still wanted. */
  async #resume(): Promise<void> {
    this.#unsure = true;
    if (this.#place === "creating" && this.#state) return this.#enter(this.#state, 0);
    if (this.#place !== "inside" || this.#incarnation === null) return;
    await this.#acknowledge();
    this.#wish();
    if (this.#state) await this.#errands.again(this.#state);
  }

  async #begin(mode: "create" | "join", incarnation: string): Promise<void> {
    if (this.#used) {
      const { last } = await this.#keys.ask("restart", {});
      // LOG-12: a group that was made and never opened was no call to have been in.
      if (this.#place !== "creating") this.#last = last ?? this.#last;
    }
    this.#used = true;
    if (incarnation !== this.#incarnation) this.#log = new Log();
    this.#incarnation = incarnation;
    this.#lease = null;
    this.#sent = null;
    this.#refused = false;
    this.#granted = false;
    this.#carried = null;
    const last = this.#last === null ? {} : { last: this.#last };
    if (mode === "create") {
      const { group_info, tree, state } = await this.#keys.ask("create", { incarnation, ...last });
      this.#place = "creating";
      this.#state = state;
      this.#hooks.send({ t: "create", incarnation, group_info, tree });
    } else {
      const { key_package, mac } = await this.#keys.ask("key_package", { incarnation });
      this.#place = "announced";
      this.#hooks.send({ t: "announce", incarnation, key_package, mac });
    }
  }

  async #welcomed({ incarnation, welcome, tree, tree_bytes, covers, index }: Welcome): Promise<void> {
    if (this.#place !== "announced") return;
    try {
      const bytes = tree_bytes ?? textOf(await fetchTree(tree, this.#seat));
      const last = this.#last === null ? {} : { last: this.#last };
      const { state } = await this.#keys.ask("join", { incarnation, welcome, tree: bytes, covers, index, ...last });
      await this.#enter(state, covers + 1);
      await this.#apply();
    } catch {
      // Its key package is spent; a new one may meet a better commit.
      if (++this.#attempts < ATTEMPTS) await this.#begin("join", incarnation);
      else this.#hooks.out("not_securing");
    }
  }

  async #enter(state: GroupState, next: number): Promise<void> {
    this.#place = "inside";
    this.#attempts = 0;
    this.#log.next = next;
    this.#state = state;
    this.#hooks.members(state);
    await this.#acknowledge();
    this.#hooks.epoch(state, [], true);
    // What is still wished, and what may be lost (LOG-16).
    if (this.#wishes.length > 0) this.#wish();
    await this.#errands.again(state);
  }

  async #apply(): Promise<void> {
    if (this.#place !== "inside") return;
    const { from, entries } = this.#log.take();
    if (entries.length === 0) return this.#commit();
    const { events, state, link } = await this.#keys.ask("entries", { from, entries });
    if (link) {
      this.#errands.moved(link, state);
      this.#hooks.link(link);
    }
    for (const event of events) {
      if (event.kind !== "refused" || this.#incarnation === null) continue;
      this.#refused = true;
      this.#hooks.send({ t: "nack", incarnation: this.#incarnation, index: event.index, code: event.code });
    }
    if (events.some((event) => event.kind === "applied" && event.self_removed)) {
      this.#place = "outside";
      this.#hooks.out("removed");
      return;
    }
    this.#hooks.announced(events);
    if (state && state.epoch !== this.#state?.epoch) {
      this.#refused = false;
      this.#state = state;
      this.#hooks.members(state);
      await this.#acknowledge();
      this.#carry(events);
      this.#hooks.epoch(state, events, false);
      this.#errands.settle(state);
      if (link) this.#errands.register(state);
    }
    await this.#commit();
  }

  /** Our commit is in the log, and what it carried is decided; or another's is, and ours has come to nothing. */
  #carry(events: readonly GroupEvent[]): void {
    const ours = events.some((event) => event.kind === "applied" && event.policy && event.participant === this.#seat.participant);
    if (!ours) { this.#lost(); return; }
    this.#wishes = this.#wishes.filter((wish) => wish !== this.#carried);
    this.#carried = null;
    this.#wish();
  }

  #lost(): void {
    if (!this.#granted) return;
    this.#carried = null;
    this.#wish();
  }

  /** A lease that we hold already is told again after a reconnect: then the commit is sent again, never another one made. */
  #repeat(sent: SendCommit): void {
    if (this.#unsure) this.#hooks.send(sent);
    this.#unsure = false;
  }

  async #acknowledge(): Promise<void> {
    if (this.#incarnation === null) return;
    const { epoch, digest } = await this.#keys.ask("acknowledgement", {});
    this.#hooks.send({ t: "ack", incarnation: this.#incarnation, epoch, digest });
  }

  async #acked(epoch: number): Promise<void> {
    if (this.#place !== "inside" || !this.#state || this.#incarnation === null) return;
    if (epoch === this.#state.epoch) await this.#keys.ask("send", { epoch });
    // LOG-11: others went where we could not follow.
    else if (epoch > this.#state.epoch && this.#refused) await this.#begin("join", this.#incarnation);
  }

  /** Under a lease for our epoch, once the log is applied as far as the lease covers. */
  async #commit(): Promise<void> {
    const lease = this.#lease;
    if (!lease || this.#place !== "inside" || !this.#state) return;
    if (lease.epoch < this.#state.epoch) this.#lease = null;
    if (lease.epoch !== this.#state.epoch || lease.covers >= this.#log.next) return;
    this.#lease = null;
    try {
      // Two leases of one epoch: the commit under the first has come to nothing, or this one would not have been given.
      if (this.#sent?.epoch === lease.epoch) await this.#keys.ask("forget", {});
      const policy = lease.policy ? await this.#policy() : {};
      const { commit, welcomes, dropped } = await this.#keys.ask("commit", { covers: lease.covers, ...policy });
      this.#sent = { t: "commit", incarnation: lease.incarnation, lease: lease.lease, epoch: lease.epoch, commit, welcomes: [...welcomes], dropped: [...dropped] };
      this.#unsure = false;
      this.#hooks.send(this.#sent);
    } catch {
      // The next candidate's lease comes by itself (LOG-8).
      await this.#keys.ask("forget", {}).catch(() => undefined);
      this.#lost();
    }
  }

  /** The policy with the first wish that can be granted; one that cannot (the role is held already, say) is dropped. */
  async #policy(): Promise<{ policy?: string }> {
    for (const wish of this.#wishes) {
      const made = await this.#keys.ask("policy", { changes: wish }).catch(() => null);
      this.#carried = made ? wish : null;
      if (made) return made;
      this.#wishes = this.#wishes.filter((other) => other !== wish);
    }
    return {};
  }
}
