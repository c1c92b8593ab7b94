/** People for tests of the call: real members (the same WASM as everywhere), each with a wire to the double of the gateway in testing.delivery.ts. */
import canonicalize from "canonicalize";
import { readFileSync } from "node:fs";
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { ClientMessage, ServerMessage } from "../api/socket.gen";
import { textOf } from "../e2ee/base64";
import type { KeysToFrames } from "../e2ee/frames.protocol";
import type { Keys } from "../e2ee/keys.client";
import { instantiate, type Mls, type MlsState, type NewLink } from "../e2ee/mls";
import { Vault } from "../e2ee/vault";
import { Group } from "./group";

const module = await WebAssembly.compile(readFileSync(new URL("../../../mls/dist/conclave_mls.wasm", import.meta.url)));
export const id = (): string => textOf(randomBytes(16));
const { publicKey, privateKey } = generateKeyPairSync("ed25519");
export const attestationKey = textOf(publicKey.export({ type: "spki", format: "der" }).subarray(-32));

/** A public group or nobody yet: an instance with nothing in it. */
export const instance = (): Promise<Mls> => instantiate(module, Date.now);

export interface World { readonly meeting: string; readonly call: string; readonly link: { secret: string; host_key: string; host_hash: string } }

export async function world(): Promise<World> {
  const meeting = id();
  return { meeting, call: id(), link: (await instance()).call("new_link", { meeting }) };
}

/** One person's keys and group, wired to the double below. */
export class Somebody {
  readonly participant = id();
  readonly vault: Vault;
  readonly toFrames: KeysToFrames[] = [];
  readonly states: MlsState[] = [];
  readonly outs: string[] = [];
  readonly links: NewLink[] = [];
  readonly name: string;
  group!: Group;
  /** What a reload keeps. */
  identity = "";
  deliver: (message: ClientMessage) => void = () => undefined;
  /** What the gateway says reaches the group through this. */
  hear: (message: ServerMessage) => Promise<void> = (message) => this.group.handle(message);

  constructor(name: string) {
    this.name = name;
    this.vault = new Vault(instance, { now: Date.now, set: () => undefined }, (message) => this.toFrames.push(message));
  }

  async sit({ meeting, call, link }: World, options: { host?: boolean; identity?: string; participant?: string; last?: string; linkVersion?: number } = {}): Promise<this> {
    Object.assign(this, { participant: options.participant ?? this.participant });
    const { secret, host_hash, host_key } = link;
    const opened = await this.vault.ask("open", {
      meeting, secret, host_hash, ...(options.host === true ? { host_key } : {}), ...(options.identity === undefined ? {} : { identity: options.identity }),
    });
    this.identity = opened.identity;
    const attestation = canonicalize({ call, key: opened.signature_key, meeting, name: this.name, participant: this.participant, role: "guest", v: 1 }) ?? "";
    const attestation_signature = textOf(sign(null, Buffer.from(`conclave/attestation/1\0${attestation}`), privateKey));
    await this.vault.ask("seated", { attestation, attestation_signature, attestation_key: attestationKey, link_version: options.linkVersion ?? 1, time: Date.now() });
    const keys = { ask: this.vault.ask.bind(this.vault) } as unknown as Keys;
    this.group = new Group(keys, { call, participant: this.participant, seat: "seat" }, {
      send: (message) => { this.deliver(message); },
      members: () => undefined,
      epoch: (state) => this.states.push(state),
      announced: () => undefined,
      link: (link) => { if (link) this.links.push(link); else this.outs.push("false_link"); },
      out: (reason) => this.outs.push(reason),
    }, options.last ?? null);
    return this;
  }

  get state(): MlsState | undefined {
    return this.states.at(-1);
  }
}
