import { expect, it } from "vitest";
import type { MlsState, Right } from "../e2ee/mls";
import { EVERYTHING } from "../e2ee/testing";
import type { Presence } from "../media/presence";
import { Screens } from "./screens";

const state = (share: "all" | "one", hosts: readonly string[] = ["alice"], may: readonly Right[] = EVERYTHING): MlsState =>
  ({ policy: share === "one" ? { rights: { share } } : {}, roster: ["alice", "bob", "carol"].map((participant) => ({ participant, host: hosts.includes(participant), may })) }) as unknown as MlsState;
const showing = (...names: string[]): Presence[] => names.map((participant) => ({ participant, screen: true }) as Presence);

it("one at a time: the first stays, whoever else comes (POL-20)", () => {
  const screens = new Screens();
  expect(screens.unseen(state("one"), showing("bob"))).toEqual(new Set());
  expect(screens.unseen(state("one"), showing("carol", "bob"))).toEqual(new Set(["carol"]));
  expect(screens.first).toBe("bob");
  expect(screens.unseen(state("one"), showing("carol"))).toEqual(new Set());
  expect(screens.first).toBe("carol");
});

it("hosts take no turn and wait for none, and elsewhere everybody is seen", () => {
  const screens = new Screens();
  screens.unseen(state("one"), showing("bob"));
  expect(screens.unseen(state("one"), showing("alice", "bob"))).toEqual(new Set());
  expect(screens.unseen(state("all"), showing("bob", "carol"))).toEqual(new Set());
  expect(screens.first).toBeNull();
});

it("who may not show a screen is not the one", () => {
  const screens = new Screens();
  screens.unseen(state("one", ["alice"], []), showing("bob"));
  expect(screens.first).toBeNull();
});
