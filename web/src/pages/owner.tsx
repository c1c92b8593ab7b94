import { takeFragment } from "../e2ee/link";

/** The owner link's token: out of the address, into the form's hidden field; the server's answer may already hold it. */
const token = takeFragment(location, history).replace(/^#/, "");
const form = document.querySelector<HTMLFormElement>("#owner-form");
const field = form?.querySelector<HTMLInputElement>("input[name=token]");
if (form && field) {
  if (token !== "") field.value = token;
  const missing = field.value === "";
  document.getElementById("owner-link-incomplete")?.toggleAttribute("hidden", !missing);
  form.hidden = missing;
}
