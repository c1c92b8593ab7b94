import { postMeeting, type Preset } from "../api/meetings";
import { textOf } from "../e2ee/base64";
import { keep, type Kept } from "../e2ee/keyring";
import type { Keys } from "../e2ee/keys.client";

const ID_BYTES = 16;
const random = (): string => textOf(crypto.getRandomValues(new Uint8Array(ID_BYTES)));

export interface Made {
  readonly meeting: string;
  readonly kept: Kept;
}

export interface Wishes {
  readonly title?: string;
  readonly preset: Preset;
  readonly passcode?: string;
  /** Under whose policy it is to be. */
  readonly organisation?: string | undefined;
  /** The one-time token of an address that makes one meeting. */
  readonly now?: string;
}

/**
 * Makes a meeting: id, secret and host key are drawn here; the server learns the id, two hashes and the title (MEET-1).
 *
 * The link is kept on this device; where the browser refuses to keep anything, it is only in what is returned.
 */
export async function createMeeting(keys: Keys, { title = "", preset, passcode = "", organisation, now }: Wishes): Promise<Made> {
  const meeting = random();
  const { secret, host_key, host_hash, link_id } = await keys.ask("new_link", { meeting });
  const more = { ...(passcode === "" ? {} : { entrance: { passcode } }), ...(now === undefined ? {} : { now }), ...(organisation === undefined ? {} : { organisation }) };
  await postMeeting({ meeting, title, link_id, host_hash, preset, ...more });
  const kept: Kept = { secret, hostHash: host_hash, hostKey: host_key, title, linkVersion: 1, policy: null, device: random(), preset };
  await keep(meeting, kept).catch(() => undefined);
  return { meeting, kept };
}
