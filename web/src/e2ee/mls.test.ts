/** The module under TypeScript: the typed border, the shim's size, the vectors shared with Rust and Python. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { build } from "vite";
import { beforeAll, describe, expect, it } from "vitest";
import { bytesOf, textOf } from "./base64";
import { MlsError, instantiate, type Mls, type MlsEntry } from "./mls";

const ROOT = resolve(import.meta.dirname, "../../..");
const HOUR = 3_600_000;
let module: WebAssembly.Module;
beforeAll(async () => {
  module = await WebAssembly.compile(readFileSync(resolve(ROOT, "mls/dist/conclave_mls.wasm")));
});

interface Vectors {
  link: { meeting: string; secret: string; host_key: string; host_hash: string; link_id: string; mac_key: string };
  mac: { reference: string; call: string; incarnation: string; mac: string };
  attestation: { seed: string; public: string; text: string; signature: string };
  frank: { frank_key: string; group_id: string; epoch: number; participant: string; sequence: number; content: string; commitment: string };
  media: { leaf: number; participant: string; context: string };
  code: { epoch_authenticator: string; code: string };
}
const vectors = JSON.parse(readFileSync(resolve(ROOT, "tests/vectors/mls.json"), "utf8")) as Vectors;

const fresh = (clock: () => number = Date.now): Promise<Mls> => instantiate(module, clock);

function codeOf(refused: () => unknown): string {
  try {
    refused();
  } catch (error) {
    if (error instanceof MlsError) return error.code;
    throw error;
  }
  return "not refused";
}

describe("vectors", () => {
  it("derives the link's values", async () => {
    const { meeting, secret, host_key, host_hash, link_id } = vectors.link;
    const mls = await fresh();
    expect(mls.call("link", { meeting, secret }).link_id).toBe(link_id);
    expect(mls.call("host_hash", { host_key }).host_hash).toBe(host_hash);
    expect(mls.call("open", { meeting, secret, host_hash, host_key }).link_id).toBe(link_id);
  });

  it("computes the link MAC and the franking commitment like WebCrypto", async () => {
    const { reference, call, incarnation, mac } = vectors.mac;
    const { link } = vectors;
    expect(await hmac(bytesOf(link.mac_key), [label("conclave/link-mac/1"), lp(bytesOf(reference)), lp(utf8(call)), lp(utf8(incarnation))])).toBe(mac);
    const { frank } = vectors;
    const content = new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(frank.content)));
    const parts = [lp(utf8(frank.group_id)), lp(u64(frank.epoch)), lp(utf8(frank.participant)), lp(u64(frank.sequence)), lp(content)];
    expect(await hmac(bytesOf(frank.frank_key), [label("conclave/frank/1"), ...parts])).toBe(frank.commitment);
  });

  it("reads the attestation", async () => {
    const { meeting, secret, host_key, host_hash } = vectors.link;
    const { text, signature, public: attestation_key } = vectors.attestation;
    const mls = await fresh();
    mls.call("open", { meeting, secret, host_hash, identity: host_key });
    const seated = mls.call("seated", { attestation: text, attestation_signature: signature, attestation_key, link_version: 1 });
    expect(seated.participant).toBe(vectors.frank.participant);
  });

  it("makes the security code and the media context", () => {
    const bytes = bytesOf(vectors.code.epoch_authenticator);
    const group = (at: number): string => String(bytes.slice(5 * at, 5 * at + 5).reduce((sum, byte) => sum * 256 + byte, 0) % 100_000).padStart(5, "0");
    expect([0, 1, 2, 3, 4, 5].map(group).join("")).toBe(vectors.code.code);
    const leaf = new Uint8Array(4);
    new DataView(leaf.buffer).setUint32(0, vectors.media.leaf);
    expect(textOf(joined([leaf, utf8(vectors.media.participant)]))).toBe(vectors.media.context);
  });
});

describe("a call", () => {
  it("goes from the creator to a joiner and back", async () => {
    const world = await start();
    const { alice, bob } = world;
    const made = bob.mls.call("key_package", { incarnation: world.incarnation });
    const log: MlsEntry[] = [{ kind: "add", participant: bob.participant, key_package: made.key_package, mac: made.mac }];
    alice.mls.call("entries", { from: 0, entries: log });
    const { commit, welcomes, dropped, epoch } = alice.mls.call("commit", { covers: 0 });
    expect([dropped, epoch]).toEqual([[], 0]);
    world.gateway.call("public_entries", { from: 0, entries: log });
    const staged = world.gateway.call("public_stage", { covers: 0, commit, participant: alice.participant });
    world.gateway.call("public_merge", { index: 1 });
    const { tree, hash } = world.gateway.call("public_tree", {});
    expect(staged.tree).toBe(hash);
    log.push({ kind: "commit", participant: alice.participant, commit });
    const read = alice.mls.call("entries", { from: 1, entries: log.slice(1) });
    expect(read.events[0]).toMatchObject({ kind: "applied", epoch: 1, added: [bob.participant], self_removed: false });
    const [mine] = welcomes;
    const { state } = bob.mls.call("join", { incarnation: world.incarnation, welcome: mine?.welcome ?? "", tree, covers: 0, index: 1 });
    expect(state.code).toBe(read.state?.code);
    expect(bob.mls.call("media_key", { leaf: 0 })).toEqual(alice.mls.call("media_key", { leaf: 0 }));
    const { message } = bob.mls.call("seal", { content: '{"kind":"hand","up":true}' });
    const heard = alice.mls.call("open_message", { message, participant: bob.participant });
    expect(heard).toMatchObject({ leaf: 1, sequence: 0, content: '{"kind":"hand","up":true}' });
    expect(codeOf(() => alice.mls.call("open_message", { message, participant: bob.participant }))).toBe("undecryptable");
    expect(JSON.parse(bob.mls.call("remember", {}).text)).toMatchObject({ incarnation: world.incarnation, v: 1 });
  });
});

describe("the border", () => {
  it("refuses with a stable code and goes on", async () => {
    const mls = await fresh();
    expect(codeOf(() => mls.call("state", {}))).toBe("wrong_state");
    expect(codeOf(() => mls.call("link", { meeting: "short", secret: "short" }))).toBe("malformed");
    expect(codeOf(() => mls.call("forget", { more: 1 }))).toBe("malformed");
    expect(mls.call("link", { meeting: vectors.link.meeting, secret: vectors.link.secret }).link_id).toBe(vectors.link.link_id);
  });

  it("takes its time from the clock it is given, never from the device's", async () => {
    const world = await start();
    const { key_package } = world.bob.mls.call("key_package", { incarnation: world.incarnation });
    const where = { incarnation: world.incarnation, key_package, participant: world.bob.participant, attestation_key: world.attestationKey, meeting: world.meeting, call: world.call };
    expect((await fresh()).call("public_key_package", where).signature_key).toHaveLength(43);
    const late = await fresh(() => Date.now() + 60 * 24 * HOUR);
    expect(codeOf(() => late.call("public_key_package", where))).toBe("bad_key_package");
  });

  it("is a shim of at most 2 kB", async () => {
    const entry = resolve(import.meta.dirname, "wasi.ts");
    const built = await build({ configFile: false, logLevel: "silent", build: { write: false, minify: true, lib: { entry, formats: ["es"] } } });
    const outputs = (Array.isArray(built) ? built : [built]) as { output: { code?: string }[] }[];
    const code = outputs[0]?.output[0]?.code ?? "";
    expect(code).toContain("random_get");
    expect(code.length).toBeLessThanOrEqual(2048);
  }, 60_000);
});

interface Member { readonly mls: Mls; readonly participant: string }

/** Alice has created the group, Bob has a seat. */
async function start(): Promise<{ alice: Member; bob: Member; gateway: Mls; meeting: string; call: string; incarnation: string; attestationKey: string }> {
  const [meeting, call, incarnation] = [1, 2, 3].map((byte) => textOf(new Uint8Array(16).fill(byte))) as [string, string, string];
  const signer = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const attestationKey = textOf(new Uint8Array(await crypto.subtle.exportKey("raw", signer.publicKey)));
  const link = (await fresh()).call("new_link", { meeting });
  const person = async (number: number, host_key: string | null): Promise<Member> => {
    const mls = await fresh();
    const { signature_key } = mls.call("open", { meeting, secret: link.secret, host_hash: link.host_hash, host_key });
    const participant = textOf(new Uint8Array(16).fill(number));
    const attestation = JSON.stringify({ call, key: signature_key, meeting, name: "Zoë", participant, role: "guest", v: 1 });
    const signature = await crypto.subtle.sign("Ed25519", signer.privateKey, joined([label("conclave/attestation/1"), utf8(attestation)]));
    mls.call("seated", { attestation, attestation_signature: textOf(new Uint8Array(signature)), attestation_key: attestationKey, link_version: 1 });
    return { mls, participant };
  };
  const [alice, bob] = [await person(10, link.host_key), await person(11, null)];
  const { group_info, tree, state } = alice.mls.call("create", { incarnation });
  expect(state.hosting).toBe(true);
  const gateway = await fresh();
  gateway.call("public_open", { meeting, call, incarnation, attestation_key: attestationKey, group_info, tree });
  return { alice, bob, gateway, meeting, call, incarnation, attestationKey };
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}

function label(text: string): Uint8Array<ArrayBuffer> {
  return joined([utf8(text), new Uint8Array(1)]);
}

function lp(part: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, part.length);
  return joined([length, part]);
}

function u64(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function hmac(key: Uint8Array<ArrayBuffer>, parts: readonly Uint8Array[]): Promise<string> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return textOf(new Uint8Array(await crypto.subtle.sign("HMAC", imported, joined(parts))));
}
