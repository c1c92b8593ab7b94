/** Helpers for tests: how long random ones run, keys whose bytes are known, and frames as the browser would hand them over. */
import type { Right } from "./mls";
import type { EncodedFrame } from "./pipes";

const times = Number(process.env["EXAMPLES_TIMES"] ?? "1");

/** So many random runs, the same ones each time; with EXAMPLES_TIMES so many times as many, above 1 others (tests/conftest.py reads it too). */
export function runs(numRuns: number): { numRuns: number; seed?: number } {
  const many = Math.max(1, Math.round(numRuns * times));
  return times > 1 ? { numRuns: many } : { numRuns: many, seed: 1 };
}

export function aesKey(fill: number): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", new Uint8Array(16).fill(fill), "AES-GCM", false, ["encrypt", "decrypt"]);
}

export function encoded(bytes: Uint8Array<ArrayBuffer>, mimeType?: string, type?: string): EncodedFrame {
  return { data: bytes.slice().buffer, ...(type === undefined ? {} : { type }), getMetadata: () => (mimeType === undefined ? {} : { mimeType }) };
}

/** What somebody may whom nothing is taken from. */
export const EVERYTHING: readonly Right[] = ["chat", "pictures", "reactions", "rename", "share", "unmute", "video"];
