import i18next from "i18next";
import { initReactI18next } from "react-i18next";

import { setCookie } from "./cookie";
import { isLanguage, type Language, LANGUAGES } from "./languages";

/** The one the pages are served by, so that the pages follow. */
const COOKIE = "conclave_language";

/** The language of the page as the server gave it; English for one we do not speak. */
function given(): Language {
  const code = document.documentElement.lang.slice(0, 2);
  return isLanguage(code) ? code : "en";
}

/** Starts i18next; both languages are in the bundle, so that switching asks the network nothing. */
export async function startLanguage(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: given(),
    fallbackLng: "en",
    resources: Object.fromEntries(Object.entries(LANGUAGES).map(([code, translation]) => [code, { translation }])),
    interpolation: { escapeValue: false },
    returnNull: false,
  });
}

/** Switches at once, without losing a call, and remembers the choice. */
export async function setLanguage(next: Language): Promise<void> {
  await i18next.changeLanguage(next);
  document.documentElement.lang = next;
  setCookie(COOKIE, next);
}
