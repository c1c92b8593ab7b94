/** LOG-5: the log as it arrives; handed on in order, without a gap, each entry once. */
import type { Entries } from "../api/socket.gen";

type Entry = Entries["entries"][number];

export class Log {
  readonly #entries = new Map<number, Entry>();
  #next = 0;
  #end = 0;

  /** The index after the last entry received without a gap: what a reconnect asks for. */
  get end(): number {
    return this.#end;
  }

  /** Something has come that cannot be applied, as an entry before it has not. */
  get gap(): boolean {
    return this.#entries.size > this.#end - this.#next;
  }

  /** The index of the next entry to apply. */
  get next(): number {
    return this.#next;
  }

  /** A joiner starts behind what its Welcome covers; what came before is not its business. */
  set next(next: number) {
    this.#next = next;
    for (const index of this.#entries.keys()) if (index < next) this.#entries.delete(index);
    this.#end = Math.max(this.#end, next);
    this.#stretch();
  }

  add(from: number, entries: readonly Entry[]): void {
    entries.forEach((entry, offset) => {
      const index = from + offset;
      if (index >= this.#next && !this.#entries.has(index)) this.#entries.set(index, entry);
    });
    this.#stretch();
  }

  take(): { from: number; entries: Entry[] } {
    const from = this.#next;
    const entries: Entry[] = [];
    for (let entry = this.#entries.get(this.#next); entry; entry = this.#entries.get(this.#next)) {
      entries.push(entry);
      this.#entries.delete(this.#next);
      this.#next += 1;
    }
    this.#end = Math.max(this.#end, this.#next);
    return { from, entries };
  }

  #stretch(): void {
    while (this.#entries.has(this.#end)) this.#end += 1;
  }
}
