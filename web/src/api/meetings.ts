/** One's own meetings (docs/protocol/meetings.md): the server stores ids, hashes and a title, never a link. */
import { get, patch, post, remove } from "./http";
import type { ChangesIn, EntranceOut, InvitationIn, InvitationOut, InvitationsOut, LinkIn, MeetingIn, MeetingMade, MeetingOut, MeetingsOut, RevokedIn } from "./http.gen";

/** What the pages show of a meeting. */
export type OwnMeeting = Readonly<Pick<MeetingOut, "meeting" | "title" | "created_at" | "live">>;
export type Preset = EntranceOut["preset"];
export type Entrance = Readonly<EntranceOut>;
export type Invitation = Readonly<InvitationOut>;

export function postMeeting(meeting: MeetingIn): Promise<MeetingMade> {
  return post("/api/v1/meetings", meeting);
}

/** One's own, newest first. */
export async function getMeetings(): Promise<readonly OwnMeeting[]> {
  return (await get<MeetingsOut>("/api/v1/meetings")).meetings;
}

export function renameMeeting(meeting: string, title: string): Promise<OwnMeeting> {
  return patch<MeetingOut>(`/api/v1/meetings/${meeting}`, { title } satisfies ChangesIn);
}

/** Who comes into the meeting, and how (MEET-8). */
export async function getEntrance(meeting: string): Promise<Entrance> {
  return (await get<MeetingOut>(`/api/v1/meetings/${meeting}`)).entrance;
}

export async function changeEntrance(meeting: string, changes: Pick<ChangesIn, "preset" | "entrance">): Promise<void> {
  await patch<MeetingOut>(`/api/v1/meetings/${meeting}`, changes satisfies ChangesIn);
}

/** Whom the owner has invited by name, newest first; what opens the meeting is not in it (LINK-9). */
export async function getInvitations(meeting: string): Promise<readonly Invitation[]> {
  return (await get<InvitationsOut>(`/api/v1/meetings/${meeting}/invitations`)).invitations;
}

export function postInvitation(meeting: string, invitation: InvitationIn): Promise<Invitation> {
  return post<InvitationOut>(`/api/v1/meetings/${meeting}/invitations`, invitation);
}

export function revokeInvitation(meeting: string, invitation: string, revoked: boolean): Promise<Invitation> {
  return patch<InvitationOut>(`/api/v1/meetings/${meeting}/invitations/${invitation}`, { revoked } satisfies RevokedIn);
}

/** Gives the meeting its next link, while nobody is in it (LINK-6); the server learns only what tells it from a wrong one. */
export function replaceLink(meeting: string, link: LinkIn): Promise<MeetingOut> {
  return post(`/api/v1/meetings/${meeting}/link`, link);
}

export function deleteMeeting(meeting: string): Promise<void> {
  return remove(`/api/v1/meetings/${meeting}`);
}
