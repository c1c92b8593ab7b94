import "./pages.css";

import { setTheme, theme, THEMES } from "../ui/theme";

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
