import { expect, it } from "vitest";
import { Reactions } from "./reactions";

it("of one person no more than three a second are shown (SAY-8)", () => {
  const reactions = new Reactions();
  const flood = Array.from({ length: 100 }, (_, index) => reactions.take("mallory", "laugh", index * 10));
  expect(flood.filter(Boolean)).toHaveLength(3);
  expect(reactions.take("bob", "heart", 500)).toBe(true);
  expect(reactions.take("mallory", "laugh", 1_050)).toBe(true);
});

it("each is shown for some seconds, the newest of each person", () => {
  const reactions = new Reactions();
  reactions.take("bob", "heart", 0);
  reactions.take("bob", "thumb", 1_000);
  expect(reactions.shown(4_500)).toEqual(new Map([["bob", "thumb"]]));
  expect(reactions.shown(5_000)).toEqual(new Map());
});
