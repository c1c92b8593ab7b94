import type { LocalAudioTrack } from "livekit-client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Meter, watchSent } from "./level";

afterEach(() => { vi.useRealTimers(); });

const hooks = () => ({ level: vi.fn(), speaking: vi.fn(), dead: vi.fn() });
const hear = (meter: Meter, loudness: number, ms: number): void => { for (let heard = 0; heard < ms; heard += 100) meter.hear(loudness); };

describe("The microphone's meter", () => {
  it("notices somebody speaking for more than a second, once per stretch", () => {
    const told = hooks();
    const meter = new Meter(told);
    hear(meter, 0.2, 1_100);
    expect(told.speaking).not.toHaveBeenCalled();
    hear(meter, 0.2, 5_000);
    expect(told.speaking).toHaveBeenCalledOnce();
  });

  it("calls a microphone dead after 10 s of nothing at all, not of silence", () => {
    const told = hooks();
    const meter = new Meter(told);
    hear(meter, 0.0001, 30_000);
    expect(told.dead).not.toHaveBeenCalled();
    hear(meter, 0, 30_000);
    expect(told.dead).toHaveBeenCalledOnce();
  });

  it("shows a level between 0 and 1", () => {
    const told = hooks();
    const meter = new Meter(told);
    for (const loudness of [0, 0.01, 0.1, 1]) meter.hear(loudness);
    const levels = told.level.mock.calls.map(([level]) => Number(level));
    expect(levels).toEqual([...levels].sort((one, other) => one - other));
    expect([levels[0], levels.at(-1)]).toEqual([0, 1]);
  });
});

describe("A microphone that is sent", () => {
  const sent = (energies: (number | undefined)[]): LocalAudioTrack => {
    const report = () => new Map([["m", { type: "media-source", totalAudioEnergy: energies.shift() }]]);
    return { getRTCStatsReport: () => Promise.resolve(report()) } as unknown as LocalAudioTrack;
  };

  it.each([
    ["is dead when nothing is added to what it has sent, and is called so once per stretch", [1, 1, 1, 2, 2], 2],
    ["is not dead while anything comes", [1, 1.1, 1.2, 1.3, 1.4], 0],
    ["is not judged where the browser does not measure", [undefined, undefined, undefined], 0],
  ])("%s", async (_what, energies, times) => {
    vi.useFakeTimers();
    const dead = vi.fn();
    const stop = watchSent(sent([...energies]), dead);
    await vi.advanceTimersByTimeAsync(10_000 * energies.length);
    stop();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(dead).toHaveBeenCalledTimes(times);
  });
});
