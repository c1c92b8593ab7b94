import { bytesOf, textOf } from "../e2ee/base64";

/** What the server asks of the browser, with bytes in base64url (WebAuthn, "PublicKeyCredential…OptionsJSON"). */
interface Asked {
  readonly creation_options?: { readonly publicKey: CreationJson };
  readonly request_options?: { readonly publicKey: RequestJson };
}
interface Named {
  readonly id: string;
  readonly type: "public-key";
}
type CreationJson = Omit<PublicKeyCredentialCreationOptions, "challenge" | "user" | "excludeCredentials"> & {
  readonly challenge: string;
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string };
  readonly excludeCredentials?: readonly Named[];
};
type RequestJson = Omit<PublicKeyCredentialRequestOptions, "challenge" | "allowCredentials"> & { readonly challenge: string; readonly allowCredentials?: readonly Named[] };

const named = (list: readonly Named[] | undefined): PublicKeyCredentialDescriptor[] => (list ?? []).map((one) => ({ ...one, id: bytesOf(one.id) }));
const text = (bytes: ArrayBuffer): string => textOf(new Uint8Array(bytes));

/** Makes a passkey that can sign in by itself: kept where it is made, and never used without fingerprint, face or PIN. */
async function create({ publicKey }: { readonly publicKey: CreationJson }): Promise<Credential | null> {
  return navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: bytesOf(publicKey.challenge),
      user: { ...publicKey.user, id: bytesOf(publicKey.user.id) },
      excludeCredentials: named(publicKey.excludeCredentials),
      authenticatorSelection: { ...publicKey.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required" },
    },
  });
}

async function show({ publicKey }: { readonly publicKey: RequestJson }): Promise<Credential | null> {
  return navigator.credentials.get({
    publicKey: { ...publicKey, challenge: bytesOf(publicKey.challenge), allowCredentials: named(publicKey.allowCredentials) },
  });
}

/** What is sent of a passkey: its public part, or its signature. */
function sent(credential: Credential | null): string {
  if (!(credential instanceof PublicKeyCredential)) throw new TypeError("no passkey");
  const { response } = credential;
  const said: Record<string, unknown> = { clientDataJSON: text(response.clientDataJSON) };
  if (response instanceof AuthenticatorAttestationResponse) {
    said["attestationObject"] = text(response.attestationObject);
    said["transports"] = response.getTransports();
  } else if (response instanceof AuthenticatorAssertionResponse) {
    said["authenticatorData"] = text(response.authenticatorData);
    said["signature"] = text(response.signature);
    said["userHandle"] = response.userHandle === null ? null : text(response.userHandle);
  }
  const { id, type, authenticatorAttachment } = credential;
  return JSON.stringify({ id, rawId: text(credential.rawId), type, authenticatorAttachment, clientExtensionResults: credential.getClientExtensionResults(), response: said });
}

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
