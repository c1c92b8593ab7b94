import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReplayWindow, WINDOW } from "./replay";

describe("The replay window (FRM-4)", () => {
  it("accepts each counter once, in any order within the window", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 * WINDOW }), { maxLength: 300 }), (counters) => {
        const window = new ReplayWindow();
        const accepted = new Set<number>();
        let highest = -1;
        for (const counter of counters) {
          expect(window.fresh(counter)).toBe(!accepted.has(counter) && counter > highest - WINDOW);
          if (!window.fresh(counter)) continue;
          window.mark(counter);
          accepted.add(counter);
          highest = Math.max(highest, counter);
        }
      }),
    );
  });

  it("stays open for a counter that did not authenticate", () => {
    const window = new ReplayWindow();
    expect(window.fresh(7)).toBe(true);
    expect(window.fresh(7)).toBe(true);
    window.mark(7);
    expect(window.fresh(7)).toBe(false);
  });
});
