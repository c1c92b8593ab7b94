/** What happens during a call, turned into the state the screens read. */
import type { PipeReading } from "../e2ee/frames.protocol";
import type { MlsEvent as GroupEvent, MlsState as GroupState, NewLink } from "../e2ee/mls";
import { succeeded } from "../e2ee/former";
import { keep, type Kept } from "../e2ee/keyring";
import type { Keys } from "../e2ee/keys.client";
import type { Workers } from "../e2ee/workers";
import type { Devices, DevicesState, Published } from "../media/devices";
import type { Tiles } from "../media/tiles";
import { Arrivals, noteSince } from "./arrivals";
import type { Change } from "./contract";
import type { Entry } from "./entry";
import type { Staleness } from "./freshness";
import { rename, seatedAgain, type Joined } from "./join";
import { Knocks } from "./knocks";
import { tellingOrders } from "./orders";
import { HostWords, Own } from "./own";
import { governing } from "./presets";
import { Reactions } from "./reactions";
import { people, settled } from "./roster";
import { decisions, rulesNow } from "./rules";
import type { Reaction, Utterance } from "./said";
import { Screens } from "./screens";
import { keepSeat } from "./seat";
import type { Session, SessionHooks } from "./session";
import { retell, toast, type Store } from "./store";
import { Talk } from "./talk";
import { changesBetween, entered, NO_SECURITY } from "./verify";

/** The media room's events come in bursts; one drawing serves what comes within this time. */
const BURST_MS = 30;

export class InCall {
  readonly hooks: SessionHooks;
  readonly talk: Talk;
  readonly words: HostWords;
  #session: Session | null = null;
  readonly #store: Store;
  readonly #tiles: Tiles;
  #entry: Entry;
  #keys: Keys | null = null;
  #knocks: Knocks | null = null;
  #state: GroupState | null = null;
  #liveSince: number | null = null;
  readonly #order: string[] = [];
  readonly #announced = new Map<string, number>();
  readonly #outside = new Map<string, number>();
  readonly #heard = new Map<string, number>();
  readonly #arrivals = new Arrivals();
  readonly #hands = new Set<string>();
  readonly #reactions = new Reactions();
  readonly #screens = new Screens();
  #own: Own | null = null;
  readonly #strangers = new Set<string>();
  readonly #names = new Map<string, string>();
  readonly #lost = new Map<"socket" | "media", number>();
  #stale: Staleness | null = null;
  #devices: DevicesState | null = null;
  #last: string | null;
  #steppedDown: boolean;
  #soon: ReturnType<typeof setTimeout> | null = null;

  constructor(store: Store, tiles: Tiles, entry: Entry, over: (reason: string, by?: string) => void, moved: SessionHooks["moved"] = () => undefined) {
    this.#store = store;
    this.talk = new Talk(store, () => this.session);
    this.words = new HostWords(() => this.session);
    this.#tiles = tiles;
    this.#entry = entry;
    this.#last = entry.again?.remember ?? null;
    this.#steppedDown = entry.again?.steppedDown ?? false;
    this.hooks = {
      epoch: (state, events, first) => { this.#epoch(state, events, first); },
      announced: (events) => {
        for (const { kind, participant } of events) {
          if (kind === "announced") this.#announced.set(participant, performance.now());
          if (kind === "announced" || kind === "removing") this.#knocks?.settled(participant);
          // Gone before anybody could add them.
          if (kind === "removing") this.#announced.delete(participant);
        }
      },
      heard: (utterance) => { this.#utterance(utterance, over); },
      echoed: (message) => { this.talk.echoed(message); },
      changed: () => { this.#refreshSoon(); },
      lost: (what) => {
        if (!this.#lost.has(what)) this.#lost.set(what, Date.now());
        this.#show();
      },
      back: (what) => {
        if (what === "socket") this.#knocks?.clear();
        if (this.#lost.delete(what) && this.#lost.size === 0 && this.#liveSince !== null) toast(store, "reconnected");
        this.#show();
      },
      knocks: (message) => { this.#knocks?.hear(message); },
      admitAsked: (message) => { void this.#knocks?.asked(message).catch(() => undefined); },
      again: () => seatedAgain(this.#entry, this.session, this.#keys, () => { if (this.#devices) this.remember(this.#devices); }), moved,
      fresh: (reason) => {
        this.#stale = reason;
        this.#show();
      },
      // Whoever comes again every few seconds is one message, not many.
      intruder: () => { retell(store, "intruder", ""); },
      orderedOut: tellingOrders(store),
      link: (link) => { if (link) void this.#link(link); else toast(store, "false_link"); },
      bans: (bans) => { if (store.getState().hosting) store.setState({ bans }); },
      over: (reason, by) => {
        // Who it was is said by the name in their leaf, as everywhere (JOIN-4).
        over(reason, by === undefined ? "" : reason === "ordered" ? by : this.#names.get(by));
        this.#liveSince = null;
      },
    };
  }

  get session(): Session {
    if (!this.#session) throw new Error("not joined yet");
    return this.#session;
  }

  /** How long we have been live, 0 before. */
  get liveFor(): number {
    return this.#liveSince === null ? 0 : performance.now() - this.#liveSince;
  }

  get kept(): Kept { return this.#entry.kept; }

  /** `screen`: what is shown of it while the call comes back or moves. */
  async run({ entry, session }: Joined, devices: Devices, keys: Keys, screen: () => readonly Published[] = () => []): Promise<void> {
    this.#entry = entry;
    this.#session = session;
    this.#keys = keys;
    this.#own = new Own(session.ticket.participant, devices, (kind, name) => { toast(this.#store, kind, name); });
    this.#knocks = new Knocks(keys, this.#store, session, this.#state?.hosting === true);
    const { phase, startedAt } = this.#store.getState();
    // A call that comes back by itself stays on screen while it does.
    if (phase.at === "joining") this.#store.setState({ phase: { at: "joining", step: "connecting" } });
    this.#store.setState({ startedAt: startedAt ?? Date.now(), security: NO_SECURITY });
    this.remember(devices.state);
    devices.sending = true;
    void session.inside.then(() => { this.#refresh(); });
    await session.enter(() => [...devices.tracks, ...screen()]);
    this.#liveSince = performance.now();
    this.#show();
    this.#refresh();
  }

  /** FRM-6: which participants' frames authenticated just now. */
  readings(pipes: readonly PipeReading[]): void {
    for (const { side, participant, passed } of pipes) {
      // Our own padlock says that what leaves is sealed; the others', that what comes authenticated.
      const whose = side === "send" ? this.session.ticket.participant : participant;
      if (whose !== null && passed > 0) this.#heard.set(whose, performance.now());
    }
    this.#refresh();
  }

  answer(knocks: readonly string[], admit: boolean, block: boolean): void {
    this.#knocks?.answer(knocks, admit, block);
  }

  async setHand(up: boolean): Promise<void> {
    const { participant } = this.session.ticket;
    if ((await this.session.say({ kind: "hand", up })) === null) return;
    this.#hands[up ? "add" : "delete"](participant);
    this.#refresh();
  }

  setRole(participant: string, host: boolean): void {
    const key = this.#state?.roster.find((leaf) => leaf.participant === participant)?.key;
    if (key === undefined) return;
    if (participant === this.session.ticket.participant && !host) this.#stepDown(true);
    this.words.decide(host ? { host: key } : { unhost: key });
  }

  takeRole(): void {
    this.#stepDown(false);
    this.words.decide({ claim: true });
  }

  #stepDown(steppedDown: boolean): void {
    this.#steppedDown = steppedDown;
    if (this.#devices) this.remember(this.#devices);
  }

  async react(what: Reaction): Promise<void> {
    if (!this.#reactions.take(this.session.ticket.participant, what, performance.now())) return;
    await this.session.say({ kind: "reaction", what });
    this.#refresh();
  }

  async rename(name: string, workers: Workers): Promise<void> {
    await rename(this.#entry, this.session, name, workers);
    if (this.#devices) this.remember(this.#devices);
  }

  /** Kept for a reload of this tab: seat, identity, what the group looks like. */
  remember(devices: DevicesState): void {
    this.#devices = devices;
    if (!this.#session) return;
    const { participant, seat, name } = this.#session.ticket;
    const [microphone, camera] = [devices.microphoneState === "on", devices.cameraState === "on"];
    keepSeat(this.#entry.meeting, { participant, seat, name, identity: this.#entry.identity, remember: this.#last, microphone, camera, steppedDown: this.#steppedDown });
  }

  /** What is lost says more than that sending has stopped, for it is why. */
  #show(): void {
    if (this.#liveSince === null) return;
    const [gone] = this.#lost;
    if (gone) this.#store.setState({ phase: { at: "reconnecting", since: gone[1], lost: gone[0] } });
    else this.#store.setState({ phase: this.#stale ? { at: "silenced", reason: this.#stale } : { at: "live" } });
  }

  #epoch(state: GroupState, events: readonly GroupEvent[], first: boolean): void {
    const changes = first && !this.#state ? [] : changesBetween(this.#state?.roster ?? [], state.roster, Date.now());
    const decided = this.#state ? decisions(this.#state, state, events) : [];
    this.#knocks?.entered(this.#state, state, events);
    this.#state = state;
    for (const { participant, name } of state.roster) {
      this.#announced.delete(participant);
      const before = this.#names.get(participant) ?? name;
      if (before !== name) toast(this.#store, "renamed", `${before} → ${name}`);
      this.#names.set(participant, name);
      if (!this.#order.includes(participant)) this.#order.push(participant);
    }
    const here = new Set(state.roster.map(({ participant }) => participant));
    for (const participant of this.#hands) if (!here.has(participant)) this.#hands.delete(participant);
    const [listed, holds] = [state.hosting === true, this.#entry.kept.hostKey !== null];
    this.#store.setState(({ security, rules }) => ({
      security: entered(security, state, changes), rules: rulesNow(rules, state, events),
      hosting: listed || (holds && !this.#steppedDown), steppedDown: holds && this.#steppedDown && !listed, rights: state.policy.rights ?? {},
    }));
    this.#own?.obey(state);
    this.#tell(changes, events);
    for (const { kind, name } of decided) toast(this.#store, kind, name);
    this.#knocks?.host(listed);
    const decision = governing(state, holds && !this.#steppedDown, [this.#entry.kept.preset ?? "", this.#store.getState().preset]);
    if (decision) this.words.decide(decision);
    if (changes.some(({ what }) => what === "joined") && this.#hands.has(this.session.ticket.participant)) void this.session.say({ kind: "hand", up: true });
    void this.#record(state);
    this.#refresh();
  }

  #tell(changes: readonly Change[], events: readonly GroupEvent[]): void {
    // The reason is the server's word; a host's is the one that the members have checked.
    const byHost = new Set(events.flatMap((event) => (event.kind === "applied" ? event.removed : [])).filter(({ host }) => host !== undefined).map(({ participant }) => this.#names.get(participant)));
    for (const { what, name } of changes) toast(this.#store, what === "joined" ? "joined" : byHost.has(name) ? "removed" : "left", name);
    if (changes.length > 0 && this.#store.getState().security.verified) toast(this.#store, "code_changed");
  }

  /** LINK-5: the new link is the one that this device keeps, opens and copies from now on. */
  async #link(link: NewLink): Promise<void> {
    const { kept, meeting, linkId } = this.#entry;
    this.#entry = { ...this.#entry, kept: succeeded(kept, linkId, link), linkId: link.link_id };
    this.#store.setState({ linkVersion: link.link_version });
    toast(this.#store, "link");
    await keep(meeting, this.#entry.kept).catch(() => undefined);
  }

  async #record({ policy }: GroupState): Promise<void> {
    this.#last = (await this.#keys?.ask("remember", {}).catch(() => null))?.text ?? this.#last;
    if (this.#devices) this.remember(this.#devices);
    const { kept, meeting } = this.#entry;
    const seen = { call: this.session.ticket.call, version: policy.version };
    if (kept.policy?.call === seen.call && kept.policy.version >= seen.version) return;
    await keep(meeting, { ...kept, linkVersion: Math.max(kept.linkVersion, this.session.ticket.link_version), policy: seen }).catch(() => undefined);
  }

  #utterance({ participant, index, received, content }: Utterance, over: (reason: string) => void): void {
    const name = this.#names.get(participant) ?? "";
    const leaf = this.#state?.roster.find((one) => one.participant === participant);
    // While suspended, only hosts say anything.
    if (this.#state?.policy.suspended === true && leaf?.host !== true) return;
    if (content.kind === "chat") {
      this.talk.heard({ id: `${participant}-${String(index)}`, participant, name, text: content.text, at: received });
    } else if (content.kind === "hand") {
      if (content.up && !this.#hands.has(participant)) toast(this.#store, "hand", name);
      if (content.up) this.#hands.add(participant);
      else this.#hands.delete(participant);
      this.#refresh();
    } else if (content.kind === "reaction") {
      if (this.#reactions.take(participant, content.what, performance.now())) this.#refresh();
      else this.session.said.dropped += 1;
    } else if (content.kind === "mute" || content.kind === "ask") this.#own?.told(content, name, this.#state);
    else if (content.kind === "end") {
      void this.session.close(true);
      over("ended");
    }
  }

  /** The media room's events come in bursts: the pictures find their tiles at once, everything else is drawn once for all of them. */
  #refreshSoon(): void {
    this.#tiles.refresh();
    if (this.#soon !== null) return;
    this.#soon = setTimeout(() => {
      this.#soon = null;
      this.#refresh();
    }, BURST_MS);
  }

  #refresh(): void {
    if (!this.#state || this.#store.getState().phase.at === "over") return;
    const self = this.session.ticket.participant;
    const now = performance.now();
    const present = this.session.media.presences;
    const inside = new Set(this.#state.roster.map(({ participant }) => participant));
    noteSince(this.#outside, present.filter(({ participant }) => !inside.has(participant)), now);
    this.#arrivals.look(present, now);
    const unseen = this.#screens.unseen(this.#state, present);
    this.session.media.setUnseen(unseen);
    const list = people({
      now, self, leaves: this.#state.roster, announced: this.#announced, present, outside: this.#outside, heard: this.#heard, hands: this.#hands, order: this.#order,
      reactions: this.#reactions.shown(now), unseen,
      due: this.#arrivals.due, seen: this.#arrivals.seen, connected: !this.#lost.has("media"),
    });
    for (const { participant, lock } of list) {
      if (lock !== "stranger" || this.#strangers.has(participant)) continue;
      this.#strangers.add(participant);
      toast(this.#store, "stranger");
    }
    const before = this.#store.getState();
    const screenTaken = this.#screens.first !== null && this.#screens.first !== self && this.#state.hosting !== true;
    const shown = { people: settled(before.people, list), soundBlocked: this.session.media.playback.blocked, screenTaken };
    if (shown.people !== before.people || shown.soundBlocked !== before.soundBlocked || screenTaken !== before.screenTaken) this.#store.setState(shown);
    this.#tiles.refresh();
  }
}
