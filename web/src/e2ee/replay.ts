/** FRM-4: accepts each counter once, within a window behind the highest one seen. */

export const WINDOW = 2048;

export class ReplayWindow {
  #highest = -1;
  /** The slot counter % WINDOW holds the counter last accepted there. */
  readonly #seen = new Float64Array(WINDOW).fill(-1);

  /** True when the counter is new and not older than the window. Call it before the expensive check, mark() after it. */
  fresh(counter: number): boolean {
    return counter > this.#highest - WINDOW && this.#seen[counter % WINDOW] !== counter;
  }

  /** Only an authenticated frame may move the window, or anybody could close it. */
  mark(counter: number): void {
    this.#seen[counter % WINDOW] = counter;
    if (counter > this.#highest) this.#highest = counter;
  }
}
