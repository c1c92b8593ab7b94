/** One's own meetings (docs/protocol/link.md): the server stores ids, hashes and a title, never a link. */
import { patch, post, remove } from "./http";

export interface NewMeeting {
  readonly meeting: string;
  readonly title: string;
  readonly link_id: string;
  readonly host_hash: string;
  /** The one-time token of a *meet now* address, where nobody is signed in. */
  readonly now?: string;
}

export interface OwnMeeting {
  readonly meeting: string;
  readonly title: string;
  readonly created_at: number;
  readonly live: boolean;
}

export function postMeeting(meeting: NewMeeting): Promise<{ readonly meeting: string }> {
  return post("/api/v1/meetings", meeting);
}

export function renameMeeting(meeting: string, title: string): Promise<OwnMeeting> {
  return patch(`/api/v1/meetings/${meeting}`, { title });
}

export function deleteMeeting(meeting: string): Promise<void> {
  return remove(`/api/v1/meetings/${meeting}`);
}
