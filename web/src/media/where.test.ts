import { describe, expect, it } from "vitest";
import { astray, farEnds } from "./where";

const report = (...entries: readonly Record<string, unknown>[]): RTCStatsReport => new Map(entries.map((entry) => [String(entry["id"]), entry]));

const PAIRS = [
  { id: "p1", type: "candidate-pair", remoteCandidateId: "r1" },
  { id: "p2", type: "candidate-pair", remoteCandidateId: "r2", nominated: true },
  { id: "r1", type: "remote-candidate", address: "198.51.100.1" },
  { id: "r2", type: "remote-candidate", address: "203.0.113.7" },
];

describe("REG-9: where the media goes", () => {
  it("is the far end of the pair that the transport has chosen, and of no other", () => {
    expect(farEnds([report({ id: "t", type: "transport", selectedCandidatePairId: "p2" }, ...PAIRS)])).toEqual(["203.0.113.7"]);
  });

  it("is the pair that Firefox marks", () => {
    expect(farEnds([report({ ...PAIRS[0], selected: true }, PAIRS[1] ?? {}, PAIRS[2] ?? {}, PAIRS[3] ?? {})])).toEqual(["198.51.100.1"]);
  });

  it("is nothing while there is no pair, or the browser does not tell", () => {
    expect(farEnds([report(...PAIRS), report({ id: "t", type: "transport", selectedCandidatePairId: "gone" })])).toEqual([]);
    expect(farEnds([report({ id: "t", type: "transport", selectedCandidatePairId: "p" }, { id: "p", type: "candidate-pair", remoteCandidateId: "r" }, { id: "r", type: "remote-candidate", address: "" })])).toEqual([]);
  });

  it("goes astray where no published address is the same, however it is written", () => {
    expect(astray(["203.0.113.7", "2001:db8::7"], ["203.0.113.7", "2001:0DB8:0:0::7"])).toEqual([]);
    expect(astray(["203.0.113.7", "198.51.100.1"], ["203.0.113.7"])).toEqual(["198.51.100.1"]);
    expect(astray(["203.0.113.7"], [])).toEqual(["203.0.113.7"]);
  });
});
