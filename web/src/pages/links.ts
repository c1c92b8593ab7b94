import { askLobby } from "../api/join";
import { type Invitation, postInvitation, replaceLink } from "../api/meetings";
import { textOf } from "../e2ee/base64";
import { succeeded } from "../e2ee/former";
import { keep, type Kept } from "../e2ee/keyring";
import type { Keys } from "../e2ee/keys.client";
import { meetingOf, parseFragment } from "../e2ee/link";

/** The link to pass on. */
export function guestLink(meeting: string, kept: Kept): string {
  return `${location.origin}/m/${meeting}#${kept.secret}.${kept.hostHash}`;
}

/** The link that makes its reader the host; null where this device does not hold the host key. */
export function hostLink(meeting: string, kept: Kept): string | null {
  return kept.hostKey === null ? null : `${location.origin}/m/${meeting}#${kept.secret}.${kept.hostKey}`;
}

const INVITATION_LABEL = "conclave/invitation/1\0";

/** Draws an invitation for one person (LINK-9): the server is given its hash, the link is composed here and shown once. */
export async function invite(meeting: string, kept: Kept, whom: string, days: number): Promise<{ readonly made: Invitation; readonly link: string }> {
  const drawn = crypto.getRandomValues(new Uint8Array(16));
  const label = new TextEncoder().encode(INVITATION_LABEL);
  const digest = textOf(new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array([...label, ...drawn]))));
  const made = await postInvitation(meeting, { digest, whom, days });
  return { made, link: `${guestLink(meeting, kept)}.${textOf(drawn)}` };
}

/** Keeps a pasted link of that meeting, after the server has recognised it; null when it is another one or cut. */
export async function keepPasted(meeting: string, title: string, pasted: string, keys: Keys): Promise<Kept | null> {
  const text = pasted.trim();
  if (!URL.canParse(text)) return null;
  const { pathname, hash } = new URL(text);
  const link = meetingOf(pathname) === meeting ? parseFragment(meeting, hash) : null;
  if (!link) return null;
  const hostHash = link.hostKey === null ? link.hostHash : (await keys.ask("host_hash", { host_key: link.hostKey })).host_hash;
  const { link_id } = await keys.ask("link", { meeting, secret: link.secret });
  const { link_version } = await askLobby(meeting, link_id);
  const device = textOf(crypto.getRandomValues(new Uint8Array(16)));
  const kept: Kept = { secret: link.secret, hostHash: hostHash ?? "", hostKey: link.hostKey, title, linkVersion: link_version, policy: null, device };
  await keep(meeting, kept);
  return kept;
}

/** Draws another secret for that meeting and keeps its link, once the server has taken it; the host key stays. */
export async function replaceKept(meeting: string, kept: Kept, keys: Keys): Promise<Kept> {
  const secret = textOf(crypto.getRandomValues(new Uint8Array(16)));
  const { link_id } = await keys.ask("link", { meeting, secret });
  const former = await keys.ask("link", { meeting, secret: kept.secret });
  const { link_version } = await replaceLink(meeting, { link_id });
  const next = succeeded(kept, former.link_id, { secret, link_version });
  await keep(meeting, next);
  return next;
}
