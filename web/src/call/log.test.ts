import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Log } from "./log";

const entry = (name: number) => ({ kind: "remove" as const, participant: String(name), reason: "left" as const });
const entries = (from: number, count: number) => Array.from({ length: count }, (_, offset) => entry(from + offset));

describe("The log (LOG-5)", () => {
  it("is handed on in order, without gaps, each entry once, however it arrives", () => {
    const pieces = fc.array(fc.record({ from: fc.integer({ min: 0, max: 20 }), count: fc.integer({ min: 0, max: 8 }) }), { maxLength: 30 });
    fc.assert(
      fc.property(pieces, (parts) => {
        const log = new Log();
        const taken: string[] = [];
        for (const { from, count } of parts) {
          log.add(from, entries(from, count));
          taken.push(...log.take().entries.map(({ participant }) => participant));
        }
        expect(taken).toEqual(taken.map((_, index) => String(index)));
        expect(log.next).toBe(taken.length);
        expect(log.end).toBe(log.next);
      }),
    );
  });

  it("knows that something is missing", () => {
    const log = new Log();
    log.add(0, entries(0, 2));
    expect(log.gap).toBe(false);
    log.add(3, entries(3, 2));
    expect([log.gap, log.end]).toEqual([true, 2]);
    log.take();
    expect(log.gap).toBe(true);
    log.add(2, entries(2, 1));
    expect(log.gap).toBe(false);
    log.take();
    expect([log.gap, log.next]).toEqual([false, 5]);
  });

  it("starts for a joiner behind what its Welcome covers, and keeps what came before it did", () => {
    const log = new Log();
    log.add(4, entries(4, 4));
    expect(log.take().entries).toEqual([]);
    log.next = 6;
    expect(log.take()).toEqual({ from: 6, entries: entries(6, 2) });
    expect(log.end).toBe(8);
  });
});
