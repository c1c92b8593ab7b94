/** What a reload needs to take its own seat back, kept in this tab only (JOIN-2). A duplicated tab has it too, and then the older tab ends. */
import type { Attended } from "../e2ee/attendance";
import type { NewLink } from "../e2ee/mls";

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

/** What a host has asked for in a call that is not done yet (errands.ts). */
export interface Owed {
  /** The life of the group in which we were last. */
  readonly incarnation: string;
  /** Whom our host wants out; true for a ban. */
  readonly unwanted: readonly (readonly [participant: string, ban: boolean])[];
  /** The version that the link is to have at least. */
  readonly link: number;
  /** What the gateway has not taken yet; not the secret, which the key ring keeps. */
  readonly unlinked: Readonly<Pick<NewLink, "link_id" | "link_version">> | null;
}

const seat = (meeting: string): string => `conclave.seat.${meeting}`;
const attended = (meeting: string): string => `conclave.attended.${meeting}`;
const owed = (call: string): string => `conclave.owed.${call}`;

export function keptSeat(meeting: string): KeptSeat | null {
  return read(seat(meeting)) as KeptSeat | null;
}

export function keepSeat(meeting: string, kept: KeptSeat): void {
  write(seat(meeting), kept);
}

export function dropSeat(meeting: string): void {
  write(seat(meeting), null);
  write(attended(meeting), null);
}

/** A host's record of who held the key so far (attendance.md). */
export function keptAttended(meeting: string): Attended | null {
  return read(attended(meeting)) as Attended | null;
}

export function keepAttended(meeting: string, kept: Attended): void {
  write(attended(meeting), kept);
}

export function keptOwed(call: string): Owed | null {
  return read(owed(call)) as Owed | null;
}

/** Null when nothing is owed any more. */
export function keepOwed(call: string, kept: Owed | null): void {
  write(owed(call), kept);
}

function read(name: string): unknown {
  try {
    const text = sessionStorage.getItem(name);
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function write(name: string, kept: object | null): void {
  try {
    if (kept === null) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, JSON.stringify(kept));
  } catch {
    // Without storage a reload is a new join.
  }
}
