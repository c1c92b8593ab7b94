/** What has come from each participant through the media room, as far as it tells who has lost the line. */
import type { Presence } from "../media/presence";

export class Arrivals {
  /** Everybody who has been in the media room. */
  readonly seen = new Set<string>();
  /** Since when sound or picture of a participant has been due without a pause. */
  readonly due = new Map<string, number>();

  look(present: readonly Presence[], now: number): void {
    for (const { participant } of present) this.seen.add(participant);
    noteSince(this.due, present.filter((presence) => presence.due), now);
  }
}

/** Keeps since when something has been true of each participant: begins with those it is true of now, and forgets the others. */
export function noteSince(since: Map<string, number>, present: readonly Presence[], now: number): void {
  const here = new Set(present.map(({ participant }) => participant));
  for (const participant of since.keys()) if (!here.has(participant)) since.delete(participant);
  for (const participant of here) if (!since.has(participant)) since.set(participant, now);
}
