/**
 * What the screens may know of a call and ask of it. The Call object (call.ts) owns all state, outside React;
 * screens read `CallState` through one hook and act through `CallActions`. Nothing here holds a key.
 */
import type { Preset } from "../api/meetings";

import type { Right, Rights, Stay } from "../e2ee/mls";
import type { Asked, Reaction } from "./said";

export type { Right, Stay } from "../e2ee/mls";

/** Where the call stands. Every phase has a designed screen. */
export type Phase =
  | { at: "lobby" }
  | { at: "joining"; step: "asking" | "connecting" | "securing" }
  /** At the door: a host has to let this person in. */
  | { at: "waiting" }
  /** All places of the region are taken: so many are served before and with this person (REG-3). */
  | { at: "in_line"; position: number }
  | { at: "live" }
  /** The socket or the media path is lost; sending goes on where it can. */
  | { at: "reconnecting"; since: number; lost: "socket" | "media" }
  /** Sending has stopped for safety (LOG-15), with the reason as a stable code. */
  | { at: "silenced"; reason: "no_heartbeat" | "stale_epoch" }
  /** `by` is the host who removed this person, and `organisation` whose rule it is, where that is known; `againAt`: when another try makes sense, where that is; `notice`: where that of an order stands. */
  | { at: "over"; reason: EndReason; again: boolean; by?: string; organisation?: string; againAt?: number | null; notice?: string };

/** Why a call is over for this person; each has a sentence in every language (`ended.<code>`). */
export type EndReason =
  | "left" | "removed" | "ordered" | "banned" | "ended" | "joined_elsewhere" | "restarting" | "misbehaved" | "seat_unknown" | "not_securing"
  | "link_unknown" | "link_incomplete" | "link_old" | "name_empty" | "name_too_long" | "name_forbidden" | "call_locked" | "call_full"
  | "knock_refused" | "knock_blocked" | "knock_unknown" | "stopped_waiting" | "waiting_full" | "passcode_required" | "passcode_wrong" | "sign_in_required"
  | "invitation_required" | "too_often" | OrganisationReason
  | "media_unavailable" | "region_forbidden" | "region_unentered" | "region_full" | "server_unreachable" | "call_moved" | "browser_unfit" | "malformed";

/** A rule of the meeting's organisation, which the refusal names (RULE-4). */
export type OrganisationReason = "organisation_guests" | "organisation_sign_in" | "organisation_sso" | "organisation_clients";

export function isOrganisationReason(reason: EndReason): reason is OrganisationReason {
  return reason.startsWith("organisation_");
}

/** What was typed in the lobby will not do: it is mended there, before the same preview. */
export type TypedReason = Extract<EndReason, `name_${string}` | "passcode_required" | "passcode_wrong">;

export function isTypedReason(reason: EndReason): reason is TypedReason {
  return /^(name_|passcode_)/.test(reason);
}

/** Why a person's padlock looks as it does. */
export type Lock =
  /** Frames of this leaf authenticated in the last 3 seconds. */
  | "locked"
  /** Holds the key; nothing is being sent just now. */
  | "quiet"
  /** Announced, no leaf yet (at most 15 s). */
  | "securing"
  /** In the media room without a leaf and not announced, or securing for too long. It can decrypt nothing. */
  | "stranger";

export interface Person {
  /** Random per-call id; also the leaf's participant. */
  readonly participant: string;
  readonly leaf: number | null;
  /** From the validated leaf only; empty for a stranger. */
  readonly name: string;
  /** True when another person's name is the same or looks the same. */
  readonly ambiguous: boolean;
  readonly role: "host" | "guest";
  /** Listed in the group's policy as host (not the attested role, which is for display). */
  readonly hosting: boolean;
  /** Host by another host's word, not by the link's key; such a one cannot take the role of, or remove, who has it by the link (POL-15, POL-16). */
  readonly cohost: boolean;
  readonly signedIn: boolean;
  readonly domain: string | null;
  readonly self: boolean;
  readonly lock: Lock;
  readonly handUp: boolean;
  /** What the group's policy lets this person do; nothing without a leaf. */
  readonly may: readonly Right[];
  /** What this person sent just now; null once it has been seen. */
  readonly reaction: Reaction | null;
  readonly speaking: boolean;
  readonly microphone: boolean;
  readonly camera: boolean;
  readonly screen: boolean;
  readonly connection: "good" | "poor" | "lost";
}

/** Somebody at the door, as hosts see it. */
export interface Knocking {
  readonly knock: string;
  /** What they typed; nobody has checked it. */
  readonly name: string;
  readonly since: number;
  readonly why: "waiting_room" | "link_old" | "before_host" | "guest" | "link_due";
  readonly signedIn: boolean;
}

export interface ChatLine {
  readonly id: string;
  readonly participant: string;
  readonly name: string;
  readonly text: string;
  readonly at: number;
  readonly self: boolean;
  /** Own lines until the gateway has relayed them; `failed` when it has not within seconds. */
  readonly state: "sending" | "sent" | "failed";
}

export interface Toast {
  readonly id: number;
  readonly kind:
    | "joined" | "left" | "removed" | "hand" | "chat" | "reconnected" | "stranger" | "intruder" | "knock" | "knocks" | "microphone_dead" | "speaking_muted"
    | "device_lost" | "share_ended" | "code_changed" | "send_failed"
    | "locked" | "unlocked" | "strict" | "lax" | "suspended" | "resumed" | "partly" | "cohost" | "unhosted" | "handed" | "link" | "false_link"
    | "region" | "astray" | "small_picture" | "sound_only" | "muted" | "asked_microphone" | "asked_camera" | "renamed" | "stopped" | "at_risk" | "ordered_out";
  /** Of `ordered_out`: the code of the territory. */
  readonly name: string;
  /** Of a knock: which. */
  readonly knock?: string;
  /** Of `ordered_out`: how many people. */
  readonly people?: number;
}

/** What a host gives back by itself after a suspension. */
export type Piece = "chat" | "unmute" | "video" | "share" | "reactions";
/** By piece, the setting that it had. */
export type Withheld = Pick<Rights, Piece>;

/** What the hosts have decided for everybody, from the checked policy. */
export interface Rules {
  /** Nobody new comes in. */
  readonly locked: boolean;
  /** Nobody new comes in but whom a host has signed for. */
  readonly strict: boolean;
  /** Nobody but the hosts may be seen or heard, or write. */
  readonly suspended: boolean;
  /** Empty where this device has not seen who did. */
  readonly suspendedBy: string;
  /** What this device, as a host's, has not given back yet since then. */
  readonly withheld: Withheld;
}

/** Somebody a host has banned from the meeting, or blocked at its door, by the name they had then. */
export interface Banned {
  readonly ban: string;
  readonly name: string;
  /** The host's name. */
  readonly by: string;
  /** The ban holds on every device of theirs. */
  readonly signed_in: boolean;
  readonly since: number;
  /** At the door: this person may not ask again, and was never inside. */
  readonly blocked: boolean;
}

/** Who held the key and when: the signed file, and what is in it. */
export interface Attendance { readonly file: string; readonly made: number; readonly stays: readonly Stay[] }

/** Where sound and picture are processed; the territory is empty where the operator named none. */
export interface Region { readonly id: string; readonly territory: string }

export interface Security {
  /** 30 digits, or null before the first epoch. */
  readonly code: string | null;
  readonly epoch: number;
  readonly members: number;
  /** Set when the person pressed "the codes match". */
  readonly verified: { readonly at: number; readonly since: readonly Change[] } | null;
  /** Every Add and Remove seen, newest last. */
  readonly changes: readonly Change[];
}
export interface Change { readonly at: number; readonly what: "joined" | "left"; readonly name: string; readonly role: "host" | "guest" }

export interface Devices {
  readonly microphones: readonly Device[];
  readonly cameras: readonly Device[];
  readonly speakers: readonly Device[];
  readonly microphone: string | null;
  readonly camera: string | null;
  readonly speaker: string | null;
  /** `asking` while the browser's question is open. */
  readonly microphoneState: DeviceState;
  readonly cameraState: DeviceState;
}
export interface Device { readonly id: string; readonly label: string }
export type DeviceState = "on" | "off" | "asking" | "refused" | "missing" | "taken";

export interface CallState {
  readonly phase: Phase;
  readonly meeting: string;
  /** From the lobby's answer; may be empty. */
  readonly title: string;
  readonly inviter: string;
  readonly region: Region;
  /** Where else the call may be held; known before it is. */
  readonly otherRegions: readonly Region[];
  /** Organisations of this person's that would not hold a meeting there (REG-4). */
  readonly outside: readonly string[];
  /** Addresses that our media goes to and the region has not published (REG-9). */
  readonly astray: readonly string[];
  /** There is a call of which the server gives a routing receipt. */
  readonly receipt: boolean;
  readonly startedAt: number | null;
  /** Self first, then by arrival. The roster is the MLS tree, plus announced and strangers. */
  readonly people: readonly Person[];
  readonly chat: readonly ChatLine[];
  readonly unread: number;
  /** Who waits at the door; empty but for hosts. */
  readonly knocks: readonly Knocking[];
  /** The lobby asks for a passcode. */
  readonly passcode: boolean;
  /** The server's word on the meeting's preset; a device that made the meeting knows better (MEET-10). */
  readonly preset: Preset;
  readonly toasts: readonly Toast[];
  readonly security: Security;
  readonly devices: Devices;
  /** True when this device is listed as host, or holds the host key and is about to be. */
  readonly hosting: boolean;
  /** This device holds the host key and has stepped down: it may take the role again. */
  readonly steppedDown: boolean;
  readonly rules: Rules;
  /** As of when a host last asked. */
  readonly bans: readonly Banned[];
  /** Changes when the link does: whoever shows it looks again. */
  readonly linkVersion: number;
  /** The link was replaced: nothing is known of the meeting, and Join knocks. */
  readonly linkOld: boolean;
  /** What the hosts let everybody do; what is absent is as usual. */
  readonly rights: Rights;
  /** Somebody who is no host shows a screen, where one at a time may. */
  readonly screenTaken: boolean;
  /** The browser holds the others' sound back until this person presses something. */
  readonly soundBlocked: boolean;
  /** 0…1, own microphone, for the gauge. */
  readonly level: number;
}

export interface CallActions {
  subscribe(listener: () => void): () => void;
  snapshot(): CallState;
  /** Lobby: asks for devices and starts the preview; a refusal is a state, never an exception. */
  preview(): Promise<void>;
  join(name: string, passcode?: string): Promise<void>;
  /** As a host: lets these people in, or refuses them, with `block` for good. */
  answer(knocks: readonly string[], admit: boolean, block?: boolean): void;
  leave(): Promise<void>;
  rejoin(): Promise<void>;
  endForAll(): Promise<void>;
  /** With a ban, out of the meeting and not only of this call; then the link is replaced too. */
  remove(participant: string, ban?: boolean): Promise<void>;
  /** Asks whom hosts have banned; the state tells. */
  askBans(): void;
  unban(ban: string): void;
  replaceLink(): void;
  /** A host's signed record of who held the key, and when; null where it could not be made. Nothing is sent. */
  attendance(): Promise<Attendance | null>;
  /** What hosts decide: done once the group's policy says so, which the state shows. */
  makeCoHost(participant: string): void;
  /** Takes the role back; of oneself, steps down. */
  unmakeCoHost(participant: string): void;
  setLocked(on: boolean): void;
  setStrict(on: boolean): void;
  /** Suspends and locks in one step; resuming gives back everything and leaves the lock as it is. */
  setSuspended(on: boolean): void;
  /** After a suspension: gives back one thing, with the setting that it had, and leaves the rest with the hosts. */
  giveBack(piece: Piece): void;
  /** Whoever holds the host key takes the role again. */
  takeRole(): void;
  setMicrophone(on: boolean): Promise<void>;
  setCamera(on: boolean): Promise<void>;
  setScreen(on: boolean): Promise<void>;
  setHand(up: boolean): Promise<void>;
  choose(kind: "microphone" | "camera" | "speaker", id: string): Promise<void>;
  say(text: string): Promise<void>;
  react(what: Reaction): Promise<void>;
  /** A host's word: closes that person's microphone, or everybody's who is no host. */
  mute(participant: string | null): Promise<void>;
  /** A host asks; only that person's own hand turns anything on. */
  askFor(participant: string, source: Asked): Promise<void>;
  /** A host changes what everybody may; what is not named stays. */
  setRights(rights: Rights): void;
  /** A host lets one person do what others may not, or the other way round; null as everybody. */
  setException(participant: string, right: Right, allowed: boolean | null): void;
  /** Another name from now on; false where names stay as they are. */
  rename(name: string): Promise<boolean>;
  /** Sends an own line once more that could not be sent. */
  retry(line: string): Promise<void>;
  /** What is written has been seen: nothing is unread, and no toast leads there any more. */
  seenChat(): void;
  verifyCode(): void;
  /** The signed routing receipt of this call, or of the one that has just ended; null where it could not be had. */
  routeReceipt(): Promise<string | null>;
  dismiss(toast: number): void;
  /** The link to pass on, from this device's key ring; null where it keeps none. */
  link(): Promise<string | null>;
  /** Shows that person's camera or screen in the element; returns the undo. Sound plays by itself. */
  attach(participant: string, kind: "camera" | "screen", element: HTMLVideoElement): () => void;
}
export type Call = CallActions;
