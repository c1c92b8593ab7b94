/* Made by `npm run generate` from src/conclave/meetings/schemas.py: do not edit. */

export interface Http {
  AgainIn?: AgainIn;
  ChangesIn?: ChangesIn;
  EntranceIn?: EntranceIn1;
  EntranceOut?: EntranceOut;
  ErrorDetail?: ErrorDetail;
  ErrorOut?: ErrorOut;
  HostWordIn?: HostWordIn;
  HouseOut?: HouseOut;
  HousedListOut?: HousedListOut;
  HousedOut?: HousedOut;
  IceServerOut?: IceServerOut;
  InvitationIn?: InvitationIn;
  InvitationOut?: InvitationOut;
  InvitationsOut?: InvitationsOut;
  JoinIn?: JoinIn;
  KeyringIn?: KeyringIn;
  KeyringOut?: KeyringOut;
  KeyringVersion?: KeyringVersion;
  KnockIn?: KnockIn;
  KnockOut?: KnockOut;
  LinkIn?: LinkIn;
  LobbyIn?: LobbyIn;
  LobbyOut?: LobbyOut;
  MediaOut?: MediaOut;
  MeetingIn?: MeetingIn;
  MeetingMade?: MeetingMade;
  MeetingOut?: MeetingOut;
  MeetingsOut?: MeetingsOut;
  OpenerIn?: OpenerIn;
  OpenerOut?: OpenerOut;
  OwnRulesIn?: OwnRulesIn2;
  PassIn?: PassIn;
  PasskeyOut?: PasskeyOut;
  PlanOut?: PlanOut;
  PoliciesOut?: PoliciesOut;
  PolicyOut?: PolicyOut;
  ReceiptsOut?: ReceiptsOut;
  RegionOut?: RegionOut;
  RevokedIn?: RevokedIn;
  SealedOut?: SealedOut;
  SelftestOut?: SelftestOut;
  TicketOut?: TicketOut;
  ZoneChangeOut?: ZoneChangeOut;
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
 * PATCH /meetings/<meeting>; a preset sets what it means before anything else is set.
 */
export interface ChangesIn {
  entrance?: EntranceIn;
  preset?: ("guarded" | "open" | "school" | "confidential") | null;
  rules?: OwnRulesIn;
  seen?: string | null;
  title?: string | null;
}
/**
 * What may be set beside a preset; a key that is absent stays as it is, an empty passcode is none (MEET-8, MEET-9).
 */
export interface EntranceIn {
  before_host?: boolean | null;
  capacity?: number | null;
  passcode?: string | null;
  waiting?: ("nobody" | "strangers" | "uninvited" | "everybody") | null;
  who?: ("link" | "signed_in" | "invited") | null;
}
/**
 * What a meeting says itself beside its organisation's policy (RULE-1); what is absent stays as it is, null is nothing any more.
 */
export interface OwnRulesIn {
  guests?: ("allowed" | "admitted" | "none") | null;
  regions?: string[] | null;
  retention_days?: number | null;
  rotation_after_call?: boolean | null;
  rotation_days?: number | null;
  sign_in?: ("password" | "second_factor" | "sso") | null;
}
/**
 * What may be set beside a preset; a key that is absent stays as it is, an empty passcode is none (MEET-8, MEET-9).
 */
export interface EntranceIn1 {
  before_host?: boolean | null;
  capacity?: number | null;
  passcode?: string | null;
  waiting?: ("nobody" | "strangers" | "uninvited" | "everybody") | null;
  who?: ("link" | "signed_in" | "invited") | null;
}
/**
 * Who comes in and how; of a passcode only whether there is one.
 */
export interface EntranceOut {
  before_host: boolean;
  capacity: number;
  passcode: boolean;
  preset: "guarded" | "open" | "school" | "confidential";
  version: string;
  waiting: "nobody" | "strangers" | "uninvited" | "everybody";
  who: "link" | "signed_in" | "invited";
}
/**
 * A stable code for programs, a sentence for people.
 */
export interface ErrorDetail {
  again_at?: number | null;
  code: string;
  message: string;
  notice?: string;
  organisation?: string;
  rule?: string;
}
/**
 * Every refusal.
 */
export interface ErrorOut {
  error: ErrorDetail;
}
/**
 * The link's host key and its signature over the coming leaf key (KNOCK-2).
 */
export interface HostWordIn {
  /**
   * 32 bytes as b64
   */
  key: string;
  /**
   * 64 bytes as b64
   */
  signature: string;
}
/**
 * The organisation whose policy a meeting is under: what holds, and what it leaves to choose.
 */
export interface HouseOut {
  enforced: string[];
  guests: "allowed" | "admitted" | "none";
  link_due_at: number | null;
  name: string;
  /**
   * 16 bytes as b64
   */
  organisation: string;
  presets: ("guarded" | "open" | "school" | "confidential")[];
  sign_in: "password" | "second_factor" | "sso";
}
/**
 * GET /organisations/<organisation>/meetings: one page of them; `next` continues it.
 */
export interface HousedListOut {
  meetings: HousedOut[];
  next: string | null;
}
/**
 * A meeting as its organisation sees it (MEET-20): whose it is, when, and who comes in; no id, no title, nobody else.
 */
export interface HousedOut {
  before_host: boolean;
  capacity: number | null;
  created_at: number;
  guests: "allowed" | "admitted" | "none";
  host: string;
  live: boolean;
  next_at: number | null;
  passcode: boolean;
  past_at: number | null;
  preset: "guarded" | "open" | "school" | "confidential";
  waiting: "nobody" | "strangers" | "uninvited" | "everybody";
  who: "link" | "signed_in" | "invited";
  zone: string;
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
 * POST /meetings/<meeting>/invitations: the hash of what the owner's browser drew, for whom, and for how long.
 */
export interface InvitationIn {
  days?: number;
  /**
   * 32 bytes as b64
   */
  digest: string;
  whom: string;
}
/**
 * An invitation as the meeting's owner sees it.
 */
export interface InvitationOut {
  expires_at: number;
  /**
   * 16 bytes as b64
   */
  invitation: string;
  made_at: number;
  revoked_at: number | null;
  used_at: number | null;
  whom: string;
}
/**
 * GET /meetings/<meeting>/invitations.
 */
export interface InvitationsOut {
  invitations: InvitationOut[];
}
/**
 * POST /join.
 */
export interface JoinIn {
  again?: AgainIn | null;
  /**
   * 16 to 32 random bytes as b64, a device's in one meeting
   */
  device: string;
  host?: HostWordIn | null;
  invitation?: string | null;
  /**
   * 16 bytes as b64
   */
  link_id: string;
  /**
   * 16 bytes as b64
   */
  meeting: string;
  name: string;
  pass?: PassIn | null;
  passcode?: string | null;
  /**
   * 32 bytes as b64
   */
  signature_key: string;
  v: 1;
}
/**
 * A knock that a host has answered (KNOCK-3).
 */
export interface PassIn {
  /**
   * 16 bytes as b64
   */
  knock: string;
  /**
   * 16 bytes as b64
   */
  secret: string;
}
/**
 * PUT /keyring: the next version, as ciphertext (KEYR-4).
 */
export interface KeyringIn {
  expects: number;
  openers?: OpenerIn[] | null;
  /**
   * 16 bytes as b64
   */
  ring: string;
  sealed: string;
}
/**
 * One thing that opens a keyring (KEYR-3); without a secret, the one stays that is kept of it.
 */
export interface OpenerIn {
  credential?: string | null;
  kind: "passkey" | "recovery" | "device";
  /**
   * 16 bytes as b64
   */
  opener: string;
  secret?: string | null;
  /**
   * 125 bytes as b64
   */
  wrapped: string;
}
/**
 * GET /keyring.
 */
export interface KeyringOut {
  /**
   * 16 bytes as b64
   */
  account: string;
  keyring: SealedOut | null;
  passkeys: PasskeyOut[];
}
/**
 * A keyring as it is kept.
 */
export interface SealedOut {
  openers: OpenerOut[];
  /**
   * 16 bytes as b64
   */
  ring: string;
  sealed: string;
  version: number;
}
/**
 * An opener as it is kept; a device keeps its secret to itself.
 */
export interface OpenerOut {
  credential: string | null;
  kind: "passkey" | "recovery" | "device";
  /**
   * 16 bytes as b64
   */
  opener: string;
  secret: string | null;
  wrapped: string;
}
/**
 * One of the account's passkeys: what a browser asks for it by, and its name.
 */
export interface PasskeyOut {
  credential: string;
  name: string;
}
/**
 * The version that was kept.
 */
export interface KeyringVersion {
  version: number;
}
/**
 * POST /knock.
 */
export interface KnockIn {
  /**
   * 16 to 32 random bytes as b64, a device's in one meeting
   */
  device: string;
  invitation?: string | null;
  /**
   * 16 bytes as b64
   */
  link_id: string;
  /**
   * 16 bytes as b64
   */
  meeting: string;
  name: string;
  passcode?: string | null;
  seal_key?: string | null;
  seal_signature?: string | null;
  /**
   * 32 bytes as b64
   */
  signature_key: string;
  v: 1;
}
/**
 * What a knock is known by, and what proves that it is one's own.
 */
export interface KnockOut {
  /**
   * 16 bytes as b64
   */
  knock: string;
  /**
   * 16 bytes as b64
   */
  secret: string;
  socket: string;
}
/**
 * POST /meetings/<meeting>/link: what the owner's browser derived from the next link's secret.
 */
export interface LinkIn {
  /**
   * 16 bytes as b64
   */
  link_id: string;
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
  open: boolean;
  other_regions: RegionOut[];
  outside: string[];
  passcode: boolean;
  preset: "guarded" | "open" | "school" | "confidential";
  region: RegionOut;
  sign_in: boolean;
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
  addresses: string[];
  ice_servers: IceServerOut[];
  picture: "full" | "small" | "none";
  token: string;
  url: string;
}
/**
 * POST /meetings: by a signed-in owner, or with the one-time meet-now token; what could open the meeting has no key here (MEET-1).
 */
export interface MeetingIn {
  entrance?: EntranceIn2;
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
  organisation?: string | null;
  preset?: ("guarded" | "open" | "school" | "confidential") | null;
  rules?: OwnRulesIn1;
  title?: string;
}
/**
 * What may be set beside a preset; a key that is absent stays as it is, an empty passcode is none (MEET-8, MEET-9).
 */
export interface EntranceIn2 {
  before_host?: boolean | null;
  capacity?: number | null;
  passcode?: string | null;
  waiting?: ("nobody" | "strangers" | "uninvited" | "everybody") | null;
  who?: ("link" | "signed_in" | "invited") | null;
}
/**
 * What a meeting says itself beside its organisation's policy (RULE-1); what is absent stays as it is, null is nothing any more.
 */
export interface OwnRulesIn1 {
  guests?: ("allowed" | "admitted" | "none") | null;
  regions?: string[] | null;
  retention_days?: number | null;
  rotation_after_call?: boolean | null;
  rotation_days?: number | null;
  sign_in?: ("password" | "second_factor" | "sso") | null;
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
  entrance: EntranceOut;
  link_version: number;
  live: boolean;
  /**
   * 16 bytes as b64
   */
  meeting: string;
  organisation: HouseOut | null;
  title: string;
}
/**
 * GET /meetings: one page of them; `next` continues it.
 */
export interface MeetingsOut {
  meetings: MeetingOut[];
  next: string | null;
}
/**
 * What a meeting says itself beside its organisation's policy (RULE-1); what is absent stays as it is, null is nothing any more.
 */
export interface OwnRulesIn2 {
  guests?: ("allowed" | "admitted" | "none") | null;
  regions?: string[] | null;
  retention_days?: number | null;
  rotation_after_call?: boolean | null;
  rotation_days?: number | null;
  sign_in?: ("password" | "second_factor" | "sso") | null;
}
/**
 * GET /meetings/<meeting>/plan: what a calendar file is made of, but for the link, which is not known here.
 */
export interface PlanOut {
  changes: ZoneChangeOut[];
  minutes: number;
  off: string[];
  organiser_address: string;
  organiser_name: string;
  rule: string;
  sequence: number;
  start: string;
  starts_at: number;
  title: string;
  zone: string;
}
/**
 * From when a zone's clocks go otherwise: what the wall showed until then, and seconds east of UTC.
 */
export interface ZoneChangeOut {
  after: number;
  before: number;
  local: string;
  name: string;
  summer: boolean;
}
/**
 * GET /policies.
 */
export interface PoliciesOut {
  policies: PolicyOut[];
}
/**
 * An organisation under whose policy somebody may make meetings, or why not.
 */
export interface PolicyOut {
  name: string;
  /**
   * 16 bytes as b64
   */
  organisation: string;
  preset: "guarded" | "open" | "school" | "confidential";
  presets: ("guarded" | "open" | "school" | "confidential")[];
  refusal: string;
}
/**
 * GET /meetings/{id}/receipts: each is a file that `./conclave verify receipt` reads.
 */
export interface ReceiptsOut {
  receipts: string[];
}
/**
 * PATCH /meetings/<meeting>/invitations/<invitation>.
 */
export interface RevokedIn {
  revoked: boolean;
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
