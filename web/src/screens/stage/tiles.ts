import type { Person } from "../../call/contract";

export interface TileSpec {
  readonly key: string;
  readonly participant: string;
  readonly kind: "camera" | "screen";
  /** One's own screen, which one need not see large. */
  readonly own: boolean;
}

const camera = (person: Person): TileSpec => ({ key: `${person.participant}:camera`, participant: person.participant, kind: "camera", own: person.self });
const screen = (person: Person): TileSpec => ({ key: `${person.participant}:screen`, participant: person.participant, kind: "screen", own: person.self });

/** Screens first, then everybody's picture; the other people before oneself once there are some, so that faces come first. */
export function tilesOf(people: readonly Person[]): readonly TileSpec[] {
  const others = people.filter((person) => !person.self);
  const self = people.filter((person) => person.self);
  const order = [...others, ...self];
  return [...order.filter((person) => person.screen).map(screen), ...order.map(camera)];
}

/** What is shown large: the tile this person chose, else the first screen of somebody else; else nothing. */
export function largeOf(tiles: readonly TileSpec[], chosen: string | null): TileSpec | null {
  return tiles.find((tile) => tile.key === chosen) ?? tiles.find((tile) => tile.kind === "screen" && !tile.own) ?? null;
}
