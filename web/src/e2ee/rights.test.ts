import { describe, expect, it } from "vitest";
import type { MlsLeaf, Right } from "./mls";
import { sourcesOf, viewersOf } from "./rights";
import { EVERYTHING } from "./testing";

const leaf = (participant: string, may: readonly Right[] = EVERYTHING, host = false): MlsLeaf => ({ leaf: 0, participant, name: participant, role: "guest", key: participant, host, cohost: false, may });
const but = (...gone: Right[]): readonly Right[] => EVERYTHING.filter((right) => !gone.includes(right));

describe("What of a leaf is opened, asked for and shown (POL-20)", () => {
  it("is what the leaf may send", () => {
    const alice = leaf("alice");
    expect([...sourcesOf(leaf("bob"), alice)]).toEqual(["microphone", "camera", "screen", "screen_sound"]);
    expect([...sourcesOf(leaf("bob", but("unmute")), alice)]).toEqual(["camera", "screen", "screen_sound"]);
    expect([...sourcesOf(leaf("bob", but("share", "video")), alice)]).toEqual(["microphone"]);
    expect([...sourcesOf(leaf("bob", []), alice)]).toEqual([]);
  });

  it("is no camera but a host's for who may not see pictures, or has no leaf (POL-22)", () => {
    expect(sourcesOf(leaf("bob"), leaf("carol", but("pictures"))).has("camera")).toBe(false);
    expect(sourcesOf(leaf("alice", EVERYTHING, true), leaf("carol", but("pictures"))).has("camera")).toBe(true);
    expect(sourcesOf(leaf("bob"), undefined).has("camera")).toBe(false);
  });
});

describe("Who gets our camera (POL-22)", () => {
  const bob = leaf("bob", but("pictures"));
  it("is everybody, where everybody may see it or we are a host", () => {
    expect(viewersOf([leaf("alice"), leaf("carol")], leaf("carol"))).toBeNull();
    expect(viewersOf([leaf("alice", EVERYTHING, true), bob], leaf("alice", EVERYTHING, true))).toBeNull();
  });

  it("is else whoever may", () => {
    expect(viewersOf([leaf("alice", EVERYTHING, true), bob, leaf("carol", but("pictures"))], bob)).toEqual(new Set(["alice"]));
  });
});
