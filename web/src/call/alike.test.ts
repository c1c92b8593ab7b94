import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ambiguous, skeleton } from "./alike";

describe("Names that look alike", () => {
  it.each([["Paul", "Pаul"], ["Paul", "PAUL"], ["Bill", "BiII"], ["Zoë", "Zoe"], ["Ａnna", "Anna"], ["Marn", "Mam"], ["Bob", "B0b"], ["Ann", "An\u200bn"], ["Jose", "José"], ["Eve ", "E v e"]])("%s and %s", (one, other) => {
    expect(skeleton(one)).toBe(skeleton(other));
    expect(ambiguous([one, other, "Somebody"])).toEqual(new Set([one, other]));
  });

  it.each([["Anna", "Hanna"], ["Bob", "Rob"], ["Li", "Lo"]])("%s and %s are told apart", (one, other) => {
    expect(ambiguous([one, other]).size).toBe(0);
  });

  it("are found in any list without failing", () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: "grapheme" })), (names) => { expect(ambiguous([...names, ...names])).toEqual(new Set(names)); }));
  });
});
