/** LINK-3: links that this device has seen replaced are never opened again, whatever a server says of them. */
import type { Kept } from "./keyring";

/** As many as a meeting is likely to have had; an older one knocks, as anywhere. */
const MOST = 20;

/** What is kept once a link has taken another's place; of the former one nothing but the id that it is known by. */
export function succeeded(kept: Kept, former: string, { secret, link_version }: { readonly secret: string; readonly link_version: number }): Kept {
  const before = (kept.former ?? []).filter((one) => one !== former);
  return { ...kept, secret, linkVersion: link_version, ...(secret === kept.secret ? {} : { former: [...before, former].slice(-MOST) }) };
}
