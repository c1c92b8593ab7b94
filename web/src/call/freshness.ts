/** LOG-15: are we still where the group is? Pure: told of heartbeats and epochs, asked now and then. */

export const HEARTBEAT_MS = 10_000;
const HEARTBEAT_LIMIT_MS = 100_000;
const EPOCH_LIMIT_MS = 6 * 60_000;
/** A heartbeat held back by the gateway is no sign of life. */
const OLD_MS = 30_000;
/** Each member further down the tree waits this much longer before it speaks up for a silent one. */
const STEP_MS = 1_500;
const LONGEST_STEP_MS = 12_000;
/** The keeper, whom all others hear, hears nobody unless somebody answers it. */
const ANSWER_MS = 40_000;

export interface Heartbeat { readonly epoch: number; readonly transcript: string; readonly time: number }
export type Staleness = "no_heartbeat" | "stale_epoch";

export class Freshness {
  #heard: number;
  #said: number;
  #epochAt: number;
  #epoch = -1;
  #transcript = "";
  /** When each of the others was last heard in this epoch. */
  readonly #voices = new Map<string, number>();

  constructor(now: number) {
    this.#heard = now;
    this.#said = now;
    this.#epochAt = now;
  }

  epoch(now: number, epoch: number, transcript: string): void {
    this.#epochAt = now;
    this.#heard = now;
    this.#epoch = epoch;
    this.#transcript = transcript;
    this.#voices.clear();
  }

  heartbeat(now: number, from: string, { epoch, transcript, time }: Heartbeat): void {
    if (Math.abs(now - time) > OLD_MS) return;
    // Whoever had another history of this epoch would have other keys and could not have said it: a lie, which must silence nobody.
    if (epoch === this.#epoch && transcript !== this.#transcript) return;
    this.#heard = now;
    this.#voices.set(from, now);
  }

  /** Our own heartbeat went out: the next one is due later. */
  spoke(now: number): void {
    this.#said = now;
  }

  /** `rank`: 0 for the keeper, who speaks every 10 s. The next ones speak when nobody does, and one of them answers when only one voice is heard. */
  due(now: number, rank: number): boolean {
    const step = Math.min(rank * STEP_MS, LONGEST_STEP_MS);
    if (now - Math.max(this.#said, this.#heard) >= HEARTBEAT_MS + step - (rank === 0 ? 500 : 0)) return true;
    return rank > 0 && now - Math.max(this.#said, this.#epochAt, this.#secondVoice) >= ANSWER_MS + step;
  }

  get #secondVoice(): number {
    return [...this.#voices.values()].sort((one, other) => other - one)[1] ?? -Infinity;
  }

  stale(now: number, members: number): Staleness | null {
    if (now - this.#epochAt > EPOCH_LIMIT_MS) return "stale_epoch";
    if (members > 1 && now - this.#heard > HEARTBEAT_LIMIT_MS) return "no_heartbeat";
    return null;
  }
}
