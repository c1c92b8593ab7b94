/** Do two names look the same? NFKC, case and width folded, then the letters that are most often swapped. */

/** From Unicode's confusables: the pairs that occur in names and that NFKC leaves apart. */
const LOOKS = new Map(Object.entries({
  а: "a", е: "e", о: "o", р: "p", с: "c", у: "y", х: "x", к: "k", в: "b", н: "h", м: "m", т: "t", і: "i", ј: "j", ѕ: "s", ԁ: "d", ӏ: "l", ɡ: "g", ɑ: "a",
  α: "a", β: "b", ε: "e", ι: "i", κ: "k", ν: "v", ο: "o", ρ: "p", τ: "t", υ: "u", χ: "x", ı: "i", ł: "l", ø: "o", ð: "d", þ: "p", ß: "ss", æ: "ae", œ: "oe",
  0: "o", 1: "l", "|": "l", 5: "s",
}));

export function skeleton(name: string): string {
  const folded = name.normalize("NFKC").toLowerCase().normalize("NFD").replace(/\p{M}|\p{Cf}|\p{P}|\p{Z}/gu, "");
  // `I` and `l` look alike in most faces, as do `rn` and `m`.
  return Array.from(folded, (letter) => LOOKS.get(letter) ?? letter).join("").replaceAll("i", "l").replaceAll("rn", "m").replaceAll("vv", "w");
}

/** The names, among those given, that look like another one in the list. */
export function ambiguous(names: readonly string[]): ReadonlySet<string> {
  const by = new Map<string, string[]>();
  for (const name of names) by.set(skeleton(name), [...(by.get(skeleton(name)) ?? []), name]);
  return new Set([...by.values()].filter((alike) => alike.length > 1).flat());
}
