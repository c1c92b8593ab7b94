import { beforeAll, describe, expect, it } from "vitest";
import { KINDS, SOURCES } from "./frames";
import { KeyRing, SWITCH_AFTER_ADD_MS, SWITCH_AFTER_REMOVAL_MS, type Epoch } from "./ring";
import { aesKey } from "./testing";

let key: CryptoKey;
beforeAll(async () => { key = await aesKey(1); });

function ring(): { keys: KeyRing; wait: (ms: number) => void } {
  let now = 0;
  return { keys: new KeyRing(() => now), wait: (ms) => { now += ms; } };
}

function epoch(number: number, more: Partial<Epoch> = {}): Epoch {
  return { group: "call.one", epoch: number, self: { leaf: 0, key }, leaves: [["alice", 0, SOURCES], ["bob", 1, SOURCES]], removed: [], ...more };
}

describe("The sending key (FRM-1)", () => {
  it("is none before the first epoch", () => {
    expect(ring().keys.take()).toBeNull();
  });

  it("counts up over all senders and starts anew with each epoch only", () => {
    const { keys } = ring();
    keys.install(epoch(1));
    keys.send("call.one", 1);
    expect([keys.take()?.counter, keys.take()?.counter]).toEqual([0, 1]);
    keys.install(epoch(2));
    expect(keys.take()).toMatchObject({ epoch: 1, counter: 2 });
    keys.send("call.one", 2);
    expect(keys.take()).toMatchObject({ epoch: 2, counter: 0 });
  });

  it("never enters an epoch twice, so no counter comes twice (I7)", () => {
    const { keys } = ring();
    keys.install(epoch(1));
    keys.send("call.one", 1);
    keys.take();
    keys.wipe();
    keys.install(epoch(1));
    keys.send("call.one", 1);
    expect(keys.take()).toBeNull();
  });

  it("switches at once when nothing was sent before, else when told or after the given time", () => {
    const { keys } = ring();
    expect(keys.install(epoch(1))).toBe(0);
    keys.send("call.one", 1);
    expect(keys.install(epoch(2))).toBe(SWITCH_AFTER_ADD_MS);
    expect(keys.install(epoch(3, { removed: [1] }))).toBe(SWITCH_AFTER_REMOVAL_MS);
    keys.send("call.one", 2);
    expect(keys.take()?.epoch).toBe(1);
  });

  it("is none while paused (LOG-15), and goes on with its counter afterwards", () => {
    const { keys } = ring();
    keys.install(epoch(1));
    keys.send("call.one", 1);
    keys.take();
    keys.pause(true);
    expect(keys.take()).toBeNull();
    keys.pause(false);
    expect(keys.take()?.counter).toBe(1);
  });

  it("ignores a switch that speaks of another group", () => {
    const { keys } = ring();
    keys.install(epoch(1));
    keys.send("call.two", 1);
    expect(keys.take()).toBeNull();
  });
});

describe("Receive keys (LOG-14)", () => {
  it("live 10 s after an epoch that only added", () => {
    const { keys, wait } = ring();
    keys.install(epoch(1));
    keys.addKey("call.one", 1, 1, key);
    keys.install(epoch(2));
    wait(9_999);
    expect(keys.lookup("bob", 1, 1)).toBe(key);
    wait(1);
    expect(keys.lookup("bob", 1, 1)).toBeNull();
  });

  it("live 3 s after a removal, and the removed leaf's not at all", () => {
    const { keys, wait } = ring();
    keys.install(epoch(1, { leaves: [["alice", 0, SOURCES], ["bob", 1, SOURCES], ["carol", 2, SOURCES]] }));
    keys.addKey("call.one", 1, 1, key);
    keys.addKey("call.one", 1, 2, key);
    keys.install(epoch(2, { removed: [2] }));
    expect(keys.lookup("carol", 1, 2)).toBeNull();
    wait(2_999);
    expect(keys.lookup("bob", 1, 1)).toBe(key);
    wait(1);
    expect(keys.lookup("bob", 1, 1)).toBeNull();
  });

  it("open a leaf's frames only in the tile of the participant who has that leaf (FRM-3)", () => {
    const { keys } = ring();
    keys.install(epoch(1));
    keys.addKey("call.one", 1, 1, key);
    expect(keys.lookup("alice", 1, 1)).toBeNull();
    expect(keys.lookup("bob", 1, 0)).toBeNull();
    expect(keys.lookup("bob", 1, 1)).toBe(key);
  });

  it("of another incarnation are gone at once", () => {
    const { keys } = ring();
    keys.install(epoch(1));
    keys.addKey("call.one", 1, 1, key);
    keys.install(epoch(0, { group: "call.two" }));
    expect(keys.lookup("bob", 1, 1)).toBeNull();
  });
});

describe("Rights (POL-20)", () => {
  it("are those of the newest epoch, for frames of earlier ones too", () => {
    const { keys } = ring();
    keys.install(epoch(1));
    expect(keys.allows("bob", KINDS.camera)).toBe(true);
    keys.install(epoch(2, { leaves: [["alice", 0, SOURCES], ["bob", 1, ["microphone"]]] }));
    expect([keys.allows("bob", KINDS.camera), keys.allows("bob", KINDS.microphone), keys.allows("nobody", KINDS.microphone)]).toEqual([false, true, false]);
    keys.wipe();
    expect(keys.allows("alice", KINDS.microphone)).toBe(false);
  });
});
