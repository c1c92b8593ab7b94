/**
 * The keyring (docs/protocol/keyring.md): one person's links, on all their devices, through a server that can neither open nor change them.
 *
 * Whatever the server answers, a device ends with links that one of the person's devices wrote, no older than it has seen, or with a KeyringRefused.
 */
import { codeBytes, devicePair, drawn, hashed, type Kind, newCode, newRingKey, openedPair, openingKey, type Place, seal, sealedPair, unseal, unsealed } from "./openers";
import {
  type Closed, type Content, KeyringRefused, type Memory, MOST, MOST_LINKS, type None, type RefusalCode, type Remembered, type RingOpener, type SentOpener, type Server, type SharedLink, type Shown,
  type ShownPasskey, type Standing, type Stored, type StoredOpener,
} from "./sharedring.protocol";

type Bytes = Uint8Array<ArrayBuffer>;

const CHAIN = 32;
/** KEYR-10: as much as fits into what the server takes, whatever passkeys call themselves. */
const LARGEST = 32 * 1024;
const ATTEMPTS = 4;

interface Seen { readonly place: Place; readonly stored: Stored; readonly hash: string; readonly known: Remembered | null }
interface Unlocked extends Seen { readonly key: CryptoKey; readonly content: Content; readonly device: { readonly opener: string; readonly key: CryptoKey } }

export class SharedRing {
  readonly #account: string;
  readonly #server: Server;
  readonly #memory: Memory;
  readonly #now: () => number;

  constructor(account: string, server: Server, memory: Memory, now: () => number = Date.now) {
    this.#account = account;
    this.#server = server;
    this.#memory = memory;
    this.#now = now;
  }

  /** How the keyring stands for this device; openers that the server has lost are left behind under a new key (KEYR-8). */
  look(): Promise<Standing> {
    return this.#persist(async () => {
      const found = await this.#stand();
      if ("state" in found) return found;
      const { content, device } = found;
      return { state: "open", openers: content.openers, links: content.links, device: device.opener };
    });
  }

  /** Makes a keyring that this device, a new code and, where there is one, a passkey open; returns the code, which is kept nowhere. */
  async create(device: string, passkey: ShownPasskey | null, links: readonly SharedLink[]): Promise<string> {
    const seen = await this.#read();
    if ("stored" in seen) throw new KeyringRefused("keyring_moved");
    const place: Place = { account: this.#account, ring: drawn() };
    const code = newCode();
    const own = await this.#newDevice(device);
    const made = [await this.#newOpener(place, "recovery", "", given(code)), ...(passkey ? [await this.#newOpener(place, "passkey", passkey.name, passkey.given, passkey.credential)] : [])];
    const openers = [own.opener, ...made.map((one) => one.opener)];
    const { key, sealTo } = await newRingKey();
    const sealed = await seal(key, place, 1, fitting({ v: 1, openers, links, chain: [] }));
    await this.#server.write({ ring: place.ring, expects: 0, sealed, openers: await sent(openers, place, sealTo, made) });
    await this.#remember({ place, known: seen.known }, 1, sealed, own.kept);
    return code;
  }

  /** Opens it with a code or a passkey, and lets this device open it from now on. */
  open(shown: Shown, device: string): Promise<void> {
    return this.#persist(async () => {
      const seen = await this.#read();
      if (!("stored" in seen)) throw new KeyringRefused("keyring_moved");
      const { row, key, content } = await this.#openBy(seen, shown);
      if (!content.openers.some(({ opener, kind }) => opener === row.opener && kind === row.kind)) throw new KeyringRefused("keyring_sealed");
      const own = await this.#newDevice(device);
      const unlocked: Unlocked = { ...seen, key, content, device: own.kept };
      await this.#rekey(unlocked, room([...present(unlocked), own.opener]));
    });
  }

  /** Lets one more passkey open it. */
  addPasskey({ credential, given: output, name }: ShownPasskey): Promise<void> {
    return this.#persist(async () => {
      const unlocked = await this.#opened();
      const others = present(unlocked).filter((one) => one.credential !== credential);
      if (others.filter(({ kind }) => kind === "passkey").length >= MOST.passkey) throw new KeyringRefused("keyring_full");
      const made = await this.#newOpener(unlocked.place, "passkey", name, output, credential);
      await this.#rekey(unlocked, [...others, made.opener], [made]);
    });
  }

  /** A new recovery code; the former one opens nothing any more. */
  renewCode(): Promise<string> {
    return this.#persist(async () => {
      const unlocked = await this.#opened();
      const code = newCode();
      const made = await this.#newOpener(unlocked.place, "recovery", "", given(code));
      await this.#rekey(unlocked, [...present(unlocked).filter(({ kind }) => kind !== "recovery"), made.opener], [made]);
      return code;
    });
  }

  /** Lets an opener open it no more: the key is another from then on (KEYR-8). */
  async remove(opener: string): Promise<void> {
    await this.#persist(async () => {
      const unlocked = await this.#opened();
      await this.#rekey(unlocked, present(unlocked).filter((one) => one.opener !== opener));
    });
  }

  /** Closes it on this device; what it has already put into the device's own key ring stays there. */
  close(): Promise<void> {
    return this.#persist(async () => {
      const unlocked = await this.#opened();
      await this.#rekey(unlocked, present(unlocked).filter(({ opener }) => opener !== unlocked.device.opener), [], null);
    });
  }

  /** KEYR-9: deletes it at the server; this device takes it for over, whoever shows it again. */
  async empty(): Promise<void> {
    const known = await this.#memory.get(this.#account);
    const { account, keyring } = await this.#server.read();
    if (account !== this.#account) throw new KeyringRefused("keyring_account");
    await this.#server.empty();
    await this.#memory.put(this.#account, { ring: "", version: 0, hash: "", former: behind(known, keyring?.ring ?? ""), device: null });
  }

  /**
   * Puts into the keyring what `merge` makes of its links, if that is different; returns how it stands then.
   *
   * KEYR-4: when another device was faster, it is read and merged anew.
   */
  sync(merge: (links: readonly SharedLink[]) => Promise<readonly SharedLink[]>): Promise<Standing> {
    return this.#persist(async () => {
      const found = await this.#stand();
      if ("state" in found) return found;
      const { place, stored, key, content, hash, device } = found;
      const { links } = fitting({ ...content, links: await merge(content.links) });
      if (JSON.stringify(links) !== JSON.stringify(content.links)) {
        const version = stored.version + 1;
        const sealed = await seal(key, place, version, { ...content, links, chain: [...content.chain, hash].slice(-CHAIN) });
        await this.#server.write({ ring: place.ring, expects: stored.version, sealed });
        await this.#remember(found, version, sealed, device);
      }
      return { state: "open", openers: content.openers, links, device: device.opener };
    });
  }

  async #stand(): Promise<Unlocked | Closed | None> {
    const seen = await this.#read();
    if (!("stored" in seen)) return { state: "none", gone: (seen.known?.ring ?? "") !== "" };
    const unlocked = await this.#unlock(seen);
    if (!unlocked) return { state: "closed", openers: seen.stored.openers, other: !["", seen.place.ring].includes(seen.known?.ring ?? "") };
    const left = present(unlocked);
    if (left.length === unlocked.content.openers.length) return unlocked;
    await this.#rekey(unlocked, left);
    return this.#opened();
  }

  async #persist<T>(act: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await act();
      } catch (error) {
        if (!(error instanceof KeyringRefused) || error.code !== "keyring_moved" || attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** KEYR-5: what the server gives, held to what this device remembers. Memory is read first: another tab may write meanwhile. */
  async #read(): Promise<Seen | { readonly known: Remembered | null }> {
    const known = await this.#memory.get(this.#account);
    const { account, keyring } = await this.#server.read();
    if (account !== this.#account) throw new KeyringRefused("keyring_account");
    if (!keyring) return { known };
    if (known?.former.includes(keyring.ring)) throw new KeyringRefused("keyring_older");
    const hash = await hashed(keyring.sealed);
    if (known?.ring === keyring.ring) {
      if (keyring.version < known.version) throw new KeyringRefused("keyring_older");
      if (keyring.version === known.version && hash !== known.hash) throw new KeyringRefused("keyring_forked");
    }
    return { place: { account: this.#account, ring: keyring.ring }, stored: keyring, hash, known };
  }

  /** With this device's own key; null where the device opens it no more, or not yet. */
  async #unlock(seen: Seen): Promise<Unlocked | null> {
    const { place, stored, known } = seen;
    const device = known?.ring === place.ring ? known.device : null;
    const row = stored.openers.find(({ opener, kind }) => kind === "device" && opener === device?.opener);
    if (!device || !row) return null;
    const key = await or("keyring_sealed", unsealed(row.wrapped, device.key, place, row.opener));
    const unlocked = { ...seen, key, content: await this.#content(seen, key), device };
    await this.#remember(unlocked, stored.version, stored.sealed, device);
    return unlocked;
  }

  async #opened(): Promise<Unlocked> {
    const seen = await this.#read();
    const unlocked = "stored" in seen ? await this.#unlock(seen) : null;
    if (!unlocked) throw new KeyringRefused("keyring_moved");
    return unlocked;
  }

  async #openBy(seen: Seen, shown: Shown): Promise<{ row: StoredOpener; key: CryptoKey; content: Content }> {
    const { place, stored } = seen;
    const row = stored.openers.find(({ kind, credential }) => ("code" in shown ? kind === "recovery" : kind === "passkey" && credential === shown.credential));
    const secret = row?.secret;
    if (!row || typeof secret !== "string") throw new KeyringRefused("keyring_wrong_code");
    const opening = await openingKey("code" in shown ? given(shown.code) : shown.given, place, row.opener);
    const own = await or("keyring_wrong_code", openedPair(secret, opening, place, row.opener));
    const key = await or("keyring_sealed", unsealed(row.wrapped, own, place, row.opener));
    return { row, key, content: await this.#content(seen, key) };
  }

  /** KEYR-3, KEYR-5: the content of exactly this version, if it follows what this device has seen. */
  async #content({ place, stored, known }: Seen, key: CryptoKey): Promise<Content> {
    const content = (await or("keyring_sealed", unseal(key, place, stored.version, stored.sealed))) as Content;
    if ((content.v as number) !== 1) throw new KeyringRefused("keyring_newer");
    if (known?.ring === place.ring && stored.version > known.version) {
      const then = content.chain.at(known.version - stored.version);
      // Beyond the chain's length a device can only go by the version.
      if (then !== undefined && then !== known.hash) throw new KeyringRefused("keyring_forked");
    }
    return content;
  }

  /** KEYR-8: another key for whoever opens it from now on; those who did before know nothing of it. */
  async #rekey({ place, stored, hash, content, known, device }: Unlocked, openers: readonly RingOpener[], made: readonly MadeOpener[] = [], keep: Remembered["device"] = device): Promise<void> {
    const { key, sealTo } = await newRingKey();
    const version = stored.version + 1;
    const sealed = await seal(key, place, version, fitting({ ...content, openers, chain: [...content.chain, hash].slice(-CHAIN) }));
    await this.#server.write({ ring: place.ring, expects: stored.version, sealed, openers: await sent(openers, place, sealTo, made) });
    await this.#remember({ place, known }, version, sealed, keep);
  }

  async #remember({ place, known }: Pick<Seen, "place" | "known">, version: number, sealed: string, device: Remembered["device"]): Promise<void> {
    const former = known?.ring === place.ring ? known.former : behind(known, "");
    await this.#memory.put(this.#account, { ring: place.ring, version, hash: await hashed(sealed), former, device });
  }

  async #newDevice(name: string): Promise<{ readonly opener: RingOpener; readonly kept: { readonly opener: string; readonly key: CryptoKey } }> {
    const { key, point } = await devicePair();
    const opener = drawn();
    return { opener: { opener, kind: "device", name, point, since: this.#now() }, kept: { opener, key } };
  }

  async #newOpener(place: Place, kind: Kind, name: string, from: Bytes, credential?: string): Promise<MadeOpener> {
    const opener = drawn();
    const { point, secret } = await sealedPair(await openingKey(from, place, opener), place, opener);
    return { secret, opener: { opener, kind, name, point, since: this.#now(), ...(credential === undefined ? {} : { credential }) } };
  }
}

interface MadeOpener { readonly opener: RingOpener; readonly secret: string }

/** The keyrings that a device never opens again. */
function behind(known: Remembered | null, ring: string): readonly string[] {
  return [...new Set([...(known?.former ?? []), known?.ring ?? "", ring])].filter((one) => one !== "");
}

function given(code: string): Bytes {
  const bytes = codeBytes(code);
  if (!bytes) throw new KeyringRefused("keyring_wrong_code");
  return bytes;
}

/** Those of the keyring's openers that the server still has: a passkey that its person removed is gone there. */
function present({ content, stored }: Unlocked): readonly RingOpener[] {
  return content.openers.filter(({ opener, kind }) => stored.openers.some((row) => row.opener === opener && row.kind === kind));
}

/** The newest links, which stand first, as many as there is room for beside everything else. */
function fitting(content: Content): Content {
  let links = content.links.slice(0, MOST_LINKS);
  // The chain grows to its length yet.
  const size = (): number => new TextEncoder().encode(JSON.stringify({ ...content, links, chain: Array<string>(CHAIN).fill("x".repeat(22)) })).byteLength;
  while (links.length > 0 && size() > LARGEST) links = links.slice(0, -1);
  return { ...content, links };
}

/** As many devices as there may be: the one that came first makes room. */
function room(openers: readonly RingOpener[]): readonly RingOpener[] {
  const devices = openers.filter(({ kind }) => kind === "device");
  const tooMany = devices.sort((one, other) => one.since - other.since).slice(0, Math.max(0, devices.length - MOST.device));
  return openers.filter((one) => !tooMany.includes(one));
}

async function sent(openers: readonly RingOpener[], place: Place, sealTo: (point: string, place: Place, opener: string) => Promise<string>, made: readonly MadeOpener[]): Promise<SentOpener[]> {
  return Promise.all(
    openers.map(async ({ opener, kind, point, credential }) => {
      const secret = made.find((one) => one.opener.opener === opener)?.secret;
      const wrapped = await sealTo(point, place, opener);
      return { opener, kind, wrapped, ...(credential === undefined ? {} : { credential }), ...(secret === undefined ? {} : { secret }) };
    }),
  );
}

async function or<T>(code: RefusalCode, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch {
    throw new KeyringRefused(code);
  }
}
