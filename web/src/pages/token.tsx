import { takeFragment } from "../e2ee/link";

/**
 * A one-time link's token: out of the address, into the form's field; the server's answer may already hold it.
 * A form that names where it is kept needs somebody who is signed in: until then this tab keeps the token for it.
 */
const form = document.querySelector<HTMLFormElement>("form[data-token-form]");
const field = form?.querySelector<HTMLInputElement>("input[name=token]");
const place = form?.dataset["tokenForm"] ?? "";
const fragment = takeFragment(location, history).replace(/^#/, "");
if (place !== "" && fragment !== "") sessionStorage.setItem(place, fragment);
const token = fragment === "" && place !== "" ? (sessionStorage.getItem(place) ?? "") : fragment;
if (form && field) {
  if (token !== "") field.value = token;
  const missing = field.value === "";
  document.querySelector("[data-token-missing]")?.toggleAttribute("hidden", !missing);
  if (place === "") form.hidden = missing;
  else if (!missing) field.closest(".field")?.setAttribute("hidden", "");
  form.addEventListener("submit", () => {
    sessionStorage.removeItem(place);
  });
}
