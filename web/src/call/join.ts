/**
 * Joining, top to bottom (docs/protocol/join.md): the seat, then the meeting socket and the media path side by side, then the group,
 * then our tracks. What could be done before the click is done already (entry.ts).
 */
import { ApiError } from "../api/http";
import { requestSeat, SOCKET, type JoinRequest, type Ticket } from "../api/join";
import { succeeded } from "../e2ee/former";
import { keep } from "../e2ee/keyring";
import type { Keys } from "../e2ee/keys.client";
import type { Workers } from "../e2ee/workers";
import { letIn, NotLetIn } from "./door";
import { openEntry, type Entry } from "./entry";
import { dropSeat } from "./seat";
import { Session, type SessionHooks } from "./session";
import { MeetingSocket } from "./socket";

/** Why a join came to nothing; the code is one of EndReason. */
export class JoinRefused extends Error {
  readonly code: string;
  readonly againAt: number | null;
  readonly organisation: string;
  readonly notice: string;

  constructor(code: string, againAt: number | null = null, organisation = "", notice = "") {
    super(code);
    this.name = "JoinRefused";
    this.code = code;
    this.againAt = againAt;
    this.organisation = organisation;
    this.notice = notice;
  }
}

/** What a person does at the door besides asking. */
export interface AtTheDoor {
  readonly passcode?: string;
  /** Somebody has to let us in: told when the wait begins, and when it is over; the signal goes away. */
  readonly waits?: (waiting: boolean) => void;
  /** All places are taken: told where we stand in line (REG-3), and 0 when that is over. */
  readonly stands?: (position: number) => void;
  readonly signal?: AbortSignal;
}

/** Refusals that a host's word lifts; with a former link it comes with the new one. */
const KNOCKS: ReadonlySet<string> = new Set(["knock_required", "link_old"]);

/** As the server asks for it, by this device's own clock. */
const ASK_AGAIN_MS = 2_000;

export interface Joined { readonly entry: Entry; readonly session: Session }

export async function join(entry: Entry, name: string, workers: Workers, hooks: SessionHooks, allowIce: (servers: RTCIceServer[]) => void, door: AtTheDoor = {}): Promise<Joined> {
  let socket = new MeetingSocket(SOCKET);
  const waits = (waiting: boolean): void => {
    // A meeting socket is not kept open for as long as people may wait.
    if (waiting) socket.close();
    else socket = new MeetingSocket(SOCKET);
    door.waits?.(waiting);
  };
  try {
    const { entry: seated, ticket } = await takeSeat(entry, name, workers, { ...door, waits });
    await checkVersions(seated, ticket);
    allowIce(ticket.media.ice_servers);
    await checkAttestation(ticket, workers);
    // Where the seat is new, what the group looked like is not forgotten: else a server that knows no seats could wipe it (LOG-12).
    return { entry: seated, session: new Session(workers, ticket, socket, hooks, entry.again?.remember ?? null) };
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** The same seat, as the server gives it now, with a new secret: whoever reloads from now on comes with that one. */
export async function seatedAgain(entry: Entry, session: Session, keys: Keys | null, remember: () => void): Promise<Ticket> {
  if (!keys) throw new Error("not joined yet");
  session.ticket = await sameSeat(entry, session, session.ticket.name, keys);
  remember();
  return session.ticket;
}

/** Another name during the call (POL-21): the same seat and key with a new attestation; the group follows by a replacement. */
export async function rename(entry: Entry, session: Session, name: string, { keys }: Workers): Promise<void> {
  await session.renamed(await sameSeat(entry, session, name, keys));
}

async function sameSeat({ meeting, linkId, signatureKey, kept }: Entry, session: Session, name: string, keys: Keys): Promise<Ticket> {
  const { participant, seat } = session.ticket;
  const ticket = await requestSeat({ v: 1, meeting, link_id: linkId, name, signature_key: signatureKey, device: kept.device, again: { participant, seat } });
  await checkAttestation(ticket, { keys });
  return ticket;
}

async function takeSeat(entry: Entry, name: string, { keys }: Workers, door: AtTheDoor): Promise<{ entry: Entry; ticket: Ticket }> {
  const passcode = door.passcode === undefined ? {} : { passcode: door.passcode };
  const ask = async (asking: Entry): Promise<{ entry: Entry; ticket: Ticket }> => {
    const { meeting, linkId, signatureKey, kept, again } = asking;
    const invitation = kept.invitation === undefined ? {} : { invitation: kept.invitation };
    const who = { v: 1 as const, meeting, link_id: linkId, name, signature_key: signatureKey, device: kept.device, ...passcode, ...invitation };
    const seat = again ? { again: { participant: again.participant, seat: again.seat } } : {};
    const host = kept.hostKey === null ? {} : { host: await keys.ask("sign_entry", {}) };
    const request: JoinRequest = { ...who, ...seat, ...host };
    try {
      return { entry: asking, ticket: await inLine(request, door) };
    } catch (error) {
      if (!(error instanceof ApiError) || !KNOCKS.has(error.code)) throw error;
      door.waits?.(true);
      const { pass, sealed } = await letIn({ ...who, ...(await keys.ask("seal_key", {})) }, door.signal ?? new AbortController().signal);
      door.waits?.(false);
      const opened = sealed === null ? asking : await openSealed(asking, sealed, keys);
      return { entry: opened, ticket: await inLine({ ...request, link_id: opened.linkId, pass }, door) };
    }
  };
  try {
    return await ask(entry);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "seat_unknown") throw refusal(error);
    // The seat is gone: a new one, with a key of its own.
    dropSeat(entry.meeting);
    const fresh = await openEntry(entry.meeting, entry.kept, null, keys);
    return ask(fresh).catch((reason: unknown) => { throw refusal(reason); });
  }
}

/** Asks for a seat and, where its region is full, again and again: whoever asks in time keeps the place in line (REG-3). */
async function inLine(request: JoinRequest, { stands, signal }: AtTheDoor): Promise<Ticket> {
  for (let position = 0; ;) {
    try {
      const ticket = await requestSeat(request);
      if (position > 0) stands?.(0);
      return ticket;
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "place_awaited") throw error;
      ({ position } = error);
      stands?.(position);
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
      if (signal?.aborted === true) throw new NotLetIn("left");
    }
  }
}

/** LINK-8: the link that a host handed to us alone, checked where the keys are; no older one than this device has seen (LINK-3). */
async function openSealed(entry: Entry, sealed: string, keys: Keys): Promise<Entry> {
  const { secret, link_id, link_version } = await keys.ask("open_link", { sealed }).catch(() => { throw new ApiError("link_old", 403, ""); });
  if (link_version < entry.kept.linkVersion) throw new ApiError("link_old", 403, "");
  const kept = succeeded(entry.kept, entry.linkId, { secret, link_version });
  await keep(entry.meeting, kept).catch(() => undefined);
  return { ...entry, kept, linkId: link_id };
}

function refusal(error: unknown): unknown {
  return error instanceof ApiError || error instanceof NotLetIn ? new JoinRefused(error.code, error.againAt, error.organisation, error.notice) : error;
}

/** LINK-3: a server that falls back to an older link is not believed. */
async function checkVersions({ meeting, kept }: Entry, { link_version }: Ticket): Promise<void> {
  if (link_version < kept.linkVersion) throw new JoinRefused("link_old");
  if (link_version > kept.linkVersion) await keep(meeting, { ...kept, linkVersion: link_version }).catch(() => undefined);
}

/** JOIN-4: the gateway's word on who sits here must be on the seat we were given. */
async function checkAttestation(ticket: Ticket, { keys }: Pick<Workers, "keys">): Promise<void> {
  const { attestation, attestation_signature, attestation_key, link_version, time } = ticket;
  const { participant, call } = await keys.ask("seated", { attestation, attestation_signature, attestation_key, link_version, time });
  if (participant !== ticket.participant || call !== ticket.call) throw new JoinRefused("malformed");
}
