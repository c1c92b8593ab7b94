import { beforeEach, describe, expect, it, vi } from "vitest";
import type { MlsState, Right } from "../e2ee/mls";
import { EVERYTHING } from "../e2ee/testing";
import { NO_DEVICES, type DevicesState } from "../media/devices";
import { exception, HostWords, Own } from "./own";
import type { Session } from "./session";

let state: DevicesState;
const turn = vi.fn(() => Promise.resolve());
const tell = vi.fn();
let own: Own;
const group = (may: readonly Right[], hosting = false, people?: unknown): MlsState =>
  ({ hosting, policy: { people }, roster: [{ participant: "bob", key: "b", may }] }) as unknown as MlsState;

beforeEach(() => {
  vi.clearAllMocks();
  state = { ...NO_DEVICES, microphoneState: "on", cameraState: "on" };
  own = new Own("bob", { get state() { return state; }, turn }, tell);
});

describe("A right that went", () => {
  it("closes what it was for, and says so once", () => {
    own.obey(group(EVERYTHING.filter((right) => right !== "unmute")));
    expect(turn.mock.calls).toEqual([["microphone", false]]);
    expect(tell.mock.calls).toEqual([["stopped"]]);
    state = { ...state, microphoneState: "off" };
    own.obey(group(["chat"]));
    expect(turn).toHaveBeenLastCalledWith("camera", false);
  });

  it("closes nothing of who has all", () => {
    own.obey(group(EVERYTHING));
    expect(turn).not.toHaveBeenCalled();
  });
});

describe("A host's word (SAY-9)", () => {
  it("mute closes the microphone of whom it names, or of everybody who is no host", () => {
    own.told({ kind: "mute", participant: "carol" }, "Alice", group(EVERYTHING));
    own.told({ kind: "mute" }, "Alice", group(EVERYTHING, true));
    expect(turn).not.toHaveBeenCalled();
    own.told({ kind: "mute" }, "Alice", group(EVERYTHING));
    own.told({ kind: "mute", participant: "bob" }, "Alice", group(EVERYTHING));
    expect(turn.mock.calls).toEqual([["microphone", false], ["microphone", false]]);
    expect(tell).toHaveBeenCalledWith("muted", "Alice");
  });

  it("ask turns nothing on, and is heard once in a while", () => {
    state = { ...state, microphoneState: "off", cameraState: "off" };
    for (let time = 0; time < 5; time += 1) own.told({ kind: "ask", participant: "bob", source: "microphone" }, "Alice", group(EVERYTHING));
    own.told({ kind: "ask", participant: "bob", source: "camera" }, "Alice", group(EVERYTHING));
    own.told({ kind: "ask", participant: "carol", source: "camera" }, "Alice", group(EVERYTHING));
    expect(turn).not.toHaveBeenCalled();
    expect(tell.mock.calls).toEqual([["asked_microphone", "Alice"], ["asked_camera", "Alice"]]);
  });
});

describe("An exception", () => {
  it("changes one right of one person and keeps the others", () => {
    const before = group(EVERYTHING, false, [{ key: "b", may: ["share"], not: ["chat"] }]);
    expect(exception(before, "bob", "video", false)).toEqual({ key: "b", may: ["share"], not: ["chat", "video"] });
    expect(exception(before, "bob", "chat", true)).toEqual({ key: "b", may: ["share", "chat"], not: [] });
    expect(exception(before, "bob", "share", null)).toEqual({ key: "b", may: [], not: ["chat"] });
    expect(exception(before, "nobody", "chat", true)).toBeNull();
  });
});

describe("What a host decides about one person", () => {
  it("keeps what was decided a moment ago, which the policy does not have yet", () => {
    const change = vi.fn();
    const people = { version: 3, people: undefined };
    const state = { policy: people, roster: [{ participant: "bob", key: "b", may: EVERYTHING }] };
    const words = new HostWords(() => ({ group: { state, change } }) as unknown as Session);
    words.setException("bob", "unmute", false);
    words.setException("bob", "video", false);
    expect(change).toHaveBeenLastCalledWith({ people: [{ key: "b", may: [], not: ["unmute", "video"] }] });
    people.version = 4;
    words.setException("bob", "chat", false);
    expect(change).toHaveBeenLastCalledWith({ people: [{ key: "b", may: [], not: ["chat"] }] });
  });
});

describe("What a suspension took", () => {
  it("is given back one by one, also before the policy has the first of it", () => {
    const change = vi.fn();
    const policy = { version: 3, suspended: true };
    const words = new HostWords(() => ({ group: { state: { policy, roster: [] }, change } }) as unknown as Session);
    const first = words.giveBack("chat", {});
    expect(change).toHaveBeenLastCalledWith({ suspended: false, rights: { chat: "all", unmute: "hosts", video: "hosts", share: "hosts", reactions: "hosts" } });
    expect(words.giveBack("video", first)).toEqual({ unmute: "all", share: "all", reactions: "all" });
    expect(change).toHaveBeenLastCalledWith({ rights: { video: "all" } });
    policy.version = 9;
    words.giveBack(null, {});
    expect(change).toHaveBeenLastCalledWith({ suspended: false });
  });
});
