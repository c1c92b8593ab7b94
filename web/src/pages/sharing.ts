/** The keyring of whoever is signed in, and this device's own key ring: each gives the other what it lacks. */
import { ApiError } from "../api/http";
import { deleteKeyring, getKeyring, putKeyring } from "../api/keyring";
import { getMeetings, type OwnMeeting } from "../api/meetings";
import { succeeded } from "../e2ee/former";
import { keep, type Kept } from "../e2ee/keyring";
import type { Keys } from "../e2ee/keys.client";
import { drawn } from "../e2ee/openers";
import { deviceMemory } from "../e2ee/sharedring.memory";
import { SharedRing } from "../e2ee/sharedring";
import { KeyringRefused, type SharedLink, type Standing, type Written } from "../e2ee/sharedring.protocol";

async function write(written: Written): Promise<void> {
  try {
    await putKeyring(written);
  } catch (error) {
    if (error instanceof ApiError && error.code === "keyring_moved") throw new KeyringRefused("keyring_moved");
    throw error;
  }
}

export function ringOf(account: string): SharedRing {
  return new SharedRing(account, { read: getKeyring, write, empty: deleteKeyring }, deviceMemory);
}

/** A meeting, as far as its link needs it. */
export type Listed = Pick<OwnMeeting, "meeting" | "title" | "created_at">;

export interface Shared {
  readonly standing: Standing;
  /** What this device keeps now of these meetings and did not before. */
  readonly news: ReadonlyMap<string, Kept>;
}

/**
 * KEYR-7: brings the keyring and this device's own key ring together, for the meetings that are this person's own and for no others:
 * who else uses this browser has links in it too.
 */
export async function share(account: string, listed: readonly Listed[], ring: ReadonlyMap<string, Kept>, keys: Pick<Keys, "ask">): Promise<Shared> {
  let own = listed;
  const standing = await ringOf(account).sync(async (links) => {
    // What is not on the page was made or deleted elsewhere, and what the keyring lacks may have been since: a list that is asked for after the
    // keyring was read tells which, as far as it takes to see them all.
    const has = (all: readonly { readonly meeting: string }[], { meeting }: { readonly meeting: string }): boolean => all.some((one) => one.meeting === meeting);
    const asked = [...links.filter((link) => !has(own, link)), ...merged(own, links, ring).filter((link) => !has(links, link))];
    if (asked.length > 0) own = await getMeetings((seen) => [...links, ...asked].every((link) => has(seen, link)));
    return merged(own, links, ring);
  });
  const news = standing.state === "open" ? await adopted(own, standing.links, ring, keys) : new Map<string, Kept>();
  for (const [meeting, kept] of news) await keep(meeting, kept);
  return { standing, news };
}

/** The keyring's links as they should be: of one's own meetings, the newest first, each in its highest version. */
export function merged(own: readonly Listed[], links: readonly SharedLink[], ring: ReadonlyMap<string, Kept>): readonly SharedLink[] {
  // By when they were made, whatever the list's order: two devices must not take turns in writing theirs.
  const newest = [...own].sort((one, other) => other.created_at - one.created_at || (one.meeting < other.meeting ? -1 : 1));
  return newest.flatMap(({ meeting }) => {
    const there = links.find((link) => link.meeting === meeting);
    const kept = ring.get(meeting);
    const here = kept && linkOf(meeting, kept);
    const link = there && here ? newer(there, here) : (there ?? here);
    return link ? [link] : [];
  });
}

function linkOf(meeting: string, { secret, hostHash, hostKey, linkVersion }: Kept): SharedLink {
  return { meeting, secret, hostHash, hostKey, linkVersion };
}

/** A meeting has one host key for good: a link with another one is not this meeting's. */
function newer(there: SharedLink, here: SharedLink): SharedLink {
  if (there.hostHash !== here.hostHash) return there;
  const hostKey = there.hostKey ?? here.hostKey;
  if (here.linkVersion > there.linkVersion) return { ...there, ...here, hostKey };
  return there.secret === here.secret ? { ...there, hostKey } : there;
}

/** LINK-3: what this device takes over; a link that it has seen replaced it never keeps again. */
export async function adopted(own: readonly Listed[], links: readonly SharedLink[], ring: ReadonlyMap<string, Kept>, keys: Pick<Keys, "ask">): Promise<ReadonlyMap<string, Kept>> {
  const news = new Map<string, Kept>();
  for (const { meeting, secret, hostHash, hostKey, linkVersion } of links) {
    const kept = ring.get(meeting);
    if (!kept) {
      const title = own.find((one) => one.meeting === meeting)?.title ?? "";
      // Without a preset, which might be an old one: who did not make the meeting goes by the lobby's word (MEET-10).
      news.set(meeting, { secret, hostHash, hostKey, title, linkVersion, policy: null, device: drawn() });
    } else if (kept.hostHash === hostHash && kept.secret !== secret && linkVersion > kept.linkVersion) {
      const { link_id } = await keys.ask("link", { meeting, secret });
      if (kept.former?.includes(link_id)) continue;
      const former = await keys.ask("link", { meeting, secret: kept.secret });
      news.set(meeting, { ...succeeded(kept, former.link_id, { secret, link_version: linkVersion }), hostKey: kept.hostKey ?? hostKey });
    } else if (kept.hostHash === hostHash && kept.secret === secret && kept.hostKey === null && hostKey !== null) {
      news.set(meeting, { ...kept, hostKey });
    }
  }
  return news;
}
