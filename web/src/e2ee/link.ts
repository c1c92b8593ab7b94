/** The secret half of a meeting's address (docs/protocol/link.md): read once, erased from the address bar, never sent. */
import { bytesOf } from "./base64";

export interface Link {
  readonly meeting: string;
  readonly secret: string;
  readonly hostHash: string | null;
  /** Present in a host link only; the hash is then derived from it. */
  readonly hostKey: string | null;
  /** What stands in one person's own link; it goes to the door and into no link that is passed on (LINK-9). */
  readonly invitation: string | null;
}

/** LINK-2: exactly one of the three shapes, or null; nothing is sent for a link that is cut or wrong. */
export function parseFragment(meeting: string, fragment: string): Link | null {
  const [secret, host, invitation = null, ...rest] = fragment.replace(/^#/, "").split(".");
  if (secret === undefined || host === undefined || rest.length > 0) return null;
  if (lengthOf(meeting) !== 16 || lengthOf(secret) !== 16) return null;
  if (invitation !== null && (lengthOf(invitation) !== 16 || lengthOf(host) !== 16)) return null;
  if (lengthOf(host) === 16) return { meeting, secret, hostHash: host, hostKey: null, invitation };
  if (lengthOf(host) === 32) return { meeting, secret, hostHash: null, hostKey: host, invitation };
  return null;
}

/** The meeting of a path `/m/<meeting>`; empty when it is none. */
export function meetingOf(path: string): string {
  return /^\/m\/([A-Za-z0-9_-]{22})\/?$/.exec(path)?.[1] ?? "";
}

/** LINK-1: takes the fragment out of the address bar before anything else happens, whatever it holds. */
export function takeFragment(location: Location, history: History): string {
  const { hash } = location;
  if (hash !== "") history.replaceState(history.state, "", location.pathname + location.search);
  return hash;
}

function lengthOf(text: string): number {
  try {
    return bytesOf(text).byteLength;
  } catch {
    return -1;
  }
}
