import { describe, expect, it, vi } from "vitest";
import { Meter } from "./level";

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
