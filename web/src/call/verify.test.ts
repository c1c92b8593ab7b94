import { describe, expect, it } from "vitest";
import type { MlsLeaf, MlsState } from "../e2ee/mls";
import { EVERYTHING } from "../e2ee/testing";
import { changesBetween, entered, NO_SECURITY, verified } from "./verify";

const leaf = (participant: string, name: string): MlsLeaf => ({ leaf: 0, participant, name, role: "guest", key: participant, host: false, cohost: false, may: EVERYTHING });
const state = (epoch: number, roster: MlsLeaf[]): MlsState => ({ epoch, roster, code: "0".repeat(30) } as unknown as MlsState);

describe("The security code", () => {
  it("stays verified while people come and go, and says who since then", () => {
    let security = verified(entered(NO_SECURITY, state(1, [leaf("a", "Alice")]), []), 10);
    expect(security.verified).toEqual({ at: 10, since: [] });
    security = entered(security, state(2, [leaf("a", "Alice"), leaf("b", "Bob")]), changesBetween([leaf("a", "Alice")], [leaf("a", "Alice"), leaf("b", "Bob")], 20));
    expect(security).toMatchObject({ epoch: 2, members: 2, verified: { at: 10, since: [{ at: 20, what: "joined", name: "Bob", role: "guest" }] } });
  });

  it("cannot be verified before there is one", () => {
    expect(verified(NO_SECURITY, 1).verified).toBeNull();
  });
});

describe("Changes", () => {
  it("name who left and who came, and count a replacement as neither", () => {
    const before = [leaf("a", "Alice"), leaf("b", "Bob")];
    expect(changesBetween(before, [{ ...leaf("a", "Alice"), leaf: 7 }, leaf("c", "Carol")], 5).map(({ what, name }) => [what, name])).toEqual([["left", "Bob"], ["joined", "Carol"]]);
  });
});
