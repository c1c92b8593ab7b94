import { type Asked, create, sent, show } from "./credential";

/** What the server asks: it stands in the page, or is fetched when somebody wants to sign in. */
async function asked(form: HTMLFormElement): Promise<Asked> {
  const inPage = document.getElementById("passkey-options")?.textContent;
  if (form.dataset["passkey"] !== "sign-in" && inPage != null) return JSON.parse(inPage) as Asked;
  const answer = await fetch(form.action, { headers: { Accept: "application/json" }, credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()) as Asked;
}

async function send(form: HTMLFormElement): Promise<void> {
  const { creation_options, request_options } = await asked(form);
  const credential = creation_options ? await create(creation_options) : request_options ? await show(request_options) : null;
  const field = form.querySelector<HTMLInputElement>("input[name=credential]");
  if (field) field.value = sent(credential);
  form.submit();
}

/** The forms that send a passkey: shown where the browser knows them, filled by what the person shows. */
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-passkey]")) {
  const known = "PublicKeyCredential" in window;
  form.hidden = !known;
  document.querySelector("[data-passkey-unknown]")?.toggleAttribute("hidden", known);
  const failed = form.querySelector("[data-passkey-failed]");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    failed?.setAttribute("hidden", "");
    send(form).catch(() => failed?.removeAttribute("hidden"));
  });
}
