import { expect, it } from "vitest";

import type { Person } from "../call/contract";
import { announcements } from "./announcements";

const person = (participant: string, change: Partial<Person> = {}): Person => ({
  participant, leaf: 0, name: participant, ambiguous: false, role: "guest", cohost: false, hosting: false, signedIn: false, domain: null, self: false, lock: "locked",
  may: [], reaction: null, handUp: false, speaking: false, microphone: true, camera: true, screen: false, connection: "good", ...change,
});
const alice = person("Alice", { self: true });
const bob = person("Bob");

it("says who came, who left, and whose hand went up or down", () => {
  expect(announcements([alice], [alice, bob])).toEqual([{ what: "joined", name: "Bob" }]);
  expect(announcements([alice, bob], [alice])).toEqual([{ what: "left", name: "Bob" }]);
  expect(announcements([bob], [{ ...bob, handUp: true }])).toEqual([{ what: "handUp", name: "Bob" }]);
  expect(announcements([{ ...bob, handUp: true }], [bob])).toEqual([{ what: "handDown", name: "Bob" }]);
});

it("says whose line is lost, and that it is back", () => {
  const away = { ...bob, connection: "lost" as const };
  expect(announcements([bob], [away])).toEqual([{ what: "lineLost", name: "Bob" }]);
  expect(announcements([away], [bob])).toEqual([{ what: "lineBack", name: "Bob" }]);
  expect(announcements([bob], [{ ...bob, connection: "poor" }])).toEqual([]);
});

it("says a name only once it is validated, and nothing of oneself", () => {
  const securing = person("p9", { name: "", lock: "securing" });
  expect(announcements([], [alice, securing])).toEqual([]);
  expect(announcements([securing], [{ ...securing, name: "Dora", lock: "locked" }])).toEqual([{ what: "joined", name: "Dora" }]);
});

it("says nothing when nothing of this changed", () => {
  expect(announcements([alice, bob], [alice, { ...bob, speaking: true }])).toEqual([]);
});

it("says a reaction once", () => {
  const before = [person("Bob")];
  const after = [person("Bob", { reaction: "heart" })];
  expect(announcements(before, after)).toEqual([{ what: "reacted", name: "Bob", reaction: "heart" }]);
  expect(announcements(after, after)).toEqual([]);
});
