/** What has come from each participant through the media room, as far as it tells who has lost the line. */
import type { Presence } from "../media/presence";

export class Arrivals {
  /** Everybody who has been in the media room. */
  readonly seen = new Set<string>();
  /** Since when sound or picture of a participant has been due without a pause. */
  readonly due = new Map<string, number>();

  look(present: readonly Presence[], now: number): void {
    const due = new Set(present.filter((presence) => presence.due).map(({ participant }) => participant));
    for (const { participant } of present) this.seen.add(participant);
    for (const participant of this.due.keys()) if (!due.has(participant)) this.due.delete(participant);
    for (const participant of due) if (!this.due.has(participant)) this.due.set(participant, now);
  }
}
