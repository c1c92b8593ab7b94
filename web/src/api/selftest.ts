/** The self-test (docs/protocol/selftest.md): a way to the media engine for one visitor alone, and bytes that mean nothing. */
import { countBytes, post, postBytes } from "./http";
import type { MediaOut, SelftestOut } from "./http.gen";

const BYTES = "/selftest/bytes";
/** What the server gives, and takes at most (SELF-3). */
export const MOST = 2 * 1024 * 1024;

export async function askWay(): Promise<MediaOut> {
  return (await post<SelftestOut>("/api/v1/selftest", {})).media;
}

/** Fetches noise for this long at most; returns how many bytes came. */
export function fetchNoise(ms: number): Promise<number> {
  return countBytes(BYTES, AbortSignal.timeout(ms));
}

/** Sends noise; returns how many bytes went: all, or none when it took longer than this. */
export async function sendNoise(bytes: number, ms: number): Promise<number> {
  const noise = new Uint8Array(bytes);
  // No line shall gain by packing it; getRandomValues gives 64 KiB at a time.
  for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(noise.subarray(at, at + 65_536));
  return (await postBytes(BYTES, noise, AbortSignal.timeout(ms))) ? bytes : 0;
}
