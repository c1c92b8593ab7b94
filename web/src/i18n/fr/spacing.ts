/** An ordinary space where French has one that never ends a line. */
const APART = / (?=[:;?!»])|(?<=«) /g;

/** Sentences as French is set, however their files were typed. */
export function spaced<Tree extends object>(tree: Tree): Tree {
  const entries = Object.entries(tree).map(([key, value]: [string, unknown]) => [key, typeof value === "string" ? value.replaceAll(APART, "\u00a0") : spaced(value as object)]);
  return Object.fromEntries(entries) as Tree;
}
