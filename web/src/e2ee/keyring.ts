/** LINK-3: the links this device knows, in IndexedDB, encrypted under a key that cannot be exported. */

export interface Kept {
  readonly secret: string;
  readonly hostHash: string;
  readonly hostKey: string | null;
  readonly title: string;
  /** The highest link_version seen for the meeting; a lower one is refused. */
  readonly linkVersion: number;
  /** The highest policy version seen in the call last joined. */
  readonly policy: { readonly call: string; readonly version: number } | null;
  /** A random name of this device for this meeting only. */
  readonly device: string;
  /** The preset of a meeting that was made here (MEET-10). */
  readonly preset?: string;
  /** The personal invitation that came with the link (LINK-9). */
  readonly invitation?: string;
  /** Links that this device has seen replaced, by their ids (former.ts). */
  readonly former?: readonly string[];
}

interface Row { readonly meeting: string; readonly iv: Uint8Array<ArrayBuffer>; readonly sealed: ArrayBuffer }

const DATABASE = "conclave";
const KEYS = "keys";
const LINKS = "links";

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => { resolve(request.result); };
    request.onerror = () => { reject(request.error ?? new Error("IndexedDB failed")); };
  });
}

async function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(KEYS);
    request.result.createObjectStore(LINKS, { keyPath: "meeting" });
  };
  return done(request);
}

async function ringKey(database: IDBDatabase): Promise<CryptoKey> {
  const known = (await done(database.transaction(KEYS).objectStore(KEYS).get("ring"))) as CryptoKey | undefined;
  if (known) return known;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  // `add` fails when another tab was faster; then its key is the ring's.
  await done(database.transaction(KEYS, "readwrite").objectStore(KEYS).add(made, "ring")).catch(() => undefined);
  return (await done(database.transaction(KEYS).objectStore(KEYS).get("ring"))) as CryptoKey;
}

function bound(meeting: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`conclave/key-ring/1\0${meeting}`);
}

export async function keep(meeting: string, kept: Kept): Promise<void> {
  const database = await open();
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify(kept));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bound(meeting) }, await ringKey(database), plain);
  await done(database.transaction(LINKS, "readwrite").objectStore(LINKS).put({ meeting, iv, sealed } satisfies Row));
  database.close();
}

/** What is kept of the meeting, or null; a row that cannot be opened counts as none. */
export async function recall(meeting: string): Promise<Kept | null> {
  const database = await open();
  const row = (await done(database.transaction(LINKS).objectStore(LINKS).get(meeting))) as Row | undefined;
  const kept = row ? await unseal(row, await ringKey(database)) : null;
  database.close();
  return kept;
}

export async function recallAll(): Promise<ReadonlyMap<string, Kept>> {
  const database = await open();
  const rows = (await done(database.transaction(LINKS).objectStore(LINKS).getAll())) as Row[];
  const key = await ringKey(database);
  const all = new Map<string, Kept>();
  for (const row of rows) {
    const kept = await unseal(row, key);
    if (kept) all.set(row.meeting, kept);
  }
  database.close();
  return all;
}

async function unseal({ meeting, iv, sealed }: Row, key: CryptoKey): Promise<Kept | null> {
  try {
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: bound(meeting) }, key, sealed);
    return JSON.parse(new TextDecoder().decode(plain)) as Kept;
  } catch {
    return null;
  }
}
