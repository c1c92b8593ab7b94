import { describe, expect, it } from "vitest";
import { EVERYTHING } from "../e2ee/testing";
import type { MlsEvent, MlsLeaf, MlsState } from "../e2ee/mls";
import type { Rights } from "../e2ee/mls";
import { decisions, givingBack, NO_RULES, rulesNow } from "./rules";

const leaf = (participant: string, role: "host" | "cohost" | "guest" = "guest"): MlsLeaf =>
  ({ leaf: 0, participant, name: participant.toUpperCase(), role: "guest", key: participant, host: role !== "guest", may: EVERYTHING, cohost: role === "cohost" });
const state = (roster: MlsLeaf[], policy: object = {}): MlsState =>
  ({ incarnation: "i", epoch: 1, roster, transcript: "t", next: 0, policy: { hosts: [], link_version: 1, locked: false, strict: false, suspended: false, version: 0, ...policy } });
const by = (participant: string, policy = true): MlsEvent =>
  ({ kind: "applied", index: 0, participant, epoch: 1, added: [], removed: [], policy, self_removed: false });
const HOST = leaf("alice", "host");

describe("What a new policy decides", () => {
  it("is told with the name of the leaf that committed it", () => {
    const [open, shut] = [state([HOST]), state([HOST], { locked: true })];
    expect(decisions(open, shut, [by("alice")])).toEqual([{ kind: "locked", name: "ALICE" }]);
    expect(decisions(shut, open, [by("bob", false), by("alice")])).toEqual([{ kind: "unlocked", name: "ALICE" }]);
    expect(decisions(open, open, [by("alice")])).toEqual([]);
  });

  it("suspends and locks in one sentence", () => {
    const [open, both, shut] = [state([HOST]), state([HOST], { suspended: true, locked: true }), state([HOST], { locked: true })];
    expect(decisions(open, both, [by("alice")])).toEqual([{ kind: "suspended", name: "ALICE" }]);
    expect(decisions(both, shut, [by("alice")])).toEqual([{ kind: "resumed", name: "ALICE" }]);
    expect(decisions(both, open, [by("alice")])).toEqual([{ kind: "resumed", name: "ALICE" }, { kind: "unlocked", name: "ALICE" }]);
  });

  it("names nobody where two have decided before we could look between", () => {
    const after = state([HOST, leaf("bob", "cohost")], { locked: true });
    expect(decisions(state([HOST, leaf("bob", "cohost")]), after, [by("alice"), by("bob")])).toEqual([{ kind: "locked", name: "" }]);
  });

  it("tells whose role has changed, and nothing of whoever has just come", () => {
    const guest = state([HOST, leaf("bob")]);
    const cohost = state([HOST, leaf("bob", "cohost"), leaf("carol", "cohost")]);
    const handed = state([leaf("alice"), leaf("bob", "host"), leaf("carol", "cohost")]);
    expect(decisions(guest, cohost, [by("alice")])).toEqual([{ kind: "cohost", name: "BOB" }]);
    expect(decisions(cohost, handed, [by("alice")])).toEqual([{ kind: "unhosted", name: "ALICE" }, { kind: "handed", name: "BOB" }]);
    expect(decisions(cohost, guest, [by("alice")])).toEqual([{ kind: "unhosted", name: "BOB" }]);
  });

  it("remembers who suspended as long as it lasts", () => {
    const suspended = state([HOST], { suspended: true, locked: true });
    const rules = rulesNow(NO_RULES, suspended, [by("alice")]);
    expect(rules).toEqual({ locked: true, strict: false, suspended: true, suspendedBy: "ALICE", withheld: {} });
    expect(rulesNow(rules, suspended, [])).toEqual(rules);
    expect(rulesNow(NO_RULES, suspended, []).suspendedBy).toBe("");
    expect(rulesNow(rules, state([HOST], { locked: true }), [by("alice")])).toEqual({ locked: true, strict: false, suspended: false, suspendedBy: "", withheld: {} });
  });
});

describe("What a suspension took", () => {
  const rights: Rights = { chat: "off", share: "few", rename: "hosts" };

  it("is given back at once, or piece by piece with the setting that it had, and nothing more than that", () => {
    expect(givingBack(null, { suspended: true, rights }, {})).toEqual({ changes: { suspended: false }, withheld: {} });
    const first = givingBack("unmute", { suspended: true, rights }, {});
    expect(first.changes).toEqual({ suspended: false, rights: { unmute: "all", video: "hosts", share: "hosts", reactions: "hosts" } });
    expect(first.withheld).toEqual({ video: "all", share: "few", reactions: "all" });
    const now: Rights = { ...rights, ...first.changes.rights };
    const second = givingBack("share", { suspended: false, rights: now }, first.withheld);
    expect(second).toEqual({ changes: { rights: { share: "few" } }, withheld: { video: "all", reactions: "all" } });
    expect(givingBack(null, { suspended: false, rights: now }, second.withheld)).toEqual({ changes: { rights: { video: "all", reactions: "all" } }, withheld: {} });
  });

  it("is remembered through another suspension, and forgotten where a host has set it otherwise", () => {
    const { withheld } = givingBack("chat", { suspended: true, rights: {} }, {});
    const held: Rights = { unmute: "hosts", video: "hosts", share: "hosts", reactions: "hosts" };
    const rules = { ...NO_RULES, withheld };
    expect(rulesNow(rules, state([HOST], { rights: held }), []).withheld).toEqual(withheld);
    const again = rulesNow(rules, state([HOST], { suspended: true, rights: held }), [by("alice")]);
    expect(again.withheld).toEqual(withheld);
    expect(givingBack(null, { suspended: true, rights: held }, again.withheld).changes).toEqual({ suspended: false, rights: withheld });
    expect(givingBack("video", { suspended: true, rights: held }, again.withheld)).toEqual({
      changes: { suspended: false, rights: { chat: "hosts", unmute: "hosts", video: "all", share: "hosts", reactions: "hosts" } },
      withheld: { chat: "all", unmute: "all", share: "all", reactions: "all" },
    });
    expect(rulesNow(rules, state([HOST], { rights: { video: "hosts" } }), []).withheld).toEqual({ video: "all" });
  });

  it("is told as a part where it is one", () => {
    const [suspended, part] = [state([HOST], { suspended: true }), state([HOST], { rights: { video: "hosts" } })];
    expect(decisions(suspended, part, [by("alice")])).toEqual([{ kind: "partly", name: "ALICE" }]);
    const school = state([HOST], { suspended: true, rights: { share: "hosts" } });
    expect(decisions(school, state([HOST], { rights: { share: "hosts" } }), [by("alice")])).toEqual([{ kind: "resumed", name: "ALICE" }]);
  });
});
