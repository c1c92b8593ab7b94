/**
 * Joining, top to bottom (docs/protocol/join.md): the seat, then the meeting socket and the media path side by side, then the group,
 * then our tracks. What could be done before the click is done already (entry.ts).
 */
import { ApiError } from "../api/http";
import { requestSeat, SOCKET, type JoinRequest, type Ticket } from "../api/join";
import { keep } from "../e2ee/keyring";
import type { Workers } from "../e2ee/workers";
import { openEntry, type Entry } from "./entry";
import { dropSeat } from "./seat";
import { Session, type SessionHooks } from "./session";
import { MeetingSocket } from "./socket";

/** Why a join came to nothing; the code is one of EndReason. */
export class JoinRefused extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.name = "JoinRefused";
    this.code = code;
  }
}

export interface Joined { readonly entry: Entry; readonly session: Session }

export async function join(entry: Entry, name: string, workers: Workers, hooks: SessionHooks, allowIce: (servers: RTCIceServer[]) => void): Promise<Joined> {
  const socket = new MeetingSocket(SOCKET);
  try {
    const { entry: seated, ticket } = await takeSeat(entry, name, workers);
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

/** Another name during the call (POL-21): the same seat and key with a new attestation; the group follows by a replacement. */
export async function rename({ meeting, linkId, signatureKey, kept }: Entry, session: Session, name: string, workers: Workers): Promise<void> {
  const { participant, seat } = session.ticket;
  const ticket = await requestSeat({ v: 1, meeting, link_id: linkId, name, signature_key: signatureKey, device: kept.device, again: { participant, seat } });
  await checkAttestation(ticket, workers);
  await session.renamed(ticket);
}

async function takeSeat(entry: Entry, name: string, { keys }: Workers): Promise<{ entry: Entry; ticket: Ticket }> {
  const ask = ({ meeting, linkId, signatureKey, kept, again }: Entry): Promise<Ticket> => {
    const seat = again ? { again: { participant: again.participant, seat: again.seat } } : {};
    const request: JoinRequest = { v: 1, meeting, link_id: linkId, name, signature_key: signatureKey, device: kept.device, ...seat };
    return requestSeat(request);
  };
  try {
    return { entry, ticket: await ask(entry) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code !== "seat_unknown") throw new JoinRefused(error.code);
    // The seat is gone: a new one, with a key of its own.
    dropSeat(entry.meeting);
    const fresh = await openEntry(entry.meeting, entry.kept, null, keys);
    return { entry: fresh, ticket: await ask(fresh).catch((reason: unknown) => { throw new JoinRefused(reason instanceof ApiError ? reason.code : "malformed"); }) };
  }
}

/** LINK-3: a server that falls back to an older link is not believed. */
async function checkVersions({ meeting, kept }: Entry, { link_version }: Ticket): Promise<void> {
  if (link_version < kept.linkVersion) throw new JoinRefused("link_old");
  if (link_version > kept.linkVersion) await keep(meeting, { ...kept, linkVersion: link_version }).catch(() => undefined);
}

/** JOIN-4: the gateway's word on who sits here must be on the seat we were given. */
async function checkAttestation(ticket: Ticket, { keys }: Workers): Promise<void> {
  const { attestation, attestation_signature, attestation_key, link_version, time } = ticket;
  const { participant, call } = await keys.ask("seated", { attestation, attestation_signature, attestation_key, link_version, time });
  if (participant !== ticket.participant || call !== ticket.call) throw new JoinRefused("malformed");
}
