/** The table that both state machines share (tests/vectors/machine.json), where it says everybody stands, and somebody behind a network of their own. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { ClientMessage, ServerMessage } from "../api/socket.gen";
import { readTrailer } from "../e2ee/frames";
import { SendPipe } from "../e2ee/pipes";
import { KeyRing } from "../e2ee/ring";
import { encoded } from "../e2ee/testing";
import type { Somebody } from "./testing";
import type { Delivery } from "./testing.delivery";

interface Facts { standing: "outside" | "seated" | "away" | "gone"; cut: boolean }
export interface Happening {
  readonly name: string;
  readonly often?: number;
  readonly when: { readonly standing: readonly string[]; readonly cut?: readonly boolean[]; readonly others?: number };
  readonly then?: Partial<Facts>;
  readonly ms?: readonly number[];
}
interface Table {
  readonly people: readonly string[];
  readonly start: Facts;
  readonly events: readonly Happening[];
  readonly deadlines: readonly { readonly standing: string; readonly ms: number; readonly then: Partial<Facts> }[];
  readonly healed: { readonly within_ms: number; readonly inside: readonly string[]; readonly may_be_inside: readonly string[] };
}
export const TABLE = JSON.parse(readFileSync(new URL("../../../tests/vectors/machine.json", import.meta.url), "utf8")) as Table;

/** Where everybody stands by the table, and since when. */
export class Model {
  now = 0;
  readonly #people = new Map(TABLE.people.map((name) => [name, { ...TABLE.start, since: 0 }]));

  of(name: string): Facts & { since: number } {
    const facts = this.#people.get(name);
    if (!facts) throw new Error(`nobody is called ${name}`);
    return facts;
  }

  who(...standings: readonly string[]): string[] {
    return TABLE.people.filter((name) => standings.includes(this.of(name).standing));
  }

  possible({ when }: Happening, name: string): boolean {
    const { standing, cut } = this.of(name);
    const beside = this.who("seated").filter((other) => other !== name).length;
    return when.standing.includes(standing) && (when.cut?.includes(cut) ?? true) && beside >= (when.others ?? 0);
  }

  become(name: string, facts: Partial<Facts>): void {
    const moved = facts.standing !== undefined && facts.standing !== this.of(name).standing;
    Object.assign(this.of(name), facts, moved ? { since: this.now } : {});
  }

  wait(ms: number): void {
    this.now += ms;
    for (const { standing, ms: after, then } of TABLE.deadlines) {
      for (const name of this.who(standing)) if (this.now - this.of(name).since >= after) this.become(name, then);
    }
  }
}

const PLAIN = new TextEncoder().encode("plain words that nobody may see");

/** Somebody behind a network of their own; what they would send as sound is tried at every step. */
export class Player {
  readonly somebody: Somebody;
  readonly #inbox: ServerMessage[] = [];
  #late: ServerMessage[] = [];
  #held: ClientMessage[] = [];
  #heard: ServerMessage[] = [];
  #cut = false;
  #pen = false;
  #deliver: (message: ClientMessage) => void = () => undefined;
  readonly #ring = new KeyRing(() => 0);
  readonly #pipe = new SendPipe("audio", this.#ring);
  readonly #sent = new Set<string>();
  #obeyed = 0;
  /** Whether what was tried last went out, sealed. */
  sends = false;
  #place = { incarnation: "", cursor: 0 };

  constructor(somebody: Somebody) {
    this.somebody = somebody;
    this.#pipe.bind("microphone");
    somebody.hear = (message) => {
      (this.#cut ? this.#late : this.#inbox).push(message);
      return Promise.resolve();
    };
  }

  /** Opens a socket; everything that was on its way in the old one is lost. */
  async connect(delivery: Delivery): Promise<void> {
    this.#drop();
    const { group } = this.somebody;
    await delivery.connect(this.somebody, group.incarnation, group.cursor);
    this.#deliver = this.somebody.deliver;
    this.somebody.deliver = (message) => {
      if (this.#cut || this.#pen) this.#held.push(message);
      else this.#deliver(message);
    };
  }

  disconnect(delivery: Delivery): void {
    this.#drop();
    delivery.disconnect(this.somebody.participant);
    this.somebody.deliver = () => undefined;
  }

  #drop(): void {
    this.#inbox.length = 0;
    [this.#late, this.#held, this.#cut] = [[], [], false];
  }

  /** Takes in what has come and answers it; true when there was anything. */
  async live(delivery: Delivery): Promise<boolean> {
    const message = this.#inbox.shift();
    if (!message) return false;
    this.#heard = [...this.#heard.slice(-5), message];
    await this.somebody.group.handle(message);
    await delivery.settled();
    await this.check();
    return true;
  }

  cut(): void {
    this.#cut = true;
  }

  /** Nothing is reordered across a new beginning: a socket says that first. */
  mend(backwards: boolean): void {
    const late = this.#late;
    const begins = late.findLastIndex(({ t }) => t === "ready" || t === "renew") + 1;
    this.#inbox.push(...late.slice(0, begins), ...(backwards ? late.slice(begins).reverse() : late.slice(begins)));
    const held = this.#held;
    [this.#late, this.#held, this.#cut] = [[], [], false];
    for (const message of backwards ? held.reverse() : held) this.#deliver(message);
  }

  /** Writes, and posts nothing yet. */
  async draft(delivery: Delivery): Promise<boolean> {
    this.#pen = true;
    while (await this.live(delivery));
    this.#pen = false;
    return this.#held.some(({ t }) => t === "commit");
  }

  duplicate(): void {
    const repeatable = this.#heard.filter(({ t }) => t !== "ready" && t !== "renew" && t !== "created");
    const last = repeatable.at(-1);
    if (last) this.#inbox.push(last);
  }

  /** I1, I7, LOG-5. */
  async check(): Promise<void> {
    const { group, toFrames } = this.somebody;
    for (const message of toFrames.slice(this.#obeyed)) this.#ring.obey(message);
    this.#obeyed = toFrames.length;
    const epochs = toFrames.slice(toFrames.findLastIndex(({ t }) => t === "wipe") + 1).flatMap((message) => (message.t === "epoch" ? [message.news] : []));
    const frame = encoded(PLAIN, "audio/opus");
    if (await this.#pipe.pass(frame)) {
      const bytes = new Uint8Array(frame.data);
      const trailer = readTrailer(bytes);
      expect(Buffer.from(bytes).includes(Buffer.from(PLAIN.subarray(1)))).toBe(false);
      expect(epochs.map(({ epoch }) => epoch)).toContain(trailer?.epoch);
      const once = `${String(epochs.at(-1)?.group)}/${String(trailer?.epoch)}/${String(trailer?.counter)}`;
      expect(this.#sent.has(once)).toBe(false);
      this.#sent.add(once);
      this.sends = true;
    } else this.sends = false;
    const place = { incarnation: group.incarnation ?? "", cursor: group.cursor };
    if (place.incarnation === this.#place.incarnation) expect(place.cursor).toBeGreaterThanOrEqual(this.#place.cursor);
    this.#place = place;
  }
}
