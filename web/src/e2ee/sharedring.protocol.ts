/** What a keyring is made of, and what a device asks of the server and of its own memory (docs/protocol/keyring.md). */
import type { Kind } from "./openers";

type Bytes = Uint8Array<ArrayBuffer>;

/** Why the keyring was not used, by a stable code (KEYR-6). */
export type RefusalCode =
  | "keyring_account" | "keyring_forked" | "keyring_full" | "keyring_moved" | "keyring_newer" | "keyring_older" | "keyring_sealed" | "keyring_wrong_code";

export class KeyringRefused extends Error {
  readonly code: RefusalCode;
  constructor(code: RefusalCode) {
    super(code);
    this.name = "KeyringRefused";
    this.code = code;
  }
}

export interface SharedLink {
  readonly meeting: string;
  readonly secret: string;
  readonly hostHash: string;
  readonly hostKey: string | null;
  readonly linkVersion: number;
}

/** An opener as the keyring itself knows it; the server is shown neither name nor point. */
export interface RingOpener {
  readonly opener: string;
  readonly kind: Kind;
  readonly name: string;
  readonly point: string;
  readonly since: number;
  readonly credential?: string;
}

export interface Content {
  readonly v: 1;
  readonly openers: readonly RingOpener[];
  readonly links: readonly SharedLink[];
  /** What the versions before this one hashed to, the latest last (KEYR-5). */
  readonly chain: readonly string[];
}

export interface StoredOpener { readonly opener: string; readonly kind: Kind; readonly credential: string | null; readonly secret: string | null; readonly wrapped: string }
export interface Stored { readonly ring: string; readonly version: number; readonly sealed: string; readonly openers: readonly StoredOpener[] }
export interface Answer { readonly account: string; readonly keyring: Stored | null }
export interface SentOpener { readonly opener: string; readonly kind: Kind; readonly credential?: string; readonly secret?: string; readonly wrapped: string }
export interface Written { readonly ring: string; readonly expects: number; readonly sealed: string; readonly openers?: SentOpener[] }

/** What is asked of a server; write() rejects with KeyringRefused("keyring_moved") when the version is not the one expected. */
export interface Server {
  read(): Promise<Answer>;
  write(written: Written): Promise<unknown>;
  empty(): Promise<unknown>;
}

/** What a device remembers of the keyring of an account, and never of a lower version again (KEYR-5). */
export interface Remembered {
  readonly ring: string;
  readonly version: number;
  readonly hash: string;
  /** Keyrings that were emptied or left behind. */
  readonly former: readonly string[];
  readonly device: { readonly opener: string; readonly key: CryptoKey } | null;
}
export interface Memory {
  get(account: string): Promise<Remembered | null>;
  /** Keeps it, unless a higher version of the same keyring is remembered by then. */
  put(account: string, remembered: Remembered): Promise<void>;
}

export interface Open { readonly state: "open"; readonly openers: readonly RingOpener[]; readonly links: readonly SharedLink[]; readonly device: string }
export interface Closed { readonly state: "closed"; readonly openers: readonly StoredOpener[]; /** It is another keyring than this device knew. */ readonly other: boolean }
export interface None { readonly state: "none"; /** This device knew one. */ readonly gone: boolean }
export type Standing = Open | Closed | None;

/** What a person shows to open it. */
export type Shown = { readonly code: string } | { readonly credential: string; readonly given: Bytes };
export interface ShownPasskey { readonly credential: string; readonly given: Bytes; readonly name: string }

export const MOST: Readonly<Record<Kind, number>> = { passkey: 10, recovery: 1, device: 20 };
export const MOST_LINKS = 100;
