/** KEYR-2, KEYR-3: what opens a keyring and how its key is sealed to each opener. WebCrypto only; no key here can be exported once it is made. */
import { bytesOf, textOf } from "./base64";

type Bytes = Uint8Array<ArrayBuffer>;
export type Kind = "passkey" | "recovery" | "device";

/** Where a value belongs: bound into every seal, so that it opens nowhere else (KEYR-3). */
export interface Place { readonly account: string; readonly ring: string }

const CODE_BYTES = 20;
/** Crockford's letters: none that is read as another. */
const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE = /^[0-9A-HJKMNP-TV-Z]{32}$/;
const IV = 12;
const PAGE = 4096;
const POINT = 65;
const CURVE: EcKeyGenParams = { name: "ECDH", namedCurve: "P-256" };
const AES = { name: "AES-GCM", length: 256 };

/** What a passkey is asked for: the same on every device, and no word of the server's. */
export const PRF_INPUT: Bytes = new TextEncoder().encode("conclave/keyring/1/passkey");

export const drawn = (bytes = 16): string => textOf(crypto.getRandomValues(new Uint8Array(bytes)));

/** label ‖ 0x00 ‖ lp(part) ‖ … */
function bound(label: string, ...parts: readonly (string | Bytes)[]): Bytes {
  const pieces: Bytes[] = [new TextEncoder().encode(`conclave/keyring/1/${label}\0`)];
  for (const part of parts) {
    const bytes = typeof part === "string" ? new TextEncoder().encode(part) : part;
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, bytes.byteLength);
    pieces.push(length, bytes);
  }
  return joined(...pieces);
}

function joined(...pieces: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}

/** A recovery code: 160 random bits in eight groups of four, shown once and kept nowhere. */
export function newCode(): string {
  let bits = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(CODE_BYTES))) bits += byte.toString(2).padStart(8, "0");
  const letters = (bits.match(/.{5}/g) ?? []).map((five) => LETTERS.charAt(parseInt(five, 2)));
  return (letters.join("").match(/.{4}/g) ?? []).join("-");
}

/** A code as somebody typed it, letters that look alike taken for each other; null when it cannot be one. */
export function codeBytes(typed: string): Bytes | null {
  const text = typed.toUpperCase().replaceAll("O", "0").replaceAll(/[IL]/g, "1").replaceAll(/[\s\-–—]/g, "");
  if (!CODE.test(text)) return null;
  const bits = (text.match(/./g) ?? []).map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (eight) => parseInt(eight, 2));
}

/** KEYR-2: the key of an opener's own secret, from what the passkey gives or the code holds. Neither can be guessed, so HKDF is enough. */
export async function openingKey(given: Bytes, place: Place, opener: string): Promise<CryptoKey> {
  return derived(given, bound("open", place.account, place.ring, opener));
}

async function derived(given: BufferSource, info: Bytes): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", given, "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(32), info }, base, AES, false, ["encrypt", "decrypt", "wrapKey", "unwrapKey"]);
}

/** A pair whose private half never leaves this device. */
export async function devicePair(): Promise<{ readonly key: CryptoKey; readonly point: string }> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  return { key: privateKey, point: await pointOf(publicKey) };
}

/** A pair whose private half is sealed at once under the opening key. */
export async function sealedPair(opening: CryptoKey, place: Place, opener: string): Promise<{ readonly point: string; readonly secret: string }> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(CURVE, true, ["deriveBits"]);
  const iv = crypto.getRandomValues(new Uint8Array(IV));
  const sealed = await crypto.subtle.wrapKey("pkcs8", privateKey, opening, { name: "AES-GCM", iv, additionalData: bound("secret", place.account, place.ring, opener) });
  return { point: await pointOf(publicKey), secret: textOf(joined(iv, new Uint8Array(sealed))) };
}

/** The private half again; rejects with anything but what sealedPair gave for this place and opener. */
export async function openedPair(secret: string, opening: CryptoKey, place: Place, opener: string): Promise<CryptoKey> {
  const bytes = bytesOf(secret);
  const gcm = { name: "AES-GCM", iv: bytes.slice(0, IV), additionalData: bound("secret", place.account, place.ring, opener) };
  return crypto.subtle.unwrapKey("pkcs8", bytes.slice(IV), opening, gcm, CURVE, false, ["deriveBits"]);
}

async function pointOf(key: CryptoKey): Promise<string> {
  return textOf(new Uint8Array(await crypto.subtle.exportKey("raw", key)));
}

/** A key for the keyring, with a way to seal it to openers while it is new; afterwards nothing gives it out. */
export async function newRingKey(): Promise<{ readonly key: CryptoKey; readonly sealTo: (point: string, place: Place, opener: string) => Promise<string> }> {
  const made = await crypto.subtle.generateKey(AES, true, ["encrypt", "decrypt"]);
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", made));
  return {
    key: await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]),
    sealTo: (point, place, opener) => sealedTo(point, raw, place, opener),
  };
}

async function sealedTo(point: string, raw: Bytes, place: Place, opener: string): Promise<string> {
  const theirs = await crypto.subtle.importKey("raw", bytesOf(point), CURVE, true, []);
  const once = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const mine = new Uint8Array(await crypto.subtle.exportKey("raw", once.publicKey));
  const info = bound("wrap", place.account, place.ring, opener, mine);
  const wrap = await derived(await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, once.privateKey, 256), info);
  const iv = crypto.getRandomValues(new Uint8Array(IV));
  return textOf(joined(mine, iv, new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: info }, wrap, raw))));
}

/** The keyring's key, from what was sealed to this opener; rejects with what was sealed to another, or for another place. */
export async function unsealed(wrapped: string, own: CryptoKey, place: Place, opener: string): Promise<CryptoKey> {
  const bytes = bytesOf(wrapped);
  const theirs = bytes.slice(0, POINT);
  const info = bound("wrap", place.account, place.ring, opener, theirs);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: await crypto.subtle.importKey("raw", theirs, CURVE, true, []) }, own, 256);
  const gcm = { name: "AES-GCM", iv: bytes.slice(POINT, POINT + IV), additionalData: info };
  return crypto.subtle.unwrapKey("raw", bytes.slice(POINT + IV), await derived(shared, info), gcm, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** KEYR-3: account, keyring and version are bound into the seal; its length tells the number of links only roughly. */
function sealing({ account, ring }: Place, version: number): Bytes {
  const counter = new Uint8Array(4);
  new DataView(counter.buffer).setUint32(0, version);
  return bound("ring", account, ring, counter);
}

export async function seal(key: CryptoKey, place: Place, version: number, content: unknown): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify(content));
  const plain = new Uint8Array(Math.ceil(text.byteLength / PAGE) * PAGE).fill(0x20);
  plain.set(text);
  const iv = crypto.getRandomValues(new Uint8Array(IV));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: sealing(place, version) }, key, plain);
  return textOf(joined(iv, new Uint8Array(sealed)));
}

export async function unseal(key: CryptoKey, place: Place, version: number, sealed: string): Promise<unknown> {
  const bytes = bytesOf(sealed);
  const gcm = { name: "AES-GCM", iv: bytes.slice(0, IV), additionalData: sealing(place, version) };
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(gcm, key, bytes.slice(IV)))) as unknown;
}

/** What a version is known by afterwards. */
export async function hashed(sealed: string): Promise<string> {
  return textOf(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(sealed))).slice(0, 16));
}
