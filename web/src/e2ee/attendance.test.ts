import { describe, expect, it } from "vitest";

import { attended, NOBODY, type Attended } from "./attendance";
import type { MlsState } from "./mls";

const leaf = (participant: string, name: string, more: object = {}) => ({ participant, name, key: `key of ${participant}`, ...more });
const state = (epoch: number, roster: readonly object[], incarnation = "one"): MlsState => ({ incarnation, epoch, roster }) as unknown as MlsState;
const ALICE = leaf("a", "Alice", { account: "pseudonym", domain: "school.example" });
const BOB = leaf("b", "Bob");

/** Lets epochs pass, one each second; gives the record, and who was there from when to when. */
function record(...epochs: readonly MlsState[]): [Attended, readonly (readonly [string, number, number | undefined])[]] {
  const made = epochs.reduce((before, epoch, index) => attended(before, "call", epoch, 1_000 * index), NOBODY);
  return [made, made.stays.map(({ name, from, until }) => [name, from / 1_000, until === undefined ? until : until / 1_000])];
}

describe("Who held the key and when (ATT-2)", () => {
  it("is who had a leaf in each epoch that was entered", () => {
    const [, stays] = record(state(3, [ALICE]), state(4, [ALICE, BOB]), state(5, [ALICE]), state(6, [ALICE, BOB]));
    expect(stays).toEqual([["Alice", 0, undefined], ["Bob", 1, 2], ["Bob", 3, undefined]]);
  });

  it("keeps what a leaf says of itself, and the epoch in which it was seen first", () => {
    const [{ stays }] = record(state(3, [ALICE]));
    expect(stays).toEqual([{ account: "pseudonym", domain: "school.example", epoch: 3, from: 0, incarnation: "one", key: "key of a", name: "Alice", participant: "a" }]);
  });

  it("begins another stay with another name or another key", () => {
    const [, named] = record(state(1, [BOB]), state(2, [{ ...BOB, name: "Eve" }]));
    expect(named).toEqual([["Bob", 0, 1], ["Eve", 1, undefined]]);
    const [, keyed] = record(state(1, [BOB]), state(2, [{ ...BOB, key: "another" }]));
    expect(keyed).toEqual([["Bob", 0, 1], ["Bob", 1, undefined]]);
  });

  it("ends all stays with a life of the group, when it was last true, and begins anew with another call", () => {
    const [made, stays] = record(state(1, [ALICE, BOB]), state(2, [ALICE, BOB]), state(0, [ALICE], "two"));
    expect(stays).toEqual([["Alice", 0, 1], ["Bob", 0, 1], ["Alice", 2, undefined]]);
    expect(attended(made, "another call", state(0, [BOB]), 9_000).stays).toHaveLength(1);
  });

  it("never goes back in time when the clock is set anew", () => {
    const made = attended(attended(NOBODY, "call", state(1, [ALICE, BOB]), 5_000), "call", state(2, [ALICE]), 4_000);
    expect(made.stays.map(({ from, until }) => [from, until])).toEqual([[5_000, undefined], [5_000, 5_000]]);
  });
});
