/** A host's record of who held the key and when (attendance.md): kept for a reload of this tab, and signed to be saved. */
import type { Keys } from "../e2ee/keys.client";
import type { Stay } from "../e2ee/mls";
import type { Attendance } from "./contract";
import { keepAttended } from "./seat";

export async function rememberAttended(meeting: string, keys: Keys): Promise<void> {
  const attended = await keys.ask("attended", {}).catch(() => null);
  if (attended) keepAttended(meeting, attended);
}

/** ATT-1: null where nobody would take our word, or we are in no group. */
export async function signedAttendance(keys: Keys): Promise<Attendance | null> {
  const signed = await keys.ask("attendance", {}).catch(() => null);
  if (!signed) return null;
  const { made, people } = JSON.parse(signed.attendance) as { made: number; people: readonly Stay[] };
  return { file: `{"attendance":${signed.attendance},"signature":"${signed.signature}"}\n`, made, stays: people };
}
