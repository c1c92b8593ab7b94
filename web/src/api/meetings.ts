/** One's own meetings (docs/protocol/meetings.md): the server stores ids, hashes and a title, never a link. */
import { patch, post, remove } from "./http";
import type { ChangesIn, EntranceOut, LinkIn, MeetingIn, MeetingMade, MeetingOut } from "./http.gen";

/** What the pages show of a meeting. */
export type OwnMeeting = Readonly<Pick<MeetingOut, "meeting" | "title" | "created_at" | "live">>;
export type Preset = EntranceOut["preset"];

export function postMeeting(meeting: MeetingIn): Promise<MeetingMade> {
  return post("/api/v1/meetings", meeting);
}

export function renameMeeting(meeting: string, title: string): Promise<OwnMeeting> {
  return patch<MeetingOut>(`/api/v1/meetings/${meeting}`, { title } satisfies ChangesIn);
}

/** Gives the meeting its next link, while nobody is in it (LINK-6); the server learns only what tells it from a wrong one. */
export function replaceLink(meeting: string, link: LinkIn): Promise<MeetingOut> {
  return post(`/api/v1/meetings/${meeting}/link`, link);
}

export function deleteMeeting(meeting: string): Promise<void> {
  return remove(`/api/v1/meetings/${meeting}`);
}
