import { ApiError } from "../api/http";
import type { askLobby } from "../api/join";
import type { Keys } from "../e2ee/keys.client";
import { meetingOf, parseFragment } from "../e2ee/link";

/** What a pasted link is worth; `elsewhere` names where it leads. */
export type Checked =
  | { readonly kind: "none" | "cut" | "unknown" | "former" }
  | { readonly kind: "elsewhere"; readonly host: string }
  | { readonly kind: "good"; readonly title: string; readonly host: boolean; readonly personal: boolean; readonly open: boolean };

/**
 * Looks at a link without opening it: its shape on this device, then whether this server knows what is derived from it. The secret goes nowhere,
 * and of a link that leads elsewhere nothing at all is sent.
 */
export async function checkLink(pasted: string, origin: string, keys: Pick<Keys, "ask">, ask: typeof askLobby): Promise<Checked> {
  const text = pasted.trim();
  if (!URL.canParse(text)) return { kind: "none" };
  const address = new URL(text);
  if (address.origin !== origin) return { kind: "elsewhere", host: address.host };
  const meeting = meetingOf(address.pathname);
  if (meeting === "") return { kind: "none" };
  const link = parseFragment(meeting, address.hash);
  if (!link) return { kind: "cut" };
  const { link_id } = await keys.ask("link", { meeting, secret: link.secret });
  try {
    const { title, open } = await ask(meeting, link_id);
    return { kind: "good", title, host: link.hostKey !== null, personal: link.invitation !== null, open };
  } catch (error) {
    if (error instanceof ApiError && error.code === "link_unknown") return { kind: "unknown" };
    if (error instanceof ApiError && error.code === "link_old") return { kind: "former" };
    throw error;
  }
}
