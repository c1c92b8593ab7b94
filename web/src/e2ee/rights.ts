/** Which sources of a leaf are opened, asked for, shown and played (POL-20, POL-22): by its own right, and for pictures by ours. Pure. */
import { SOURCES, type SourceKind } from "./frames";
import type { MlsLeaf as Leaf, Right } from "./mls";

const NEEDS: Readonly<Record<SourceKind, Right>> = { microphone: "unmute", camera: "video", screen: "share", screen_sound: "share" };

/** `self` is our own leaf: without `pictures` we see hosts' cameras only. */
export function sourcesOf(leaf: Leaf, self: Leaf | undefined): ReadonlySet<SourceKind> {
  const seen = leaf.host || self?.may.includes("pictures") === true;
  return new Set(SOURCES.filter((kind) => leaf.may.includes(NEEDS[kind]) && (kind !== "camera" || seen)));
}

/** Whose camera may be given to whom: null when everybody may see everybody's, or ours is a host's. */
export function viewersOf(roster: readonly Leaf[], self: Leaf | undefined): ReadonlySet<string> | null {
  if (!self || self.host || roster.every(({ may }) => may.includes("pictures"))) return null;
  return new Set(roster.filter(({ may }) => may.includes("pictures")).map(({ participant }) => participant));
}
