/**
 * One seat in one call: the meeting socket, the group and the media path side by side, from the ticket to the end.
 * Messages are handled one after the other; one that fails disturbs none of the others.
 */
import { ApiError } from "../api/http";
import type { Ticket } from "../api/join";
import type { AdmitAsked, Banned, ClientMessage, Knocks, OrderedOut, ServerMessage } from "../api/socket.gen";
import type { MlsEvent as GroupEvent, MlsState as GroupState, NewLink } from "../e2ee/mls";
import { sourcesOf, viewersOf } from "../e2ee/rights";
import type { Workers } from "../e2ee/workers";
import type { Published } from "../media/devices";
import { Media } from "../media/room";
import { Freshness, type Staleness } from "./freshness";
import { Group } from "./group";
import { entitled, Said, type Content, type Utterance } from "./said";
import type { MeetingSocket } from "./socket";

export interface SessionHooks {
  epoch(state: GroupState, events: readonly GroupEvent[], first: boolean): void;
  announced(events: readonly GroupEvent[]): void;
  heard(utterance: Utterance): void;
  echoed(message: string): void;
  /** Anything about media or time: look again. */
  changed(): void;
  lost(what: "socket" | "media"): void;
  back(what: "socket" | "media"): void;
  /** The same seat's ticket as the server gives it now: the call may be held elsewhere by now (REG-6). */
  again(): Promise<Ticket>;
  /** It is: the group goes on, and the media comes from there, over no ICE server but those of the new ticket (REG-7). */
  moved(ticket: Ticket): void;
  fresh(staleness: Staleness | null): void;
  /** JOIN-14: the server put somebody out of the media room. */
  intruder(): void;
  /** To hosts: how many people orders of authorities have taken out of the call, and where (ORD-20). */
  orderedOut(message: OrderedOut): void;
  /** To hosts: who waits at the door, and for whom a strict group asks our word. */
  knocks(message: Knocks): void;
  admitAsked(message: AdmitAsked): void;
  link(link: NewLink | null): void;
  /** Whom hosts have banned, as the gateway tells a host who asked. */
  bans(bans: readonly Banned[]): void;
  /** `by` is the participant who asked for a removal. */
  over(reason: string, by?: string): void;
}

const TICK_MS = 1_000;
const GONE_WAIT_MS = 2_500;
const MOST_ASKS = 8;
/** Entries may overtake each other for a moment; what is missing for longer is not coming by itself. */
const GAP_MS = 5_000;
/** An honest group lets people in within seconds, and begins anew after 15 s when it cannot. */
const LET_IN_MS = 60_000;

export class Session {
  /** The seat; another one after a rename, with the same participant. */
  ticket: Ticket;
  /** Another one once the call has moved. */
  media: Media;
  readonly group: Group;
  readonly said: Said;
  readonly #workers: Workers;
  readonly #hooks: SessionHooks;
  readonly #socket: MeetingSocket;
  readonly #freshness: Freshness;
  readonly #clock: () => number;
  readonly #timer: ReturnType<typeof setInterval>;
  #queue: Promise<void> = Promise.resolve();
  #tracks: () => readonly Published[] = () => [];
  #inside!: () => void;
  /** Settled once the group has let us in. */
  readonly inside = new Promise<void>((resolve) => { this.#inside = resolve; });
  #stale: Staleness | null = null;
  #over = false;
  #restarting = false;
  /** The gateway's word on who says the heartbeats; the others speak up when the keeper is silent. */
  #keeper = false;
  #gapSince: number | null = null;
  #outsideSince: number | null = null;

  constructor(workers: Workers, ticket: Ticket, socket: MeetingSocket, hooks: SessionHooks, last: string | null) {
    this.ticket = ticket;
    this.#workers = workers;
    this.#hooks = hooks;
    const start = ticket.time - performance.now();
    this.#clock = () => Math.round(start + performance.now());
    this.#freshness = new Freshness(this.#clock());
    this.media = this.#newMedia();
    this.group = new Group(workers.keys, ticket, {
      send: (message) => this.#socket.send(message),
      members: (state) => { this.#permit(state); },
      epoch: (state, events, first) => { this.#entered(state, events, first); },
      announced: (events) => { hooks.announced(events); },
      link: (link) => { hooks.link(link); },
      out: (reason) => { this.#end(reason); },
    }, last);
    this.said = new Said(workers.keys, ticket.participant, {
      send: (message) => this.#socket.send(message),
      heard: (utterance) => this.#heard(utterance),
      echoed: (message) => { hooks.echoed(message); },
    });
    this.#socket = socket;
    socket.start(ticket.socket, {
      hello: () => {
        const { participant, seat } = this.ticket;
        return { t: "hello", v: 1, participant, seat, incarnation: this.group.incarnation, log: this.group.cursor, said: this.said.next };
      },
      message: (message) => { this.#handle(message); },
      lost: () => { hooks.lost("socket"); },
      back: () => { hooks.back("socket"); },
      dead: () => { this.#end(this.#restarting ? "restarting" : "server_unreachable"); },
    });
    this.#timer = setInterval(() => { this.#tick(); }, TICK_MS);
  }

  /** In the media room and in the group, side by side. Our tracks are announced meanwhile: not a frame of theirs leaves before the group's key. */
  async enter(tracks: () => readonly Published[]): Promise<void> {
    this.#tracks = tracks;
    await Promise.all([this.#connect(), this.inside]);
  }

  async #connect(): Promise<void> {
    // One track that cannot go out ends nothing: people still hear and see.
    const publish = (): void => { for (const [source, track] of this.#tracks()) void this.media.publish(track, source).catch(() => undefined); };
    await this.media.connect(this.ticket.media, publish);
  }

  #newMedia(): Media {
    const hooks = this.#hooks;
    return new Media(this.#workers.frames, this.ticket.participant, {
      changed: () => { hooks.changed(); },
      lost: () => { hooks.lost("media"); },
      back: () => { hooks.back("media"); },
      over: (why) => { this.#mediaOver(why); },
    });
  }

  #permit({ roster }: GroupState): void {
    const own = roster.find(({ participant }) => participant === this.ticket.participant);
    this.media.setMembers(new Map(roster.map((one) => [one.participant, sourcesOf(one, own)])));
    this.media.setViewers(viewersOf(roster, own));
  }

  get now(): number {
    return this.#clock();
  }

  async say(content: Content): Promise<string | null> {
    const { incarnation } = this.group;
    return incarnation === null || this.group.state === null ? null : this.said.say(incarnation, content);
  }

  /** Asks whom hosts have banned; with a ban's id, lets that person in again. */
  bans(lift?: string): void {
    this.#socket.send(lift === undefined ? { t: "bans" } : { t: "unban", ban: lift });
  }

  /** POL-21: the seat has another name by now; media goes on while the leaf is replaced. */
  async renamed(ticket: Ticket): Promise<void> {
    this.ticket = ticket;
    this.#queue = this.#queue.then(() => this.group.replace(ticket)).catch(() => undefined);
    await this.#queue;
  }

  send(message: ClientMessage): void {
    this.#socket.send(message);
  }

  async endForAll(): Promise<void> {
    await this.say({ kind: "end" });
    const { signature } = await this.#workers.keys.ask("sign_end", {});
    this.#socket.send({ t: "end", signature });
  }

  /** Goes without a word; `bye` when this person means to leave. */
  async close(bye: boolean): Promise<void> {
    this.#over = true;
    clearInterval(this.#timer);
    if (bye) this.#socket.send({ t: "bye" });
    this.#socket.close();
    await this.media.disconnect();
  }

  #handle(message: ServerMessage): void {
    this.#queue = this.#queue.then(() => this.#take(message)).catch(() => undefined);
  }

  async #take(message: ServerMessage): Promise<void> {
    if (this.#over) return;
    switch (message.t) {
      case "said":
        if (message.incarnation === this.group.incarnation) await this.said.receive(message);
        return;
      case "gone":
        if (message.reason === "restarting") this.#restarting = true;
        else this.#end(message.reason === "removed" && message.banned ? "banned" : message.reason, message.by ?? message.notice ?? undefined);
        return;
      case "bans":
        this.#hooks.bans(message.bans);
        return;
      case "keeper":
        if (message.incarnation === this.group.incarnation) this.#keeper = message.on;
        return;
      case "knocks":
        this.#hooks.knocks(message);
        return;
      case "admit_asked":
        if (message.incarnation === this.group.incarnation) this.#hooks.admitAsked(message);
        return;
      case "intruder":
        this.#hooks.intruder();
        return;
      case "ordered_out":
        this.#hooks.orderedOut(message);
        return;
      case "error":
        return;
      default: {
        const before = this.group.incarnation;
        await this.group.handle(message);
        if (this.group.incarnation !== before) this.said.reset();
      }
    }
  }

  #entered(state: GroupState, events: readonly GroupEvent[], first: boolean): void {
    this.#freshness.epoch(this.#clock(), state.epoch, state.transcript);
    this.#hooks.epoch(state, events, first);
    this.#inside();
    void this.said.again();
  }

  /** SAY-7: a changed client may say what it likes; whoever hears it asks the policy. */
  #heard(utterance: Utterance): boolean {
    const { content, participant } = utterance;
    if (!entitled(content, this.group.state?.roster.find((leaf) => leaf.participant === participant))) return false;
    if (content.kind === "heartbeat") this.#freshness.heartbeat(this.#clock(), participant, content);
    else this.#hooks.heard(utterance);
    return true;
  }

  #tick(): void {
    const { state } = this.group;
    const now = this.#clock();
    if (state) {
      this.#outsideSince = null;
      if (this.#freshness.due(now, this.#keeper ? 0 : 1 + this.#place(state))) {
        this.#freshness.spoke(now);
        const { epoch, transcript, policy } = state;
        void this.say({ kind: "heartbeat", epoch, transcript, policy: policy.version, time: now }).catch(() => undefined);
      }
      this.#judge(this.#freshness.stale(now, state.roster.length));
    } else if (now - (this.#outsideSince ??= now) > LET_IN_MS) {
      this.#end("not_securing");
      return;
    }
    this.#ask(now);
    this.#hooks.changed();
  }

  /** LOG-5: no entry is skipped; one that stays away is asked for. */
  #ask(now: number): void {
    if (!this.group.gap) this.#gapSince = null;
    else if (now - (this.#gapSince ??= now) >= GAP_MS) {
      this.#gapSince = null;
      this.#socket.again();
    }
  }

  #place({ roster }: GroupState): number {
    return [...roster].sort((one, other) => one.leaf - other.leaf).findIndex(({ participant }) => participant === this.ticket.participant);
  }

  /** LOG-15: sending stops, and says so, until we are fresh again. */
  #judge(staleness: Staleness | null): void {
    if (staleness === this.#stale) return;
    this.#stale = staleness;
    void this.#workers.keys.ask("pause", { paused: staleness !== null });
    this.#hooks.fresh(staleness);
  }

  /** The engine lets go of a removed or replaced participant before the gateway has said why; its word is the better one. */
  #mediaOver(why: "moved" | "closed"): void {
    if (why === "moved") this.#end("call_moved");
    else setTimeout(() => { void this.#elsewhere(); }, GONE_WAIT_MS);
  }

  /** REG-6: where the call has moved to another region, seat and group stay, and only the media goes there. */
  async #elsewhere(): Promise<void> {
    this.#hooks.lost("media");
    const before = this.ticket.region.id;
    for (let asked = 1; !this.#over; asked++) {
      try {
        await this.#hooks.again();
        break;
      } catch (error) {
        const code = error instanceof ApiError ? error.code : "media_unavailable";
        if (code !== "media_unavailable" || asked === MOST_ASKS) { this.#end(code); return; }
      }
      // Until it is clear that an engine is gone, the call is not moved.
      await new Promise((resolve) => setTimeout(resolve, GONE_WAIT_MS));
    }
    if (this.#over) return;
    if (this.ticket.region.id === before) { this.#end("media_unavailable"); return; }
    this.media = this.#newMedia();
    if (this.group.state) this.#permit(this.group.state);
    this.#hooks.moved(this.ticket);
    try {
      await this.#connect();
    } catch {
      this.#end("media_unavailable");
      return;
    }
    this.#hooks.back("media");
  }

  #end(reason: string, by?: string): void {
    if (this.#over) return;
    void this.close(false);
    this.#hooks.over(reason, by);
  }
}
