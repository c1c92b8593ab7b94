import { describe, expect, it } from "vitest";
import { Freshness, HEARTBEAT_MS } from "./freshness";

const beat = (time: number, more: object = {}) => ({ epoch: 1, transcript: "t", time, ...more });

function fresh(): Freshness {
  const made = new Freshness(0);
  made.epoch(0, 1, "t");
  return made;
}

describe("Freshness (LOG-15)", () => {
  it("ends when no heartbeat came for 100 s, and comes back with one", () => {
    const made = fresh();
    expect(made.stale(100_000, 2)).toBeNull();
    expect(made.stale(100_001, 2)).toBe("no_heartbeat");
    made.heartbeat(100_002, beat(100_000));
    expect(made.stale(100_003, 2)).toBeNull();
  });

  it("is not kept up by a heartbeat that was held back", () => {
    const made = fresh();
    made.heartbeat(99_000, beat(60_000));
    expect(made.stale(100_001, 2)).toBe("no_heartbeat");
  });

  it("ends without a new epoch for 6 minutes, whatever is said", () => {
    const made = fresh();
    made.heartbeat(360_000, beat(360_000));
    expect(made.stale(360_001, 2)).toBe("stale_epoch");
    made.epoch(360_002, 2, "u");
    expect(made.stale(360_003, 2)).toBeNull();
  });

  it("is neither ended nor kept up by a member that lies about the epoch's history", () => {
    const made = fresh();
    made.heartbeat(50_000, beat(50_000, { transcript: "another" }));
    expect(made.stale(50_001, 2)).toBeNull();
    expect(made.stale(100_001, 2)).toBe("no_heartbeat");
  });

  it("does not wait for others when there are none", () => {
    expect(fresh().stale(200_000, 1)).toBeNull();
  });

  it("is spoken for by the keeper every 10 s, by the others only in its silence", () => {
    const made = fresh();
    expect(made.due(HEARTBEAT_MS - 500, 0)).toBe(true);
    expect(made.due(HEARTBEAT_MS, 1)).toBe(false);
    expect(made.due(HEARTBEAT_MS + 1_500, 1)).toBe(true);
    made.heartbeat(9_500, beat(9_500));
    expect(made.due(HEARTBEAT_MS + 1_500, 1)).toBe(false);
    made.spoke(20_000);
    expect(made.due(20_001, 0)).toBe(false);
  });
});
