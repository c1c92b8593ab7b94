/** One's own meetings (docs/protocol/meetings.md): the server stores ids, hashes and a title, never a link. */
import { patch, post, remove } from "./http";
import type { MeetingIn, MeetingMade, MeetingOut, ChangesIn } from "./http.gen";

/** What the pages show of a meeting. */
export type OwnMeeting = Readonly<Pick<MeetingOut, "meeting" | "title" | "created_at" | "live">>;

export function postMeeting(meeting: MeetingIn): Promise<MeetingMade> {
  return post("/api/v1/meetings", meeting);
}

export function renameMeeting(meeting: string, title: string): Promise<OwnMeeting> {
  return patch<MeetingOut>(`/api/v1/meetings/${meeting}`, { title } satisfies ChangesIn);
}

export function deleteMeeting(meeting: string): Promise<void> {
  return remove(`/api/v1/meetings/${meeting}`);
}
