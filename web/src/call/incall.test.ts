import { Track } from "livekit-client";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Preset } from "../api/meetings";
import type { Keys } from "../e2ee/keys.client";
import type { MlsLeaf, MlsState } from "../e2ee/mls";
import { NO_DEVICES, type Devices, type OwnTrack, type Published } from "../media/devices";
import type { Presence } from "../media/presence";
import { Tiles } from "../media/tiles";
import type { Entry } from "./entry";
import { InCall } from "./incall";
import type { Session } from "./session";
import { createCallStore, type Store } from "./store";
import { EVERYTHING } from "../e2ee/testing";
import { verified } from "./verify";

vi.mock("../e2ee/keyring", () => ({ keep: vi.fn(() => Promise.resolve()) }));

const leaf = (number: number, participant: string, name: string, host = false): MlsLeaf => ({ leaf: number, participant, name, role: "guest", key: participant, host, cohost: false, may: EVERYTHING });
const state = (epoch: number, roster: MlsLeaf[], hosting = false): MlsState =>
  ({ incarnation: "i", epoch, leaf: 0, roster, hosting, code: String(epoch).repeat(30).slice(0, 30), transcript: "t", next: 0, policy: { version: 0 } }) as unknown as MlsState;
const ALICE = leaf(0, "a", "Alice");
const BOB = leaf(1, "b", "Bob");

let store: Store;
let call: InCall;
let present: Presence[];
let sealed: string | null;
const saved = new Map<string, string>();
const over = vi.fn();
const change = vi.fn();
const enter = vi.fn((_tracks: () => readonly Published[]) => Promise.resolve());
const CAMERA: Published = [Track.Source.Camera, {} as unknown as OwnTrack];
const SCREEN: Published = [Track.Source.ScreenShare, {} as unknown as OwnTrack];
const says = vi.fn(() => Promise.resolve(sealed));

async function begin(hostKey: string | null = null, preset = "open", lobby: Preset = "open"): Promise<void> {
  const entry = { meeting: "m", kept: { hostKey, linkVersion: 1, policy: null, preset }, identity: "seed", again: null } as unknown as Entry;
  store = createCallStore("m");
  store.setState({ preset: lobby });
  call = new InCall(store, new Tiles(), entry, over);
  const session = {
    ticket: { participant: "a", seat: "s", name: "Alice", call: "c", link_version: 1, region: { id: "local", territory: "" } },
    media: { get presences() { return present; }, playback: { blocked: false }, setUnseen: vi.fn() }, said: { dropped: 0 }, group: { change }, now: 5, inside: Promise.resolve(), enter, say: says, close: vi.fn(() => Promise.resolve()),
  } as unknown as Session;
  const keys = { ask: () => Promise.resolve({ text: "remembered" }) } as unknown as Keys;
  await call.run({ entry, session }, { state: NO_DEVICES, tracks: [CAMERA] } as unknown as Devices, keys, () => [SCREEN]);
  call.hooks.epoch(state(1, [ALICE]), [], true);
}

beforeEach(async () => {
  present = [];
  sealed = "sealed";
  saved.clear();
  vi.clearAllMocks();
  vi.stubGlobal("sessionStorage", { setItem: (name: string, text: string) => saved.set(name, text), getItem: () => null, removeItem: vi.fn() });
  await begin();
});

const toasts = () => store.getState().toasts.map(({ kind, name }) => `${kind} ${name}`.trim());
const chat = () => store.getState().chat.map(({ name, text, state: at, self }) => [name, text, at, self]);

describe("During a call", () => {
  it("everybody who is added is announced by the name of their leaf, and everybody who goes (I3)", () => {
    call.hooks.epoch(state(2, [ALICE, BOB]), [], false);
    const removed = { kind: "applied" as const, index: 1, participant: "a", epoch: 3, added: [], removed: [{ participant: "b", reason: "removed" as const, host: "a" }], policy: false, self_removed: false };
    call.hooks.epoch(state(3, [ALICE]), [removed], false);
    expect(toasts()).toEqual(["joined Bob", "removed Bob"]);
    expect(store.getState().people.map(({ name }) => name)).toEqual(["Alice"]);
  });

  it("sends the screen that is shown wherever it comes in, as after a move (REG-6)", () => {
    expect(enter.mock.calls[0]?.[0]()).toEqual([CAMERA, SCREEN]);
  });

  it("whom the server put out of the media room is told of once, while the call goes on (JOIN-14)", () => {
    call.hooks.intruder();
    call.hooks.intruder();
    expect(toasts()).toEqual(["intruder"]);
    expect(store.getState().phase).toEqual({ at: "live" });
  });

  it("the first host claims and writes what the meeting's preset means in the group, once (MEET-10)", async () => {
    await begin("host key", "confidential");
    expect(change.mock.calls).toEqual([[{ claim: true, strict: true, locked: true }]]);
    call.hooks.epoch({ ...state(2, [ALICE], true), policy: { version: 1, hosts: [{}] } } as unknown as MlsState, [], false);
    expect(change).toHaveBeenCalledOnce();
  });

  it("the lobby's word adds to what this device kept of the preset, and takes nothing away (MEET-10)", async () => {
    await begin("host key", "open", "confidential");
    await begin("host key", "confidential", "guarded");
    expect(change.mock.calls).toEqual([[{ claim: true, strict: true, locked: true }], [{ claim: true, strict: true, locked: true, rights: { share: "few" } }]]);
  });

  it("whoever was announced and went before they could be added is nobody", async () => {
    vi.useFakeTimers();
    const look = async () => {
      call.hooks.changed();
      await vi.advanceTimersByTimeAsync(1_000);
      return store.getState().people.map(({ name, lock }) => name || lock);
    };
    call.hooks.announced([{ kind: "announced", index: 0, participant: "c" }]);
    await look();
    expect(await look()).toEqual(["Alice", "securing"]);
    call.hooks.announced([{ kind: "removing", index: 1, participant: "c", reason: "left" }]);
    expect(await look()).toEqual(["Alice"]);
    vi.useRealTimers();
  });

  it("a replacement is neither", () => {
    call.hooks.epoch(state(2, [ALICE, BOB]), [], false);
    call.hooks.epoch(state(3, [ALICE, { ...BOB, leaf: 2 }]), [], false);
    expect(toasts()).toEqual(["joined Bob"]);
  });

  it("a verified code says that it has changed", () => {
    store.setState(({ security }) => ({ security: verified(security, 1) }));
    call.hooks.epoch(state(2, [ALICE, BOB]), [], false);
    expect(toasts()).toContain("code_changed");
    expect(store.getState().security.verified?.since.map(({ name }) => name)).toEqual(["Bob"]);
  });

  it("a padlock goes on with authenticated frames of that participant, our own with sealed ones (FRM-6)", () => {
    call.hooks.epoch(state(2, [ALICE, BOB]), [], false);
    const reading = { id: 1, kind: "camera" as const, dropped: {} };
    call.readings([{ ...reading, side: "receive", participant: "b", passed: 0 }, { ...reading, side: "send", participant: null, passed: 3 }]);
    expect(store.getState().people.map(({ lock }) => lock)).toEqual(["locked", "quiet"]);
    call.readings([{ ...reading, side: "receive", participant: "b", passed: 1 }]);
    expect(store.getState().people.map(({ lock }) => lock)).toEqual(["locked", "locked"]);
  });

  it("what others say bears the name of their leaf (SAY-2)", () => {
    call.hooks.epoch(state(2, [ALICE, BOB]), [], false);
    call.hooks.heard({ participant: "b", index: 0, received: 9, content: { kind: "chat", text: "hello" } });
    expect(chat()).toEqual([["Bob", "hello", "sent", false]]);
    expect(store.getState().unread).toBe(1);
  });

  it("what we say is shown at once, and sent when it has come back", async () => {
    await call.talk.say("hi");
    expect(chat()).toEqual([["Alice", "hi", "sending", true]]);
    call.hooks.echoed("sealed");
    expect(chat()).toEqual([["Alice", "hi", "sent", true]]);
    sealed = null;
    await call.talk.say("lost");
    expect(chat().at(-1)).toEqual(["Alice", "lost", "failed", true]);
    expect(toasts()).toContain("send_failed");
  });

  it("a line that could not be sent is sent once more on demand, and only while it is unsent", async () => {
    sealed = null;
    await call.talk.say("lost");
    const line = store.getState().chat.at(-1)?.id ?? "";
    sealed = "sealed again";
    await call.talk.retry(line);
    expect(says).toHaveBeenLastCalledWith({ kind: "chat", text: "lost" });
    expect(chat()).toEqual([["Alice", "lost", "sending", true]]);
    await call.talk.retry(line);
    expect(says).toHaveBeenCalledTimes(2);
    call.hooks.echoed("sealed again");
    expect(chat()).toEqual([["Alice", "lost", "sent", true]]);
  });

  it("a line that nobody relayed within seconds can be sent once more, and a late echo is believed", async () => {
    vi.useFakeTimers();
    await call.talk.say("hi");
    vi.advanceTimersByTime(15_000);
    expect(chat()).toEqual([["Alice", "hi", "failed", true]]);
    call.hooks.echoed("sealed");
    expect(chat()).toEqual([["Alice", "hi", "sent", true]]);
    vi.useRealTimers();
  });

  it("a host's word ends it; that it is a host's is settled before (SAY-7)", () => {
    call.hooks.epoch(state(2, [ALICE, leaf(1, "b", "Bob", true)]), [], false);
    call.hooks.heard({ participant: "b", index: 1, received: 9, content: { kind: "end" } });
    expect(over).toHaveBeenCalledWith("ended");
  });

  it("reactions are shown over who sent them, and a flood is dropped and counted (SAY-8)", () => {
    call.hooks.epoch(state(2, [ALICE, BOB]), [], false);
    for (let index = 0; index < 10; index += 1) call.hooks.heard({ participant: "b", index, received: 9, content: { kind: "reaction", what: "heart" } });
    expect(store.getState().people.map(({ reaction }) => reaction)).toEqual([null, "heart"]);
    expect(call.session.said.dropped).toBe(7);
  });

  it("another name is said to everybody, with the one before", () => {
    call.hooks.epoch(state(2, [ALICE, BOB]), [], false);
    call.hooks.epoch(state(3, [ALICE, leaf(2, "b", "Robert")]), [], false);
    expect(toasts()).toEqual(["joined Bob", "renamed Bob → Robert"]);
  });

  it("a raised hand is raised again for whoever comes later, and comes down with who leaves", async () => {
    await call.setHand(true);
    call.hooks.epoch(state(2, [ALICE, BOB]), [], false);
    expect(says).toHaveBeenLastCalledWith({ kind: "hand", up: true });
    expect(says).toHaveBeenCalledTimes(2);
    call.hooks.heard({ participant: "b", index: 0, received: 9, content: { kind: "hand", up: true } });
    expect(store.getState().people.map(({ handUp }) => handUp)).toEqual([true, true]);
  });

  it("a tab keeps what a reload needs: seat, identity, the group as last seen (JOIN-2, LOG-12)", async () => {
    call.hooks.epoch(state(2, [ALICE, BOB]), [], false);
    await vi.waitFor(() => { expect(JSON.parse(saved.get("conclave.seat.m") ?? "{}")).toMatchObject({ participant: "a", seat: "s", identity: "seed", remember: "remembered" }); });
  });

  it("a device with the host key asks to be listed, until it is (POL-5)", async () => {
    await begin("host-key");
    expect(change).toHaveBeenCalledWith({ claim: true });
    change.mockClear();
    call.hooks.epoch(state(2, [ALICE], true), [], false);
    expect(change).not.toHaveBeenCalled();
  });

  it("whoever steps down is not listed again by itself, and may take the role when they want it", async () => {
    await begin("host-key");
    call.hooks.epoch(state(2, [{ ...ALICE, host: true }, BOB], true), [], false);
    change.mockClear();
    call.setRole("b", true);
    call.setRole("a", false);
    expect(change.mock.calls).toEqual([[{ host: "b" }], [{ unhost: "a" }]]);
    change.mockClear();
    call.hooks.epoch(state(3, [ALICE, { ...BOB, host: true }]), [], false);
    expect(change).not.toHaveBeenCalled();
    expect([store.getState().hosting, store.getState().steppedDown]).toEqual([false, true]);
    call.takeRole();
    expect(change).toHaveBeenLastCalledWith({ claim: true });
  });

  it("while suspended only hosts say anything", () => {
    const suspended = { ...state(2, [ALICE, BOB, { ...leaf(2, "c", "Carol", true) }]), policy: { version: 1, hosts: [{}], suspended: true, locked: true } } as unknown as MlsState;
    call.hooks.epoch(suspended, [], false);
    for (const participant of ["b", "c"]) call.hooks.heard({ participant, index: 0, received: 9, content: { kind: "chat", text: `I am ${participant}` } });
    call.hooks.heard({ participant: "b", index: 1, received: 9, content: { kind: "hand", up: true } });
    expect(chat().map(([name]) => name)).toEqual(["Carol"]);
    expect(store.getState().people.some(({ handUp }) => handUp)).toBe(false);
    expect(store.getState().rules).toMatchObject({ suspended: true, locked: true });
  });

  it("a lost socket and stopped sending are said, and that they are over", () => {
    call.hooks.lost("socket");
    expect(store.getState().phase).toMatchObject({ at: "reconnecting", lost: "socket" });
    call.hooks.lost("media");
    call.hooks.back("socket");
    expect(store.getState().phase).toMatchObject({ at: "reconnecting", lost: "media" });
    call.hooks.back("media");
    expect(store.getState().phase).toEqual({ at: "live" });
    call.hooks.fresh("no_heartbeat");
    expect(store.getState().phase).toEqual({ at: "silenced", reason: "no_heartbeat" });
    call.hooks.fresh(null);
    expect(store.getState().phase).toEqual({ at: "live" });
  });
});
