/* Made by `npm run generate` from src/conclave/meetings/schemas.py: do not edit. */

export interface Http {
  AgainIn?: AgainIn;
  ErrorDetail?: ErrorDetail;
  ErrorOut?: ErrorOut;
  IceServerOut?: IceServerOut;
  JoinIn?: JoinIn;
  LinkIn?: LinkIn;
  LobbyIn?: LobbyIn;
  LobbyOut?: LobbyOut;
  MediaOut?: MediaOut;
  MeetingIn?: MeetingIn;
  MeetingMade?: MeetingMade;
  MeetingOut?: MeetingOut;
  MeetingsOut?: MeetingsOut;
  RegionOut?: RegionOut;
  SelftestOut?: SelftestOut;
  TicketOut?: TicketOut;
  TitleIn?: TitleIn;
}
/**
 * The seat to take back (JOIN-2).
 */
export interface AgainIn {
  /**
   * 16 bytes as b64
   */
  participant: string;
  /**
   * 16 bytes as b64
   */
  seat: string;
}
/**
 * A stable code for programs, a sentence for people.
 */
export interface ErrorDetail {
  code: string;
  message: string;
}
/**
 * Every refusal.
 */
export interface ErrorOut {
  error: ErrorDetail;
}
/**
 * A STUN or TURN server, as browsers take it; one without credentials may have none.
 */
export interface IceServerOut {
  credential?: string;
  urls: string;
  username?: string;
}
/**
 * POST /join.
 */
export interface JoinIn {
  again?: AgainIn | null;
  /**
   * 16 to 32 random bytes as b64, kept by the device for this meeting
   */
  device: string;
  /**
   * 16 bytes as b64
   */
  link_id: string;
  /**
   * 16 bytes as b64
   */
  meeting: string;
  name: string;
  /**
   * 32 bytes as b64
   */
  signature_key: string;
  v: 1;
}
/**
 * POST /meetings/<meeting>/link: what the owner's browser derived from the next link's secret.
 */
export interface LinkIn {
  /**
   * 16 bytes as b64
   */
  link_id: string;
  link_version: number;
}
/**
 * POST /lobby.
 */
export interface LobbyIn {
  /**
   * 16 bytes as b64
   */
  link_id: string;
  /**
   * 16 bytes as b64
   */
  meeting: string;
}
/**
 * What somebody with the link may know before joining.
 */
export interface LobbyOut {
  inviter: string;
  link_version: number;
  live: boolean;
  region: RegionOut;
  title: string;
}
/**
 * Where the call's media is processed.
 */
export interface RegionOut {
  id: string;
  territory: string;
}
/**
 * The way to the media; ICE servers come from here alone (JOIN-10).
 */
export interface MediaOut {
  ice_servers: IceServerOut[];
  token: string;
  url: string;
}
/**
 * POST /meetings: by a signed-in owner, or with the one-time meet-now token; what could open the meeting has no key here (MEET-1).
 */
export interface MeetingIn {
  /**
   * 16 bytes as b64
   */
  host_hash: string;
  /**
   * 16 bytes as b64
   */
  link_id: string;
  /**
   * 16 bytes as b64
   */
  meeting: string;
  now?: string | null;
  title?: string;
}
/**
 * A meeting that was stored.
 */
export interface MeetingMade {
  link_version: number;
  /**
   * 16 bytes as b64
   */
  meeting: string;
}
/**
 * One of the owner's meetings.
 */
export interface MeetingOut {
  created_at: number;
  link_version: number;
  live: boolean;
  /**
   * 16 bytes as b64
   */
  meeting: string;
  title: string;
}
/**
 * GET /meetings.
 */
export interface MeetingsOut {
  meetings: MeetingOut[];
}
/**
 * POST /selftest: a way to the media engine for one visitor alone.
 */
export interface SelftestOut {
  media: MediaOut;
  region: RegionOut;
}
/**
 * The ticket (join.md).
 */
export interface TicketOut {
  attestation: string;
  attestation_key: string;
  attestation_signature: string;
  /**
   * 16 bytes as b64
   */
  call: string;
  link_version: number;
  media: MediaOut;
  /**
   * 16 bytes as b64
   */
  meeting: string;
  name: string;
  /**
   * 16 bytes as b64
   */
  participant: string;
  region: RegionOut;
  role: "host" | "guest";
  /**
   * 16 bytes as b64
   */
  seat: string;
  socket: string;
  time: number;
  v: 1;
}
/**
 * PATCH /meetings/<meeting>.
 */
export interface TitleIn {
  title: string;
}
