/** A server and devices for tests of the keyring. */
import { SharedRing } from "./sharedring";
import { KeyringRefused, type Memory, type Remembered, type Server, type SharedLink, type Stored, type Written } from "./sharedring.protocol";

/** Keeps keyrings as the gateway does (accounts/keyring.py): one version after the other, openers' secrets as long as the openers. */
export class Kept implements Server {
  readonly account: string;
  stored: Stored | null = null;
  /** Everything that was ever kept here. */
  readonly history: Stored[] = [];
  constructor(account: string) {
    this.account = account;
  }
  read() {
    return Promise.resolve({ account: this.account, keyring: this.stored });
  }
  async write({ ring, expects, sealed, openers }: Written): Promise<void> {
    await Promise.resolve();
    if (sealed.length > 48 * 1024) throw new Error(`too long: ${String(sealed.length)}`);
    const { stored } = this;
    if ((stored?.version ?? 0) !== expects || (stored && stored.ring !== ring)) throw new KeyringRefused("keyring_moved");
    const before = stored?.openers ?? [];
    const after = openers?.map(({ opener, kind, credential, secret, wrapped }) => ({
      opener, kind, wrapped, credential: credential ?? null, secret: secret ?? before.find((one) => one.opener === opener)?.secret ?? null,
    }));
    this.stored = { ring, version: expects + 1, sealed, openers: after ?? before };
    this.history.push(this.stored);
  }
  empty() {
    this.stored = null;
    return Promise.resolve();
  }
}

/** A device's memory, as long as the device. */
export class Remembering implements Memory {
  readonly known = new Map<string, Remembered>();
  get(account: string) {
    return Promise.resolve(this.known.get(account) ?? null);
  }
  put(account: string, remembered: Remembered) {
    const known = this.known.get(account);
    const behind = known?.former.includes(remembered.ring) === true || (known?.ring === remembered.ring && known.version > remembered.version);
    if (!behind) this.known.set(account, remembered);
    return Promise.resolve();
  }
}

export interface Device { readonly ring: SharedRing; readonly memory: Remembering }

export function device(server: Server, account = "alice"): Device {
  const memory = new Remembering();
  let time = 0;
  return { memory, ring: new SharedRing(account, server, memory, () => (time += 1)) };
}

export function link(meeting: string, linkVersion = 1): SharedLink {
  return { meeting, secret: `secret-${meeting}-${String(linkVersion)}`, hostHash: `hash-${meeting}`, hostKey: `key-${meeting}`, linkVersion };
}

export const passkey = (seed: number) => ({ credential: `credential-${String(seed)}`, name: `Key ${String(seed)}`, given: new Uint8Array(32).fill(seed) });

/** What a device knows after it has put one more link in. */
export async function adds({ ring }: Device, one: SharedLink): Promise<readonly SharedLink[]> {
  const standing = await ring.sync((links) => Promise.resolve([...links.filter(({ meeting }) => meeting !== one.meeting), one]));
  if (standing.state !== "open") throw new Error(standing.state);
  return standing.links;
}

export async function knows({ ring }: Device): Promise<readonly string[] | string> {
  const standing = await ring.look();
  return standing.state === "open" ? standing.links.map(({ meeting }) => meeting) : standing.state;
}
