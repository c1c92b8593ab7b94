/** POST /api/v1/join and the tree of a group (docs/protocol/join.md, delivery.md). */
import { getBytes, post } from "./http";

export interface Seat { readonly participant: string; readonly seat: string }

export interface JoinRequest {
  readonly v: 1;
  readonly meeting: string;
  readonly link_id: string;
  readonly name: string;
  readonly signature_key: string;
  readonly device: string;
  readonly again?: Seat;
}

export interface Ticket extends Seat {
  readonly v: 1;
  readonly meeting: string;
  readonly call: string;
  readonly name: string;
  readonly role: "host" | "guest";
  readonly time: number;
  readonly attestation: string;
  readonly attestation_signature: string;
  readonly attestation_key: string;
  readonly link_version: number;
  readonly region: { readonly id: string; readonly territory: string };
  readonly media: { readonly url: string; readonly token: string; readonly ice_servers: RTCIceServer[] };
  readonly socket: string;
}

export interface Lobby {
  readonly title: string;
  readonly inviter: string;
  readonly region: { readonly id: string; readonly territory: string };
  readonly live: boolean;
  readonly link_version: number;
}

/** What somebody with the link may know before joining; refuses a wrong link before anybody is disturbed. */
export function askLobby(meeting: string, link_id: string): Promise<Lobby> {
  return post<Lobby>("/api/v1/lobby", { meeting, link_id });
}

export function requestSeat(request: JoinRequest): Promise<Ticket> {
  return post<Ticket>("/api/v1/join", request);
}

/** The bytes of the tree with that SHA-256; the group checks the hash again when it joins. */
export function fetchTree(hash: string, { participant, seat }: Seat): Promise<Uint8Array<ArrayBuffer>> {
  return getBytes(`/api/v1/trees/${hash}`, { "Conclave-Seat": `${participant}.${seat}` });
}
