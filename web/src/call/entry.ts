/** Everything that can be done before the click: link, key ring, identity key. All of it happens on this device. */
import { textOf } from "../e2ee/base64";
import { keep, recall, type Kept } from "../e2ee/keyring";
import type { Keys } from "../e2ee/keys.client";
import type { OpenArguments } from "../e2ee/keys.protocol";
import { parseFragment } from "../e2ee/link";
import { keptAttended, keptSeat, type KeptSeat } from "./seat";

export interface Entry {
  readonly meeting: string;
  readonly kept: Kept;
  readonly open: OpenArguments;
  readonly signatureKey: string;
  readonly identity: string;
  readonly linkId: string;
  /** The seat this tab had before a reload. */
  readonly again: KeptSeat | null;
}

/** Null when neither the address nor this device has the whole link (LINK-2). */
export async function prepare(meeting: string, fragment: string, keys: Keys): Promise<Entry | null> {
  const kept = fragment === "" ? await recall(meeting).catch(() => null) : await fromFragment(meeting, fragment, keys);
  if (!kept) return null;
  return openEntry(meeting, kept, keptSeat(meeting), keys);
}

/** A new identity key, or the old seat's: a replacement keeps its signature key. */
export async function openEntry(meeting: string, kept: Kept, again: KeptSeat | null, keys: Keys): Promise<Entry> {
  const { secret, hostHash, hostKey } = kept;
  const open: OpenArguments = {
    meeting, secret, host_hash: hostHash, ...(hostKey === null ? {} : { host_key: hostKey }), ...(again ? { identity: again.identity } : {}),
  };
  const { signature_key, identity, link_id } = await keys.ask("open", open);
  const before = again && keptAttended(meeting);
  if (before) await keys.ask("attended", { before });
  return { meeting, kept, open, signatureKey: signature_key, identity, linkId: link_id, again };
}

/** LINK-3: the link in the address, or the newer one of the meeting that this device has kept. */
async function fromFragment(meeting: string, fragment: string, keys: Keys): Promise<Kept | null> {
  const link = parseFragment(meeting, fragment);
  if (!link) return null;
  const before = await recall(meeting).catch(() => null);
  const hostHash = link.hostHash ?? (link.hostKey === null ? "" : (await keys.ask("host_hash", { host_key: link.hostKey })).host_hash);
  if (before?.former?.includes((await keys.ask("link", { meeting, secret: link.secret })).link_id)) {
    return before.hostHash === hostHash ? { ...before, hostKey: link.hostKey ?? before.hostKey, ...invitationOf(link.invitation, before) } : before;
  }
  const same = before?.secret === link.secret && before.hostHash === hostHash;
  const kept: Kept = {
    secret: link.secret,
    hostHash,
    hostKey: link.hostKey ?? (before?.hostHash === hostHash ? before.hostKey : null),
    title: before?.title ?? "",
    // Another secret is another version, which the ticket will name.
    linkVersion: before?.linkVersion ?? (same ? 1 : 0),
    policy: before?.policy ?? null,
    device: before?.device ?? textOf(crypto.getRandomValues(new Uint8Array(16))),
    // A plain link of the same meeting, opened later, takes nobody's invitation away.
    ...invitationOf(link.invitation, before?.hostHash === hostHash ? before : null),
    // What was chosen here is this device's own word; the server's only fills in elsewhere (MEET-10, I10).
    ...(before?.hostHash === hostHash && before.preset !== undefined ? { preset: before.preset } : {}),
    ...(before?.former === undefined ? {} : { former: before.former }),
  };
  // Another link than the one kept here takes its place only once the server has confirmed it (call.ts): anybody can send a wrong one.
  // A device that refuses storage can still take part; only a reload will ask for the link again.
  if (before === null || same) await keep(meeting, kept).catch(() => undefined);
  return kept;
}

function invitationOf(invitation: string | null, before: Kept | null): { readonly invitation?: string } {
  const one = invitation ?? before?.invitation;
  return one === undefined ? {} : { invitation: one };
}
