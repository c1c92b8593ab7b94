import { beforeEach, describe, expect, it } from "vitest";
import { SOURCES } from "./frames";
import { ReceivePipe, SendPipe } from "./pipes";
import { KeyRing } from "./ring";
import { aesKey, encoded } from "./testing";

const PLAIN = new Uint8Array(40).fill(7);
let alice: KeyRing;
let bob: KeyRing;
let send: SendPipe;
let receive: ReceivePipe;

beforeEach(async () => {
  const [alices, bobs] = [await aesKey(1), await aesKey(2)];
  const leaves = [["alice", 0, SOURCES], ["bob", 1, SOURCES]] as const;
  alice = new KeyRing(() => 0);
  alice.install({ group: "g", epoch: 1, self: { leaf: 0, key: alices }, leaves, removed: [] });
  alice.send("g", 1);
  bob = new KeyRing(() => 0);
  bob.install({ group: "g", epoch: 1, self: { leaf: 1, key: bobs }, leaves, removed: [] });
  bob.addKey("g", 1, 0, alices);
  send = new SendPipe("video", alice);
  receive = new ReceivePipe("video", bob);
});

async function sealed(): Promise<Uint8Array<ArrayBuffer>> {
  send.bind("camera");
  const frame = encoded(PLAIN, "video/VP8", "delta");
  expect(await send.pass(frame)).toBe(true);
  return new Uint8Array(frame.data);
}

describe("A sender's frame", () => {
  it("is dropped while the sender is bound to nothing (FRM-2)", async () => {
    expect(await send.pass(encoded(PLAIN, "video/VP8", "key"))).toBe(false);
    expect(send.reading().dropped).toEqual({ unbound: 1 });
  });

  it("is dropped while there is no key, and never goes out as it was (I1)", async () => {
    const keyless = new SendPipe("video", new KeyRing(() => 0));
    keyless.bind("camera");
    expect(await keyless.pass(encoded(PLAIN, "video/VP8", "key"))).toBe(false);
    expect(keyless.reading().dropped).toEqual({ no_key: 1 });
  });

  it("waits a moment for the group's first key, and then goes out sealed (FRM-8)", async () => {
    const ring = new KeyRing(() => 0);
    const early = new SendPipe("video", ring);
    early.bind("camera");
    const frame = encoded(PLAIN, "video/VP8", "key");
    const passed = early.pass(frame);
    ring.install({ group: "g", epoch: 1, self: { leaf: 0, key: await aesKey(1) }, leaves: [["alice", 0, SOURCES]], removed: [] });
    ring.send("g", 1);
    expect(await passed).toBe(true);
    receive.bind("alice", "camera");
    expect(await receive.pass(frame)).toBe(true);
    expect(new Uint8Array(frame.data)).toEqual(PLAIN);
  });

  it("does not wait when it is sound, is unbound meanwhile, or sending is paused (FRM-8)", async () => {
    const ring = new KeyRing(() => 0);
    const sound = new SendPipe("audio", ring);
    sound.bind("microphone");
    expect(await sound.pass(encoded(PLAIN, "audio/opus"))).toBe(false);
    const picture = new SendPipe("video", ring);
    picture.bind("camera");
    const passed = picture.pass(encoded(PLAIN, "video/VP8", "key"));
    picture.unbind();
    ring.tell();
    expect(await passed).toBe(false);
    expect(picture.reading().dropped).toEqual({ unbound: 1 });
    picture.bind("camera");
    ring.pause(true);
    expect(await picture.pass(encoded(PLAIN, "video/VP8", "key"))).toBe(false);
    expect(picture.reading().dropped).toEqual({ no_key: 1 });
  });

  it.each(["video/H264", "video/AV1", "audio/opus", ""])("is dropped in a codec that is not known for video: '%s'", async (mimeType) => {
    send.bind("camera");
    expect(await send.pass(encoded(PLAIN, mimeType, "key"))).toBe(false);
  });

  it("is dropped after unbinding", async () => {
    await sealed();
    send.unbind();
    expect(await send.pass(encoded(PLAIN, "video/VP8", "delta"))).toBe(false);
  });

  it("uses a counter of its own, also when many are in work at once (I7)", async () => {
    send.bind("camera");
    const frames = Array.from({ length: 50 }, () => encoded(PLAIN, "video/VP8", "delta"));
    await Promise.all(frames.map((frame) => send.pass(frame)));
    expect(new Set(frames.map(({ data }) => new Uint8Array(data).subarray(-14, -8).join())).size).toBe(50);
  });

  it("shares its counter with every other sender of the worker (FRM-1, I7)", async () => {
    const sound = new SendPipe("audio", alice);
    sound.bind("microphone");
    send.bind("camera");
    const frames = [encoded(PLAIN, "video/VP8", "delta"), encoded(PLAIN, "audio/opus"), encoded(PLAIN, "video/VP8", "delta"), encoded(PLAIN, "audio/opus")];
    for (const [index, frame] of frames.entries()) await (index % 2 === 0 ? send : sound).pass(frame);
    expect(new Set(frames.map(({ data }) => new Uint8Array(data).subarray(-14, -8).join())).size).toBe(4);
  });
});

describe("A receiver's frame", () => {
  it("opens in the tile of the leaf that sent it", async () => {
    receive.bind("alice", "camera");
    const frame = encoded(await sealed(), "video/VP8", "delta");
    expect(await receive.pass(frame)).toBe(true);
    expect(new Uint8Array(frame.data)).toEqual(PLAIN);
    expect(receive.reading()).toEqual({ passed: 1, dropped: {} });
  });

  it("is dropped before the receiver is bound, and after it was cleared for re-use (FRM-3)", async () => {
    const bytes = await sealed();
    expect(await receive.pass(encoded(bytes, "video/VP8", "delta"))).toBe(false);
    receive.bind("alice", "camera");
    receive.unbind();
    expect(await receive.pass(encoded(bytes, "video/VP8", "delta"))).toBe(false);
  });

  it("is dropped in another participant's tile (I2)", async () => {
    receive.bind("bob", "camera");
    expect(await receive.pass(encoded(await sealed(), "video/VP8", "delta"))).toBe(false);
  });

  it("is dropped in another kind of tile of the same participant (FRM-3)", async () => {
    receive.bind("alice", "screen");
    expect(await receive.pass(encoded(await sealed(), "video/VP8", "delta"))).toBe(false);
    expect(receive.reading().dropped).toEqual({ kind: 1 });
  });

  it("is dropped when it comes again, even while the first is being opened (FRM-4, I7)", async () => {
    receive.bind("alice", "camera");
    const bytes = await sealed();
    const passed = await Promise.all([1, 2, 3].map(() => receive.pass(encoded(bytes, "video/VP8", "delta"))));
    expect(passed.filter(Boolean)).toHaveLength(1);
  });

  it("is dropped when it was never sealed, or made by the SFU (FRM-7)", async () => {
    receive.bind("alice", "camera");
    for (const bytes of [PLAIN, new Uint8Array(3), new Uint8Array(0)]) expect(await receive.pass(encoded(bytes, "video/VP8", "key"))).toBe(false);
  });

  it("waits a moment for a key that is on its way, and no longer than that in all", async () => {
    const keyless = new KeyRing(() => 0);
    keyless.install({ group: "g", epoch: 1, self: { leaf: 1, key: await aesKey(2) }, leaves: [["alice", 0, SOURCES], ["bob", 1, SOURCES]], removed: [] });
    const early = new ReceivePipe("video", keyless);
    early.bind("alice", "camera");
    const bytes = await sealed();
    const passing = early.pass(encoded(bytes, "video/VP8", "delta"));
    keyless.addKey("g", 1, 0, await aesKey(1));
    expect(await passing).toBe(true);
    const never = new ReceivePipe("video", new KeyRing(() => 0));
    never.bind("alice", "camera");
    const started = performance.now();
    for (let frames = 0; frames < 20; frames++) expect(await never.pass(encoded(bytes, "video/VP8", "delta"))).toBe(false);
    expect(performance.now() - started).toBeLessThan(1_500);
  });

  it("is dropped when its binding goes while it is being opened", async () => {
    receive.bind("alice", "camera");
    const passing = receive.pass(encoded(await sealed(), "video/VP8", "delta"));
    receive.unbind();
    expect(await passing).toBe(false);
  });
});

describe("A frame without the right (POL-20)", () => {
  it("is dropped though it is sealed as it should be, by a client that was changed", async () => {
    bob.install({ group: "g", epoch: 1, self: { leaf: 1, key: await aesKey(2) }, leaves: [["alice", 0, ["microphone"]], ["bob", 1, SOURCES]], removed: [] });
    bob.addKey("g", 1, 0, await aesKey(1));
    send.bind("camera");
    receive.bind("alice", "camera");
    const frame = encoded(PLAIN, "video/VP8", "key");
    expect(await send.pass(frame)).toBe(true);
    expect(await receive.pass(frame)).toBe(false);
    expect(receive.reading().dropped).toEqual({ no_right: 1 });
  });
});
