import { describe, expect, it } from "vitest";

import { bytesOf, textOf } from "./base64";
import { codeBytes, devicePair, newCode, newRingKey, openedPair, openingKey, type Place, seal, sealedPair, unseal, unsealed } from "./openers";

const ALICE: Place = { account: "alice", ring: "ring" };
const ELSEWHERE: readonly (readonly [string, Place, string])[] = [
  ["another person's", { ...ALICE, account: "charlie" }, "opener"],
  ["another keyring's", { ...ALICE, ring: "another" }, "opener"],
  ["another opener's", ALICE, "another"],
];
const given = (seed: number) => new Uint8Array(32).fill(seed);
const changed = (text: string, at: number): string => {
  const bytes = bytesOf(text);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return textOf(bytes);
};

describe("A recovery code", () => {
  it("has 160 bits, and is read as people write it", () => {
    const code = newCode();
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(newCode()).not.toBe(code);
    const bytes = codeBytes(code);
    expect(bytes?.byteLength).toBe(20);
    expect(codeBytes(` ${code.toLowerCase().replaceAll("-", " ").replaceAll("0", "o").replaceAll("1", "l")} `)).toEqual(bytes);
  });

  it.each(["", "ABCD", `${"A".repeat(31)}U`, "A".repeat(33), `${"A".repeat(31)}é`])("is none: %s", (typed) => {
    expect(codeBytes(typed)).toBeNull();
  });
});

describe("What opens a keyring (KEYR-2, KEYR-3)", () => {
  it("is a pair that opens only with what the passkey gave, only where it belongs, and only unchanged", async () => {
    const { secret } = await sealedPair(await openingKey(given(1), ALICE, "opener"), ALICE, "opener");
    const opening = await openingKey(given(1), ALICE, "opener");
    expect((await openedPair(secret, opening, ALICE, "opener")).extractable).toBe(false);
    await expect(openedPair(secret, await openingKey(given(2), ALICE, "opener"), ALICE, "opener")).rejects.toThrow();
    await expect(openedPair(changed(secret, 20), opening, ALICE, "opener")).rejects.toThrow();
    for (const [, place, opener] of ELSEWHERE) {
      await expect(openedPair(secret, opening, place, opener)).rejects.toThrow();
      await expect(openedPair(secret, await openingKey(given(1), place, opener), place, opener)).rejects.toThrow();
    }
  });

  it("takes the keyring's key out of what was sealed to it, and out of nothing else", async () => {
    const own = await devicePair();
    const { key, sealTo } = await newRingKey();
    const wrapped = await sealTo(own.point, ALICE, "opener");
    expect(bytesOf(wrapped).byteLength).toBe(125);
    const again = await unsealed(wrapped, own.key, ALICE, "opener");
    expect([key.extractable, again.extractable, own.key.extractable]).toEqual([false, false, false]);
    expect(await unseal(again, ALICE, 1, await seal(key, ALICE, 1, ["said"]))).toEqual(["said"]);
    for (const [, place, opener] of ELSEWHERE) await expect(unsealed(wrapped, own.key, place, opener)).rejects.toThrow();
    await expect(unsealed(wrapped, (await devicePair()).key, ALICE, "opener")).rejects.toThrow();
    await expect(unsealed(changed(wrapped, 124), own.key, ALICE, "opener")).rejects.toThrow();
  });
});

describe("The keyring's own seal (KEYR-3)", () => {
  it("opens as exactly this person's, this keyring's, this version", async () => {
    const { key } = await newRingKey();
    const sealed = await seal(key, ALICE, 7, ["said"]);
    expect(await unseal(key, ALICE, 7, sealed)).toEqual(["said"]);
    await expect(unseal(key, ALICE, 8, sealed)).rejects.toThrow();
    await expect(unseal(key, { ...ALICE, account: "charlie" }, 7, sealed)).rejects.toThrow();
    await expect(unseal(key, { ...ALICE, ring: "another" }, 7, sealed)).rejects.toThrow();
    await expect(unseal(key, ALICE, 7, changed(sealed, 30))).rejects.toThrow();
    await expect(unseal(key, ALICE, 7, sealed.slice(0, -8))).rejects.toThrow();
  });

  it("is as long for one link as for twenty", async () => {
    const { key } = await newRingKey();
    const link = { meeting: "m".repeat(22), secret: "s".repeat(22), hostHash: "h".repeat(22), hostKey: "k".repeat(43), linkVersion: 1 };
    expect((await seal(key, ALICE, 1, [link])).length).toBe((await seal(key, ALICE, 1, Array(20).fill(link))).length);
  });
});
