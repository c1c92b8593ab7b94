/** A member that is the browser client's own call — keys, seat, meeting socket, group, what is said — without screen and media room. */
import type { Utterance } from "../../web/src/call/said.ts";
import type { SessionHooks } from "../../web/src/call/session.ts";
import type { KeptSeat } from "../../web/src/call/seat.ts";
import { openEntry } from "../../web/src/call/entry.ts";
import { join, JoinRefused } from "../../web/src/call/join.ts";
import { Session } from "../../web/src/call/session.ts";
import type { MlsEvent, MlsState } from "../../web/src/e2ee/mls.ts";
import type { Workers } from "../../web/src/e2ee/workers.ts";
import { instantiate } from "../../web/src/e2ee/mls.ts";
import { Vault } from "../../web/src/e2ee/vault.ts";

export interface Link {
  readonly meeting: string;
  readonly secret: string;
  readonly host_hash: string;
  readonly host_key: string | null;
}

/** What a page does when its call is over for one of these (call.ts): it takes its seat back, or a new one. */
const PASSING: ReadonlySet<string> = new Set(["media_unavailable", "server_unreachable", "restarting", "seat_unknown"]);
const RETRIES = 5;
const RETRY_MS = 1_500;

export class Member {
  readonly name: string;
  session: Session | null = null;
  state: MlsState | null = null;
  /** Why the call is over, once it is. */
  over = "";
  readonly heard: string[] = [];
  /** Each epoch this member was in, with its code, by incarnation. */
  readonly codes: [string, string][] = [];
  readonly lost: string[] = [];
  readonly #module: WebAssembly.Module;
  readonly #link: Link;
  readonly #device = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64url");
  #workers!: Workers;
  #identity = "";
  #remember: string | null = null;
  #waiting: (() => void)[] = [];

  constructor(module: WebAssembly.Module, link: Link, name: string) {
    this.#module = module;
    this.#link = link;
    this.name = name;
  }

  /** From the link, or the seat it had, to a leaf in the group. */
  async enter(retries = RETRIES): Promise<void> {
    const { meeting, secret, host_hash, host_key } = this.#link;
    // The keys worker's clock is set by the ticket (keys.worker.ts).
    let origin = performance.timeOrigin;
    const clock = { now: () => origin + performance.now(), set: (time: number) => { origin = time - performance.now(); } };
    const vault = new Vault(() => instantiate(this.#module, clock.now), clock, () => undefined);
    this.#workers = { keys: { ask: vault.ask.bind(vault) }, frames: {}, stop: () => undefined } as unknown as Workers;
    const kept = { secret, hostHash: host_hash, hostKey: host_key, title: "", linkVersion: 1, policy: null, device: this.#device };
    const entry = await openEntry(meeting, kept, this.#again(), this.#workers.keys);
    try {
      const joined = await join(entry, this.name, this.#workers, this.#hooks(), () => undefined);
      this.#identity = joined.entry.identity;
      this.session = joined.session;
      await joined.session.enter(() => []);
    } catch (error) {
      const code = error instanceof JoinRefused ? error.code : "media_unavailable";
      if (retries === 0 || !PASSING.has(code)) {
        this.#end(code);
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS * (RETRIES - retries + 1)));
      await this.enter(retries - 1);
    }
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.over) throw new Error(`${this.name}'s call is over: ${this.over}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async leave(): Promise<void> {
    this.over = "left";
    await this.session?.close(true);
  }

  report(): object {
    const { state, session } = this;
    return {
      name: this.name,
      participant: session?.ticket.participant,
      incarnation: state?.incarnation,
      epoch: state?.epoch,
      leaf: state?.leaf,
      code: state?.code,
      roster: state?.roster.map(({ participant }) => participant),
      over: this.over,
      lost: this.lost,
      heard: this.heard,
      codes: this.codes,
    };
  }

  #again(): KeptSeat | null {
    if (!this.session) return null;
    const { participant, seat } = this.session.ticket;
    return { participant, seat, name: this.name, identity: this.#identity, remember: this.#remember, microphone: false, camera: false };
  }

  #hooks(): SessionHooks {
    return {
      epoch: (state, events) => { this.#entered(state, events); },
      announced: () => { this.#changed(); },
      heard: (utterance) => { this.#hear(utterance); },
      echoed: () => undefined,
      changed: () => undefined,
      lost: (what) => { this.lost.push(what); },
      back: () => { this.#changed(); },
      fresh: () => undefined,
      intruder: () => undefined,
      link: () => undefined,
      bans: () => undefined,
      over: (reason) => {
        this.state = null;
        if (PASSING.has(reason)) setTimeout(() => { this.enter().catch(() => undefined); }, RETRY_MS);
        else this.#end(reason);
      },
    };
  }

  #entered(state: MlsState, _events: readonly MlsEvent[]): void {
    this.state = state;
    this.codes.push([`${state.incarnation}.${String(state.epoch)}`, state.code ?? ""]);
    // As a page does (incall.ts): the owner of the host key takes the host's place in the group.
    if (this.#link.host_key !== null && state.hosting !== true) this.session?.group.change({ claim: true });
    void this.#workers.keys.ask("remember", {}).then(({ text }) => { this.#remember = text; }, () => undefined);
    this.#changed();
  }

  #hear({ participant, content }: Utterance): void {
    if (content.kind === "chat") this.heard.push(`${participant}: ${content.text}`);
    this.#changed();
  }

  #end(reason: string): void {
    this.over = reason;
    this.#changed();
  }

  #changed(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
