import { beforeEach, describe, expect, it, vi } from "vitest";

import { type Asked, create, sent, show } from "./credential";

class Shown {
  readonly id = "AQ";
  readonly rawId = new Uint8Array([1]).buffer;
  readonly type = "public-key";
  readonly authenticatorAttachment = null;
  readonly response = Object.assign(new Assertion(), { clientDataJSON: new ArrayBuffer(1), authenticatorData: new ArrayBuffer(1), signature: new ArrayBuffer(1), userHandle: null });
  getClientExtensionResults() {
    return { credProps: { rk: true }, prf: { enabled: true, results: { first: new TextEncoder().encode("what opens the keyring").buffer } } };
  }
}
class Assertion {
  readonly kind = "assertion";
}
class Attestation {
  readonly kind = "attestation";
}

/** What a server would send that wants more than a signature. */
const GREEDY = { prf: { eval: { first: "AQ" }, evalByCredential: { AQ: { first: "AQ" } } }, largeBlob: { read: true }, credProps: true };
const asked = (): Required<Asked> => ({
  creation_options: { publicKey: { challenge: "AQ", rp: { name: "x" }, user: { id: "AQ", name: "a", displayName: "a" }, pubKeyCredParams: [], extensions: GREEDY } },
  request_options: { publicKey: { challenge: "AQ", extensions: GREEDY } },
}) as unknown as Required<Asked>;
const credentials = { create: vi.fn(), get: vi.fn() };

beforeEach(() => {
  vi.stubGlobal("navigator", { credentials });
  vi.stubGlobal("PublicKeyCredential", Shown);
  vi.stubGlobal("AuthenticatorAttestationResponse", Attestation);
  vi.stubGlobal("AuthenticatorAssertionResponse", Assertion);
});

describe("A passkey that signs in (KEYR-2)", () => {
  it("is never asked for what opens a keyring, whatever the server asks", async () => {
    await create(asked().creation_options);
    await show(asked().request_options);
    expect(credentials.create.mock.lastCall?.[0]).toMatchObject({ publicKey: { extensions: { credProps: true, prf: {} } } });
    expect(JSON.stringify(credentials.create.mock.lastCall)).not.toMatch(/eval|largeBlob/);
    expect((credentials.get.mock.lastCall?.[0] as { publicKey: { extensions: unknown } }).publicKey.extensions).toEqual({});
  });

  it("sends a signature, and nothing of it", () => {
    const said = JSON.parse(sent(new Shown())) as Record<string, unknown>;
    expect(said["clientExtensionResults"]).toEqual({ credProps: { rk: true } });
    expect(said["response"]).toHaveProperty("signature");
  });
});
