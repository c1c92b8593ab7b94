/** Helpers for tests of frames: keys whose bytes are known, and frames as the browser would hand them over. */
import type { EncodedFrame } from "./pipes";

export function aesKey(fill: number): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", new Uint8Array(16).fill(fill), "AES-GCM", false, ["encrypt", "decrypt"]);
}

export function encoded(bytes: Uint8Array<ArrayBuffer>, mimeType?: string, type?: string): EncodedFrame {
  return { data: bytes.slice().buffer, ...(type === undefined ? {} : { type }), getMetadata: () => (mimeType === undefined ? {} : { mimeType }) };
}
