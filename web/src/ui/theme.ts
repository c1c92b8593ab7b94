import { setCookie } from "../i18n/cookie";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** Read by the page templates too, so that the first paint has the right ground. */
const COOKIE = "conclave_theme";

export function theme(): Theme {
  const chosen = document.documentElement.dataset["theme"];
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

/** Applies the theme at once and remembers it on this device. */
export function setTheme(next: Theme): void {
  if (next === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
  setCookie(COOKIE, next === "system" ? null : next);
}
