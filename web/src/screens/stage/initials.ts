const TINTS = 6;

/** The first sign of the first and the last word, whole even where a sign is several code points. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter((word) => word !== "");
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return ends.map((word) => [...segments.segment(word ?? "")][0]?.segment ?? "").join("").toLocaleUpperCase();
}

/** One of a few calm grounds, the same for a person all through the call. */
export function tint(seed: string): number {
  let sum = 0;
  for (const sign of seed) sum = (sum * 31 + (sign.codePointAt(0) ?? 0)) % 9973;
  return sum % TINTS;
}
