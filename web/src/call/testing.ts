/** A delivery service for tests: the gateway's half of docs/protocol/delivery.md in memory, with real members (the same WASM) on the other side. */
import canonicalize from "canonicalize";
import { readFileSync } from "node:fs";
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { Entries, ClientMessage, ServerMessage } from "../api/socket.gen";
import { bytesOf, textOf } from "../e2ee/base64";
import type { KeysToFrames } from "../e2ee/frames.protocol";
import type { Keys } from "../e2ee/keys.client";
import type { Mls} from "../e2ee/mls";
import { instantiate, type MlsState } from "../e2ee/mls";
import { Vault } from "../e2ee/vault";
import { Group } from "./group";

const module = await WebAssembly.compile(readFileSync(new URL("../../../mls/dist/conclave_mls.wasm", import.meta.url)));
const id = (): string => textOf(randomBytes(16));
const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const attestationKey = textOf(publicKey.export({ type: "spki", format: "der" }).subarray(-32));

export interface World { readonly meeting: string; readonly call: string; readonly link: { secret: string; host_key: string; host_hash: string } }

export async function world(): Promise<World> {
  const meeting = id();
  return { meeting, call: id(), link: (await instantiate(module, Date.now)).call("new_link", { meeting }) };
}

/** One person's keys and group, wired to the double below. */
export class Somebody {
  readonly participant = id();
  readonly vault: Vault;
  readonly toFrames: KeysToFrames[] = [];
  readonly states: MlsState[] = [];
  readonly outs: string[] = [];
  readonly name: string;
  group!: Group;
  /** What a reload keeps. */
  identity = "";
  deliver: (message: ClientMessage) => void = () => undefined;

  constructor(name: string) {
    this.name = name;
    this.vault = new Vault(() => instantiate(module, Date.now), () => undefined, (message) => this.toFrames.push(message));
  }

  async sit({ meeting, call, link }: World, options: { host?: boolean; identity?: string; participant?: string } = {}): Promise<this> {
    Object.assign(this, { participant: options.participant ?? this.participant });
    const { secret, host_hash, host_key } = link;
    const opened = await this.vault.ask("open", {
      meeting, secret, host_hash, ...(options.host === true ? { host_key } : {}), ...(options.identity === undefined ? {} : { identity: options.identity }),
    });
    this.identity = opened.identity;
    const attestation = canonicalize({ call, key: opened.signature_key, meeting, name: this.name, participant: this.participant, role: "guest", v: 1 }) ?? "";
    const attestation_signature = textOf(sign(null, Buffer.from(`conclave/attestation/1\0${attestation}`), privateKey));
    await this.vault.ask("seated", { attestation, attestation_signature, attestation_key: attestationKey, link_version: 1, time: Date.now() });
    const keys = { ask: this.vault.ask.bind(this.vault) } as unknown as Keys;
    this.group = new Group(keys, { participant: this.participant, seat: "seat" }, {
      send: (message) => { this.deliver(message); },
      members: () => undefined,
      epoch: (state) => this.states.push(state),
      announced: () => undefined,
      out: (reason) => this.outs.push(reason),
    }, null);
    return this;
  }

  get state(): MlsState | undefined {
    return this.states.at(-1);
  }
}

type Entry = Entries["entries"][number];

/** Orders and relays, checks with a public group, gives every lease to the first member; deadlines are the test's to make. */
export class Delivery {
  readonly log: Entry[] = [];
  readonly world: World;
  readonly incarnation = id();
  readonly trees = new Map<string, Uint8Array>();
  readonly acks = new Map<number, Set<string>>();
  readonly nacks: { participant: string; index: number; code: string }[] = [];
  readonly refused: string[] = [];
  readonly #people: Somebody[] = [];
  readonly #inside = new Set<string>();
  #public: Mls | null = null;
  #spent = -1;
  #work: Promise<void> = Promise.resolve();

  constructor(world: World) {
    this.world = world;
  }

  async welcome(somebody: Somebody): Promise<void> {
    this.#people.push(somebody);
    somebody.deliver = (message) => { this.#work = this.#work.then(() => this.#take(somebody, message)); };
    const mode = this.#people.length === 1 ? "create" : "join";
    await somebody.group.handle({ t: "ready", incarnation: this.incarnation, mode, log: 0, said: 0, time: Date.now() });
    await this.settled();
  }

  async remove(participant: string): Promise<void> {
    await this.#append({ kind: "remove", participant, reason: "left" });
    await this.#lease();
    await this.settled();
  }

  async settled(): Promise<void> {
    for (let work = this.#work; ; work = this.#work) {
      await work;
      if (work === this.#work) return;
    }
  }

  async #take(from: Somebody, message: ClientMessage): Promise<void> {
    switch (message.t) {
      case "create": {
        this.#public = await instantiate(module, Date.now);
        const { meeting, call } = this.world;
        const { group_info, tree } = message;
        this.#public.call("public_open", { meeting, call, incarnation: this.incarnation, attestation_key: attestationKey, group_info, tree });
        this.#inside.add(from.participant);
        return from.group.handle({ t: "created", incarnation: this.incarnation });
      }
      case "announce":
        if (this.#inside.has(from.participant)) await this.#append({ kind: "remove", participant: from.participant, reason: "replaced" });
        this.#inside.delete(from.participant);
        await this.#append({ kind: "add", participant: from.participant, key_package: message.key_package, mac: message.mac });
        return this.#lease();
      case "commit":
        return this.#commit(from, message);
      case "ack": {
        const acks = this.acks.get(message.epoch) ?? new Set();
        this.acks.set(message.epoch, acks.add(message.digest));
        return this.#broadcast({ t: "acked", incarnation: this.incarnation, epoch: message.epoch });
      }
      case "nack":
        this.nacks.push({ participant: from.participant, index: message.index, code: message.code });
        return;
      default:
    }
  }

  async #commit(from: Somebody, message: Extract<ClientMessage, { t: "commit" }>): Promise<void> {
    const covers = this.log.length - 1;
    try {
      const { added, removed, tree } = this.#group.call("public_stage", { covers, commit: message.commit, participant: from.participant });
      const index = this.log.length;
      this.log.push({ kind: "commit", participant: from.participant, commit: message.commit });
      this.#group.call("public_merge", { index });
      this.#spent = covers;
      this.trees.set(tree, bytesOf(this.#group.call("public_tree", {}).tree));
      for (const gone of removed) this.#inside.delete(gone);
      await this.#broadcast({ t: "entries", incarnation: this.incarnation, from: index, entries: [{ kind: "commit", participant: from.participant, commit: message.commit }] });
      for (const { participant, welcome } of message.welcomes) {
        const joiner = this.#people.findLast((one) => one.participant === participant);
        await joiner?.group.handle({ t: "welcome", incarnation: this.incarnation, index, covers, epoch: message.epoch + 1, welcome, tree });
      }
      for (const participant of added) this.#inside.add(participant);
      if (this.#people.length > 0 && this.log.length - 1 > index) await this.#lease();
    } catch (error) {
      this.refused.push(String(error));
      await from.group.handle({ t: "refused", lease: message.lease, code: "refused" });
    }
  }

  async #append(entry: Entry): Promise<void> {
    const from = this.log.push(entry) - 1;
    if (entry.kind !== "commit") this.#group.call("public_entries", { from, entries: [entry] });
    await this.#broadcast({ t: "entries", incarnation: this.incarnation, from, entries: [entry] });
  }

  async #lease(): Promise<void> {
    const removed = new Set(this.log.slice(this.#spent + 1).flatMap((entry) => (entry.kind === "remove" ? [entry.participant] : [])));
    const holder = this.#people.find(({ participant }) => this.#inside.has(participant) && !removed.has(participant));
    await holder?.group.handle({ t: "lease", incarnation: this.incarnation, lease: id(), epoch: holder.state?.epoch ?? 0, covers: this.log.length - 1, policy: false });
  }

  async #broadcast(message: ServerMessage): Promise<void> {
    for (const somebody of this.#people) await somebody.group.handle(message);
  }

  get #group(): Mls {
    if (!this.#public) throw new Error("no group yet");
    return this.#public;
  }
}
