import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

interface Case { id: number; key: string; iv: string; aad: string; msg: string; ct: string; tag: string; valid: boolean }
const file = new URL("../../../tests/vectors/wycheproof/aes_gcm.json", import.meta.url);
const { tests } = JSON.parse(readFileSync(file, "utf8")) as { tests: Case[] };
const hex = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const toHex = (bytes: ArrayBuffer): string => Buffer.from(bytes).toString("hex");

// Frames are sealed with 128-bit keys and the key ring with 256; WebCrypto derives nothing for us, the module does.
it("AES-GCM of this platform is right in every case of Wycheproof", async () => {
  expect(tests.length).toBe(133);
  for (const { id, key, iv, aad, msg, ct, tag, valid } of tests) {
    const imported = await crypto.subtle.importKey("raw", hex(key), "AES-GCM", false, ["encrypt", "decrypt"]);
    const parameters = { name: "AES-GCM", iv: hex(iv), additionalData: hex(aad), tagLength: 128 };
    const opened = await crypto.subtle.decrypt(parameters, imported, hex(ct + tag)).then(toHex, () => null);
    expect(opened, `case ${String(id)}`).toBe(valid ? msg : null);
    const sealed = toHex(await crypto.subtle.encrypt(parameters, imported, hex(msg)));
    expect(sealed === ct + tag, `case ${String(id)}`).toBe(valid);
  }
});
