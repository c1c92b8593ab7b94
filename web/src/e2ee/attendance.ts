/** Who held the key and when, from every epoch that this device's member entered and from nothing else (ATT-2). Pure. */
import type { MlsLeaf as Leaf, MlsState as GroupState, Stay } from "./mls";

/** The record so far; `at` is when it was last true. */
export interface Attended { readonly call: string; readonly at: number; readonly stays: readonly Stay[] }

export const NOBODY: Attended = { call: "", at: 0, stays: [] };

/** The record after an epoch that began at `now`. Another life of the group ends all stays of the one before, another call begins anew. */
export function attended(before: Attended, call: string, { incarnation, epoch, roster }: GroupState, now: number): Attended {
  const known = before.call === call ? before : NOBODY;
  // The clock is set anew with each ticket, and time goes on all the same.
  const at = Math.max(Math.floor(now), known.at);
  const here = new Map(roster.map((leaf) => [nameOf(leaf), leaf]));
  const stays = known.stays.map((stay): Stay => {
    if (stay.until !== undefined) return stay;
    if (stay.incarnation !== incarnation) return { ...stay, until: known.at };
    return here.delete(nameOf(stay)) ? stay : { ...stay, until: at };
  });
  for (const { participant, name, key, account, domain } of here.values()) {
    const known = { ...(account === undefined ? {} : { account }), ...(domain === undefined ? {} : { domain }) };
    stays.push({ ...known, epoch, from: at, incarnation, key, name, participant });
  }
  return { call, at, stays };
}

/** Who comes back with another key, or takes another name, begins another stay. */
function nameOf({ participant, key, name }: Pick<Leaf, "participant" | "key" | "name">): string {
  return `${participant} ${key} ${name}`;
}
