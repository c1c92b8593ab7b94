/** The keyring as the server keeps it (docs/protocol/keyring.md): ciphertext. */
import { get, put, remove } from "./http";
import type { KeyringIn, KeyringOut, KeyringVersion } from "./http.gen";

const KEYRING = "/api/v1/keyring";

export function getKeyring(): Promise<KeyringOut> {
  return get(KEYRING);
}

export function putKeyring(keyring: KeyringIn): Promise<KeyringVersion> {
  return put(KEYRING, keyring);
}

export function deleteKeyring(): Promise<void> {
  return remove(KEYRING);
}
