import "./pages.css";

import { setTheme, theme, THEMES } from "../ui/theme";
import { timeIn } from "./timeIn";

/** The colours menu of every page; without JavaScript the device decides. */
const menu = document.querySelector<HTMLElement>("[data-theme-menu]");
const show = (): void => {
  for (const button of menu?.querySelectorAll("button") ?? []) button.setAttribute("aria-pressed", String(button.value === theme()));
};
menu?.removeAttribute("hidden");
menu?.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  const next = THEMES.find((known) => known === button?.value);
  if (next === undefined) return;
  setTheme(next);
  show();
});
show();

/** Beside a time in a meeting's zone, the reader's own where that is another. */
for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-own]")) {
  const { own: text } = timeIn(Date.parse(time.dateTime), time.dataset["zone"] ?? "UTC", document.documentElement.lang);
  if (text === null) continue;
  const own = document.createElement("span");
  own.className = "quiet";
  own.textContent = ` · ${(time.dataset["own"] ?? "").replace("{time}", text)}`;
  time.after(own);
}

/** A meeting that is planned for the first time: the zone of this device, unless another was chosen. */
const zone = document.querySelector<HTMLSelectElement>("form[data-own-zone] select[name=zone]");
const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone?.value === "UTC" && [...zone.options].some(({ value }) => value === here)) zone.value = here;

/** Buttons that copy what stands elsewhere on the page; where the browser forbids it, the text is there to be copied by hand. */
for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const text = document.getElementById(button.dataset["copies"] ?? "")?.textContent ?? "";
    navigator.clipboard.writeText(text).then(
      () => {
        button.textContent = button.dataset["copied"] ?? "";
      },
      () => {
        button.hidden = true;
      },
    );
  });
}
