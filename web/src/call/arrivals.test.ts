import { expect, it } from "vitest";
import type { Presence } from "../media/presence";
import { Arrivals } from "./arrivals";

const bob = (due: boolean): Presence => ({ participant: "b", speaking: false, microphone: due, camera: false, screen: false, connection: "good", due });

it("What is due is due since it began, and anew after a pause; who was seen stays known", () => {
  const arrivals = new Arrivals();
  arrivals.look([bob(true)], 1);
  arrivals.look([bob(true)], 2);
  expect([...arrivals.due]).toEqual([["b", 1]]);
  arrivals.look([bob(false)], 3);
  arrivals.look([bob(true)], 4);
  expect([...arrivals.due]).toEqual([["b", 4]]);
  arrivals.look([], 5);
  expect([[...arrivals.due], [...arrivals.seen]]).toEqual([[], ["b"]]);
});
