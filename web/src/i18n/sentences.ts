import type { en } from "./en";

/** The same keys as English, with any text. */
type Same<Shape> = { readonly [Key in keyof Shape]: Shape[Key] extends string ? string : Same<Shape[Key]> };
export type Sentences = Same<typeof en>;
