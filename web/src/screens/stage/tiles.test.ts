import { expect, it } from "vitest";

import type { Person } from "../../call/contract";
import { initials } from "./initials";
import { largeOf, tilesOf } from "./tiles";

const person = (participant: string, change: Partial<Person> = {}): Person =>
  ({ participant, self: false, screen: false, ...change }) as Person;
const people = [person("alice", { self: true }), person("bob"), person("carol", { screen: true })];

it("puts screens first and oneself last", () => {
  expect(tilesOf(people).map((tile) => tile.key)).toEqual(["carol:screen", "bob:camera", "carol:camera", "alice:camera"]);
});

it("shows large what was chosen, else the first screen, else nothing", () => {
  const tiles = tilesOf(people);
  expect(largeOf(tiles, "bob:camera")?.key).toBe("bob:camera");
  expect(largeOf(tiles, "gone:camera")?.key).toBe("carol:screen");
  expect(largeOf(tilesOf(people.slice(0, 2)), null)).toBeNull();
  expect(largeOf(tilesOf([person("alice", { self: true, screen: true }), person("bob")]), null)).toBeNull();
});

it.each([
  ["Alice Martin", "AM"],
  ["  bob ", "B"],
  ["Maximiliane von Hohenstein", "MH"],
  ["👩‍🚀 Zoé", "👩‍🚀Z"],
  ["", ""],
])("shortens %j to %j", (name, short) => {
  expect(initials(name)).toBe(short);
});
