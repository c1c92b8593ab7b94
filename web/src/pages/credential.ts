import { bytesOf, textOf } from "../e2ee/base64";

/** What the server asks of the browser, with bytes in base64url (WebAuthn, "PublicKeyCredential…OptionsJSON"). */
export interface Asked {
  readonly creation_options?: { readonly publicKey: CreationJson };
  readonly request_options?: { readonly publicKey: RequestJson };
}
interface Named {
  readonly id: string;
  readonly type: "public-key";
}
type CreationJson = Omit<PublicKeyCredentialCreationOptions, "challenge" | "user" | "excludeCredentials" | "extensions"> & {
  readonly challenge: string;
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string };
  readonly excludeCredentials?: readonly Named[];
};
type RequestJson = Omit<PublicKeyCredentialRequestOptions, "challenge" | "allowCredentials" | "extensions"> & { readonly challenge: string; readonly allowCredentials?: readonly Named[] };

const named = (list: readonly Named[] | undefined): PublicKeyCredentialDescriptor[] => (list ?? []).map((one) => ({ ...one, id: bytesOf(one.id) }));
const text = (bytes: ArrayBuffer): string => textOf(new Uint8Array(bytes));

/** What of a passkey's extensions is asked for: whether it can open a keyring (KEYR-2). What it would open one with is asked for elsewhere. */
const EXTENSIONS: AuthenticationExtensionsClientInputs = { credProps: true, prf: {} };

/** Makes a passkey that can sign in by itself: kept where it is made, and never used without fingerprint, face or PIN. */
export async function create({ publicKey }: { readonly publicKey: CreationJson }): Promise<Credential | null> {
  return navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: bytesOf(publicKey.challenge),
      user: { ...publicKey.user, id: bytesOf(publicKey.user.id) },
      excludeCredentials: named(publicKey.excludeCredentials),
      extensions: EXTENSIONS,
      authenticatorSelection: { ...publicKey.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required" },
    },
  });
}

export async function show({ publicKey }: { readonly publicKey: RequestJson }): Promise<Credential | null> {
  return navigator.credentials.get({
    // KEYR-2: not even a server that asks for what opens a keyring is given it.
    publicKey: { ...publicKey, extensions: {}, challenge: bytesOf(publicKey.challenge), allowCredentials: named(publicKey.allowCredentials) },
  });
}

/** What is sent of a passkey: its public part, or its signature, and nothing of what it opens a keyring with (KEYR-2). */
export function sent(credential: Credential | null): string {
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
  const { credProps } = credential.getClientExtensionResults();
  const clientExtensionResults = credProps === undefined ? {} : { credProps };
  return JSON.stringify({ id, rawId: text(credential.rawId), type, authenticatorAttachment, clientExtensionResults, response: said });
}
