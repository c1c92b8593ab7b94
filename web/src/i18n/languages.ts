import { en } from "./en";
import { fr } from "./fr";

export const LANGUAGES = { en, fr } as const;
export type Language = keyof typeof LANGUAGES;
/** Each language under its own name, whoever reads. */
export const OWN_NAMES: Record<Language, string> = { en: "English", fr: "Français" };

export function isLanguage(text: string): text is Language {
  return Object.hasOwn(LANGUAGES, text);
}
