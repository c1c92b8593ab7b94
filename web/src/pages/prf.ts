/** KEYR-2: what a passkey gives to open a keyring. It is asked for here and nowhere else, and no part of it is sent. */
import { bytesOf, textOf } from "../e2ee/base64";
import { PRF_INPUT } from "../e2ee/openers";

export interface Given { readonly credential: string; readonly given: Uint8Array<ArrayBuffer> }

/** Why a passkey did not open anything. */
export type Without = "passkey_none" | "passkey_cannot";

/** Asks for one of these passkeys; the challenge is nobody's, as what it signs goes nowhere. */
export async function askPasskey(credentials: readonly string[]): Promise<Given | Without> {
  const allowCredentials = credentials.map((id): PublicKeyCredentialDescriptor => ({ type: "public-key", id: bytesOf(id) }));
  const challenge = crypto.getRandomValues(new Uint8Array(32));
  const extensions = { prf: { eval: { first: PRF_INPUT } } };
  // Always with fingerprint, face or PIN: without, a passkey gives something else.
  const found = await navigator.credentials.get({ publicKey: { challenge, allowCredentials, userVerification: "required", extensions } }).catch(() => null);
  if (!(found instanceof PublicKeyCredential)) return "passkey_none";
  const first = found.getClientExtensionResults().prf?.results?.first;
  if (first === undefined) return "passkey_cannot";
  const given = new Uint8Array(first instanceof ArrayBuffer ? first : first.buffer);
  return { credential: textOf(new Uint8Array(found.rawId)), given: given.slice() };
}
