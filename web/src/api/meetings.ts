/** One's own meetings (docs/protocol/meetings.md): the server stores ids, hashes and a title, never a link. */
import { get, patch, post, remove } from "./http";
import type { ChangesIn, EntranceOut, InvitationIn, InvitationOut, InvitationsOut, LinkIn, MeetingIn, MeetingMade, MeetingOut, MeetingsOut, PlanOut, PoliciesOut, PolicyOut, RevokedIn } from "./http.gen";

/** What the pages show of a meeting. */
export type OwnMeeting = Readonly<Pick<MeetingOut, "meeting" | "title" | "created_at" | "live" | "link_version">> & {
  readonly under?: Under | undefined;
  /** When it is planned; null for no plan. */
  readonly planned: Planned | null;
};
/** Under which organisation's policy, by its name, and from when on its link is to be replaced. */
export interface Under { readonly name: string; readonly linkDueAt: number | null }
/** An organisation under whose policy meetings may be made. */
export type Policy = Readonly<PolicyOut>;
export type House = Readonly<NonNullable<MeetingOut["organisation"]>>;
export interface Planned {
  /** Null when all of its times are over. */
  readonly next: number | null;
  readonly minutes: number;
  readonly zone: string;
  readonly repeats: boolean;
}
export type Plan = Readonly<PlanOut>;
export type Preset = EntranceOut["preset"];
export type Entrance = Readonly<EntranceOut>;
export type Invitation = Readonly<InvitationOut>;

export function postMeeting(meeting: MeetingIn): Promise<MeetingMade> {
  return post("/api/v1/meetings", meeting);
}

/** One's own, newest first: a page at a time, until there is no other or they are enough. */
export async function getMeetings(enough: (seen: readonly MeetingOut[]) => boolean = () => false): Promise<readonly MeetingOut[]> {
  const all: MeetingOut[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const page: MeetingsOut = await get<MeetingsOut>(`/api/v1/meetings${after && `?after=${after}`}`);
    all.push(...page.meetings);
    after = enough(all) ? null : page.next;
  }
  return all;
}

export async function renameMeeting(meeting: string, title: string): Promise<string> {
  return (await patch<MeetingOut>(`/api/v1/meetings/${meeting}`, { title } satisfies ChangesIn)).title;
}

/** One's organisations, and what the policy of each leaves to choose (RULE-2). */
export async function getPolicies(): Promise<readonly Policy[]> {
  return (await get<PoliciesOut>("/api/v1/policies")).policies;
}

/** Who comes into the meeting, and how (MEET-8), and whose policy it is under. */
export async function getEntrance(meeting: string): Promise<{ readonly entrance: Entrance; readonly house: House | null }> {
  const { entrance, organisation } = await get<MeetingOut>(`/api/v1/meetings/${meeting}`);
  return { entrance, house: organisation };
}

export async function changeEntrance(meeting: string, changes: Pick<ChangesIn, "preset" | "entrance" | "rules" | "seen">): Promise<void> {
  await patch<MeetingOut>(`/api/v1/meetings/${meeting}`, changes satisfies ChangesIn);
}

/** When the meeting is planned, with what a calendar file is made of; the link is not in it. */
export function getPlan(meeting: string): Promise<Plan> {
  return get<PlanOut>(`/api/v1/meetings/${meeting}/plan`);
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
