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
    made.heartbeat(100_002, "bob", beat(100_000));
    expect(made.stale(100_003, 2)).toBeNull();
  });

  it("is not kept up by a heartbeat that was held back", () => {
    const made = fresh();
    made.heartbeat(99_000, "bob", beat(60_000));
    expect(made.stale(100_001, 2)).toBe("no_heartbeat");
  });

  it("ends without a new epoch for 6 minutes, whatever is said", () => {
    const made = fresh();
    made.heartbeat(360_000, "bob", beat(360_000));
    expect(made.stale(360_001, 2)).toBe("stale_epoch");
    made.epoch(360_002, 2, "u");
    expect(made.stale(360_003, 2)).toBeNull();
  });

  it("is neither ended nor kept up by a member that lies about the epoch's history", () => {
    const made = fresh();
    made.heartbeat(50_000, "bob", beat(50_000, { transcript: "another" }));
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
    made.heartbeat(9_500, "bob", beat(9_500));
    expect(made.due(HEARTBEAT_MS + 1_500, 1)).toBe(false);
    made.spoke(20_000);
    expect(made.due(20_001, 0)).toBe(false);
  });

  it("is answered by one of the others, so that the keeper hears that it is not alone", () => {
    const names = ["keeper", "bob", "charlie"];
    const all = names.map(() => fresh());
    for (let now = 1_000; now <= 300_000; now += 1_000) {
      all.forEach((made, rank) => {
        if (!made.due(now, rank)) return;
        made.spoke(now);
        for (const other of all) if (other !== made) other.heartbeat(now, names[rank] ?? "", beat(now));
      });
      expect(all.map((made) => made.stale(now, 3))).toEqual([null, null, null]);
    }
  });

  it("is not answered by everybody", () => {
    const made = fresh();
    for (let now = 0; now < 120_000; now += 10_000) {
      made.heartbeat(now, "keeper", beat(now));
      if (now % 40_000 === 0) made.heartbeat(now, "bob", beat(now));
      expect(made.due(now + 9_000, 2)).toBe(false);
    }
  });
});
