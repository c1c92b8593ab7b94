/** Which of several screens is seen where one at a time may be shown (POL-20). Pure. */
import type { MlsState as GroupState } from "../e2ee/mls";
import type { Presence } from "../media/presence";

export class Screens {
  #first: string | null = null;

  /** Whose screens stay unseen: all but hosts' and, of the others', the one that was there first. */
  unseen({ policy, roster }: GroupState, present: readonly Presence[]): ReadonlySet<string> {
    if (policy.rights?.share !== "one") {
      this.#first = null;
      return new Set();
    }
    const guests = new Set(roster.filter(({ host, may }) => !host && may.includes("share")).map(({ participant }) => participant));
    const sharing = present.filter(({ participant, screen }) => screen && guests.has(participant)).map(({ participant }) => participant);
    if (this.#first === null || !sharing.includes(this.#first)) this.#first = sharing[0] ?? null;
    return new Set(sharing.filter((participant) => participant !== this.#first));
  }

  /** Who shows the one screen; null while none of those who must take turns does. */
  get first(): string | null {
    return this.#first;
  }
}
