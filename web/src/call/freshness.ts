/** LOG-15: are we still where the group is? Pure: told of heartbeats and epochs, asked now and then. */

export const HEARTBEAT_MS = 10_000;
const HEARTBEAT_LIMIT_MS = 100_000;
const EPOCH_LIMIT_MS = 6 * 60_000;
/** A heartbeat held back by the gateway is no sign of life. */
const OLD_MS = 30_000;
/** Each member further down the tree waits this much longer before it speaks up for a silent one. */
const STEP_MS = 1_500;
const LONGEST_STEP_MS = 12_000;

export interface Heartbeat { readonly epoch: number; readonly transcript: string; readonly time: number }
export type Staleness = "no_heartbeat" | "stale_epoch";

export class Freshness {
  #heard: number;
  #said: number;
  #epochAt: number;
  #epoch = -1;
  #transcript = "";

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
  }

  heartbeat(now: number, { epoch, transcript, time }: Heartbeat): void {
    if (Math.abs(now - time) > OLD_MS) return;
    // Whoever had another history of this epoch would have other keys and could not have said it: a lie, which must silence nobody.
    if (epoch === this.#epoch && transcript !== this.#transcript) return;
    this.#heard = now;
  }

  /** Our own heartbeat went out: the next one is due later. */
  spoke(now: number): void {
    this.#said = now;
  }

  /** `rank`: our place in the tree, first is 0. The first speaks every 10 s, the next ones only when it does not. */
  due(now: number, rank: number): boolean {
    return now - Math.max(this.#said, this.#heard) >= HEARTBEAT_MS + Math.min(rank * STEP_MS, LONGEST_STEP_MS) - (rank === 0 ? 500 : 0);
  }

  stale(now: number, members: number): Staleness | null {
    if (now - this.#epochAt > EPOCH_LIMIT_MS) return "stale_epoch";
    if (members > 1 && now - this.#heard > HEARTBEAT_LIMIT_MS) return "no_heartbeat";
    return null;
  }
}
