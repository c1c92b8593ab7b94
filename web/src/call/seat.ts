/** What a reload needs to take its own seat back, kept in this tab only (JOIN-2). A duplicated tab has it too, and then the older tab ends. */

export interface KeptSeat {
  readonly participant: string;
  readonly seat: string;
  readonly name: string;
  /** The identity key's seed: the new leaf must have the old signature key. */
  readonly identity: string;
  /** What the group looked like when last seen (LOG-12). */
  readonly remember: string | null;
  readonly microphone: boolean;
  readonly camera: boolean;
  /** Holds the host key, and does not want the role of host just now. */
  readonly steppedDown?: boolean;
}

const name = (meeting: string): string => `conclave.seat.${meeting}`;

export function keptSeat(meeting: string): KeptSeat | null {
  try {
    const text = sessionStorage.getItem(name(meeting));
    return text === null ? null : (JSON.parse(text) as KeptSeat);
  } catch {
    return null;
  }
}

export function keepSeat(meeting: string, seat: KeptSeat): void {
  try {
    sessionStorage.setItem(name(meeting), JSON.stringify(seat));
  } catch {
    // Without storage a reload is a new join.
  }
}

export function dropSeat(meeting: string): void {
  try {
    sessionStorage.removeItem(name(meeting));
  } catch {
    // As above.
  }
}
