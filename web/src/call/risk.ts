/**
 * When a link may have reached people whom nobody expects: so many came in by it, with a typed name and without knocking, in so short a time.
 * Five in two minutes is what a class does at its beginning too; so hosts are asked, once in a while, and nothing is done by itself.
 */
const MANY = 5;
const WITHIN_MS = 120_000;
const AGAIN_MS = 600_000;

export class Crowd {
  #came: readonly number[] = [];
  #told = -Infinity;

  /** How many have come lately, if hosts are to be told of it now; else 0. */
  grows(by: number, now: number): number {
    this.#came = [...this.#came.filter((at) => now - at < WITHIN_MS), ...Array.from({ length: by }, () => now)];
    if (by === 0 || this.#came.length < MANY || now - this.#told < AGAIN_MS) return 0;
    this.#told = now;
    return this.#came.length;
  }
}
