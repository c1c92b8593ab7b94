import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { textOf } from "./base64";
import { clearBytes, codecOf, openFrame, readTrailer, sealFrame, TAG_BYTES, TRAILER_BYTES, writeTrailer } from "./frames";
import { aesKey } from "./testing";

interface Vector { name: string; key: string; plain: string; codec: string; keyFrame: boolean; counter: number; epoch: number; leaf: number; kind: number; sealed: string }
const vectors = JSON.parse(readFileSync(new URL("../../../tests/vectors/frames.json", import.meta.url), "utf8")) as { valid: Vector[] };
const hex = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const trailers = fc.record({
  counter: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  epoch: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  leaf: fc.integer({ min: 0, max: 2 ** 24 - 1 }),
  kind: fc.integer({ min: 1, max: 4 }),
});
const payloads = fc.uint8Array({ minLength: 1, maxLength: 400 }).map((bytes) => new Uint8Array(bytes));

describe("A sealed frame", () => {
  it.each(vectors.valid)("equals the shared vector: $name", async ({ key, plain, codec, keyFrame, sealed, ...trailer }) => {
    const imported = await crypto.subtle.importKey("raw", hex(key), "AES-GCM", false, ["encrypt", "decrypt"]);
    const clear = clearBytes(codecOf(codec), keyFrame) ?? NaN;
    expect(toHex(await sealFrame(imported, hex(plain), clear, trailer))).toBe(sealed);
    expect(toHex(await openFrame(imported, hex(sealed), clear))).toBe(plain);
    expect(readTrailer(hex(sealed))).toEqual({ counter: trailer.counter, epoch: trailer.epoch, leaf: trailer.leaf, kind: trailer.kind });
  });

  it("opens to what was sealed, whatever it was", async () => {
    const key = await aesKey(1);
    await fc.assert(
      fc.asyncProperty(payloads, trailers, fc.constantFrom(0, 1, 3, 10), async (payload, trailer, clear) => {
        const sealed = await sealFrame(key, payload, clear, trailer);
        expect(sealed.byteLength).toBe(payload.byteLength + TAG_BYTES + TRAILER_BYTES);
        expect(readTrailer(sealed)).toEqual(trailer);
        expect(textOf(await openFrame(key, sealed, clear))).toBe(textOf(payload));
      }),
    );
  });

  it("does not open when any bit of it is changed, the clear bytes and the trailer included", async () => {
    const key = await aesKey(2);
    await fc.assert(
      fc.asyncProperty(payloads, trailers, fc.nat(), fc.integer({ min: 0, max: 7 }), async (payload, trailer, where, bit) => {
        const sealed = await sealFrame(key, payload, 3, trailer);
        const at = where % sealed.byteLength;
        sealed[at] = (sealed[at] ?? 0) ^ (1 << bit);
        await expect(openFrame(key, sealed, 3)).rejects.toThrow();
      }),
    );
  });

  it("does not open under another key", async () => {
    const sealed = await sealFrame(await aesKey(3), new Uint8Array([1, 2, 3]), 1, { counter: 0, epoch: 1, leaf: 0, kind: 1 });
    await expect(openFrame(await aesKey(4), sealed, 1)).rejects.toThrow();
  });

  it("shows none of the payload but the clear bytes (I1)", async () => {
    const payload = new TextEncoder().encode("0123456789 this must never be seen on the wire");
    const sealed = await sealFrame(await aesKey(5), payload, 10, { counter: 9, epoch: 1, leaf: 0, kind: 2 });
    expect(new TextDecoder("latin1").decode(sealed.subarray(10))).not.toContain("never");
    expect(textOf(sealed.subarray(0, 10))).toBe(textOf(payload.subarray(0, 10)));
  });
});

describe("A trailer", () => {
  it("is refused when a field does not fit, rather than wrapped around", () => {
    for (const field of [{ counter: 2 ** 48 }, { epoch: 2 ** 32 }, { leaf: 2 ** 24 }, { counter: -1 }]) {
      expect(() => writeTrailer({ counter: 0, epoch: 0, leaf: 0, kind: 1, ...field })).toThrow(RangeError);
    }
  });

  it("is not read from a frame too short to hold it", () => {
    expect(readTrailer(new Uint8Array(TAG_BYTES + TRAILER_BYTES - 1))).toBeNull();
  });
});

describe("Clear bytes", () => {
  it("are those the packetizer needs, and an unknown codec has none to give (FRM-2)", () => {
    expect([clearBytes("vp8", true), clearBytes("vp8", false), clearBytes("opus", false), clearBytes("vp9", true), clearBytes(codecOf("video/H264"), true)]).toEqual([10, 3, 1, 0, null]);
  });
});
