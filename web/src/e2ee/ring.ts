/** Which media keys are in use: receive keys per (epoch, leaf) with their retention (LOG-14), and the one sending key with its counter (FRM-1). */
import { COUNTER_LIMIT, KINDS, type SourceKind } from "./frames";
import type { KeysToFrames } from "./frames.protocol";
import { ReplayWindow } from "./replay";

const RETAIN_MS = 10_000;
const RETAIN_AFTER_REMOVAL_MS = 3_000;
/** When nobody reports enough acknowledgements, senders switch by themselves after these times (delivery.md, "Keys in use"). */
export const SWITCH_AFTER_ADD_MS = 300;
export const SWITCH_AFTER_REMOVAL_MS = 1_000;

export interface Epoch {
  /** `<call>.<incarnation>`: two incarnations share epoch numbers, never keys. */
  readonly group: string;
  readonly epoch: number;
  readonly self: { readonly leaf: number; readonly key: CryptoKey };
  /** With what may be opened of each (POL-20). */
  readonly leaves: readonly (readonly [participant: string, leaf: number, sources: readonly SourceKind[]])[];
  /** Leaves of the epoch before that are gone in this one. */
  readonly removed: readonly number[];
}

interface Received {
  readonly epoch: number;
  readonly leafOf: Map<string, number>;
  readonly keys: Map<number, CryptoKey>;
  readonly windows: Map<string, ReplayWindow>;
  expires: number;
}

interface Sending {
  readonly id: string;
  readonly epoch: number;
  readonly leaf: number;
  readonly key: CryptoKey;
  counter: number;
}

export interface Slot {
  readonly epoch: number;
  readonly leaf: number;
  readonly key: CryptoKey;
  readonly counter: number;
}

export class KeyRing {
  #group = "";
  #paused = false;
  #newest = 0;
  /** What may be opened of whom, by the newest epoch: a right that went counts for frames of earlier ones too. */
  #allowed = new Map<string, ReadonlySet<number>>();
  readonly #waiting = new Set<() => void>();
  readonly #received = new Map<number, Received>();
  #sending: Sending | null = null;
  #next: Sending | null = null;
  #switching: ReturnType<typeof setTimeout> | undefined;
  /** FRM-1: every (group, epoch) this worker ever sent in; none is entered twice, for its counter is gone. */
  readonly #used = new Set<string>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** What the keys worker says. Where nobody tells the sender to switch, it does so by itself after a moment. */
  obey(message: KeysToFrames): void {
    switch (message.t) {
      case "epoch": {
        const { group, epoch } = message.news;
        clearTimeout(this.#switching);
        const delay = this.install(message.news);
        if (delay === 0) this.send(group, epoch);
        else this.#switching = setTimeout(() => { this.send(group, epoch); }, delay);
        return;
      }
      case "key":
        this.addKey(message.group, message.epoch, message.leaf, message.key);
        return;
      case "send":
        this.send(message.group, message.epoch);
        return;
      case "pause":
        this.pause(message.paused);
        return;
      case "wipe":
        clearTimeout(this.#switching);
        this.wipe();
    }
  }

  /** Installs the receive side at once; the sending key waits for `send`. Returns after how many ms to call it if nobody does before. */
  install(news: Epoch): number {
    if (news.group !== this.#group) this.wipe();
    this.#group = news.group;
    const expires = this.#now() + (news.removed.length > 0 ? RETAIN_AFTER_REMOVAL_MS : RETAIN_MS);
    for (const old of this.#received.values()) {
      old.expires = Math.min(old.expires, expires);
      // LOG-14: the removed leaf's keys live no longer than this line, in every epoch.
      for (const leaf of news.removed) old.keys.delete(leaf);
    }
    this.#newest = news.epoch;
    this.#allowed = new Map(news.leaves.map(([participant, , sources]) => [participant, new Set(sources.map((source) => KINDS[source]))]));
    this.#received.set(news.epoch, { epoch: news.epoch, leafOf: new Map(news.leaves.map(([participant, leaf]) => [participant, leaf])), keys: new Map(), windows: new Map(), expires: Infinity });
    this.tell();
    const id = `${news.group}/${String(news.epoch)}`;
    this.#next = this.#used.has(id) ? null : { id, epoch: news.epoch, leaf: news.self.leaf, key: news.self.key, counter: 0 };
    if (this.#sending === null) return 0;
    return news.removed.length > 0 ? SWITCH_AFTER_REMOVAL_MS : SWITCH_AFTER_ADD_MS;
  }

  addKey(group: string, epoch: number, leaf: number, key: CryptoKey): void {
    if (group !== this.#group) return;
    this.#received.get(epoch)?.keys.set(leaf, key);
    this.tell();
  }

  /** True for a frame of an epoch or leaf whose key may be on its way to us: the newest epoch, or one we have not heard of yet. */
  expects(epoch: number): boolean {
    return epoch >= this.#newest;
  }

  /** Wakes whoever waits for news. */
  tell(): void {
    for (const done of this.#waiting) done();
  }

  /** Resolves when another key has come, or after that many ms; with how many ms it took. */
  news(ms: number): Promise<number> {
    const asked = performance.now();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve(performance.now() - asked);
      };
      const timer = setTimeout(done, ms);
      this.#waiting.add(done);
    });
  }

  /** True before the group's first sending key, and only then: a ring that is paused, or had a key, waits for nothing. */
  get awaitsFirst(): boolean {
    return this.#sending === null && !this.#paused;
  }

  /** Sends under that epoch from now on; anything but the newest installed epoch is ignored. */
  send(group: string, epoch: number): void {
    if (group !== this.#group || this.#next?.epoch !== epoch) return;
    this.#sending = this.#next;
    this.#next = null;
    this.#used.add(this.#sending.id);
    this.tell();
  }

  /** LOG-15: nothing is sent while paused. */
  pause(paused: boolean): void {
    this.#paused = paused;
  }

  /** Forgets everything but what was used: another group, or none. */
  wipe(): void {
    this.#sending = null;
    this.#next = null;
    this.#received.clear();
    this.#allowed.clear();
    this.#newest = 0;
    this.#group = "";
  }

  /** A key with a counter that no other frame has or will have; null while nothing may be sent. Synchronous, so two senders cannot share one. */
  take(): Slot | null {
    const sending = this.#sending;
    if (this.#paused || sending === null || sending.counter >= COUNTER_LIMIT) return null;
    return { epoch: sending.epoch, leaf: sending.leaf, key: sending.key, counter: sending.counter++ };
  }

  /** FRM-3: the key of that epoch's leaf if, and only if, the leaf is the participant's. */
  lookup(participant: string, epoch: number, leaf: number): CryptoKey | null {
    this.#expire();
    const received = this.#received.get(epoch);
    if (received?.leafOf.get(participant) !== leaf) return null;
    return received.keys.get(leaf) ?? null;
  }

  /** POL-20: whether frames of this kind by that participant may be opened. */
  allows(participant: string, kind: number): boolean {
    return this.#allowed.get(participant)?.has(kind) === true;
  }

  /** FRM-4: the window of one (leaf, epoch, kind). */
  window(epoch: number, leaf: number, kind: number): ReplayWindow {
    const windows = this.#received.get(epoch)?.windows;
    const name = `${String(leaf)}/${String(kind)}`;
    const known = windows?.get(name);
    if (known) return known;
    const made = new ReplayWindow();
    windows?.set(name, made);
    return made;
  }

  #expire(): void {
    const now = this.#now();
    for (const [epoch, received] of this.#received) if (received.expires <= now) this.#received.delete(epoch);
  }
}
