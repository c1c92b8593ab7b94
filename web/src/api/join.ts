/** POST /api/v1/lobby and /join, and the tree of a group (docs/protocol/join.md, delivery.md). */
import { getBytes, getText, post } from "./http";
import type { JoinIn, LobbyIn, LobbyOut, TicketOut } from "./http.gen";

export type JoinRequest = JoinIn;
export type Ticket = TicketOut;
export type Seat = Readonly<Pick<Ticket, "call" | "participant" | "seat">>;

/** Where these pages expect the meeting socket; the ticket has the last word. */
export const SOCKET = "/api/v1/socket";

/** What somebody with the link may know before joining; refuses a wrong link before anybody is disturbed. */
export function askLobby(meeting: string, link_id: string): Promise<LobbyOut> {
  return post<LobbyOut>("/api/v1/lobby", { meeting, link_id } satisfies LobbyIn);
}

export function requestSeat(request: JoinRequest): Promise<Ticket> {
  return post<Ticket>("/api/v1/join", request);
}

/** The signed routing receipt of a call in which we have or had a seat (docs/protocol/regions.md). */
export function fetchReceipt({ participant, seat }: Seat): Promise<string> {
  return getText("/api/v1/receipt", { "Conclave-Seat": `${participant}.${seat}` });
}

/** The bytes of the tree with that SHA-256; the group checks the hash again when it joins. */
export function fetchTree(hash: string, { participant, seat }: Seat): Promise<Uint8Array<ArrayBuffer>> {
  return getBytes(`/api/v1/trees/${hash}`, { "Conclave-Seat": `${participant}.${seat}` });
}
