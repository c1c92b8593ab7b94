/** Reactions as they are shown: each for some seconds, and of one person no more than a few at once (SAY-8). Pure. */
import type { Reaction } from "./said";

const SHOWN_MS = 4_000;
const WITHIN_MS = 1_000;
const MOST_WITHIN = 3;

export class Reactions {
  readonly #last = new Map<string, { readonly what: Reaction; readonly at: number }>();
  readonly #times = new Map<string, readonly number[]>();

  /** False when this person sends more than is shown. */
  take(participant: string, what: Reaction, now: number): boolean {
    const recent = (this.#times.get(participant) ?? []).filter((at) => now - at < WITHIN_MS);
    if (recent.length >= MOST_WITHIN) return false;
    this.#times.set(participant, [...recent, now]);
    this.#last.set(participant, { what, at: now });
    return true;
  }

  shown(now: number): ReadonlyMap<string, Reaction> {
    for (const [participant, { at }] of this.#last) if (now - at >= SHOWN_MS) this.#last.delete(participant);
    return new Map([...this.#last].map(([participant, { what }]) => [participant, what]));
  }
}
