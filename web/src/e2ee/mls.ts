/** The module's typed border (mls/README.md): one instance is one member, or one public group. Works in a Worker and in Node. */
import { host } from "./wasi";

/** base64url without padding. */
type B64 = string;

export interface HostCertificate { readonly by: B64; readonly key: B64; readonly signature: B64; readonly version?: number }
export interface HostWord { readonly key: B64; readonly signature: B64 }

/** What a person may (policy.md, "Rights"). */
export type Right = "chat" | "pictures" | "reactions" | "rename" | "share" | "unmute" | "video";
/** What is absent is `all`. */
export interface Rights {
  readonly chat?: "all" | "hosts" | "off";
  readonly pictures?: "all" | "hosts";
  readonly reactions?: "all" | "hosts" | "off";
  readonly rename?: "all" | "hosts";
  readonly share?: "all" | "few" | "one" | "hosts";
  readonly unmute?: "all" | "hosts";
  readonly video?: "all" | "hosts";
}
export interface RightsException { readonly key: B64; readonly may: readonly Right[]; readonly not: readonly Right[] }
/** What each in a public group may, where it is new. */
export interface Grant { readonly participant: string; readonly may: readonly Right[] }

export interface MlsPolicy {
  readonly hosts: readonly HostCertificate[];
  readonly link_version: number;
  readonly locked: boolean;
  readonly people?: readonly RightsException[];
  readonly rights?: Rights;
  readonly strict: boolean;
  readonly suspended: boolean;
  readonly version: number;
}

export interface MlsLeaf {
  readonly leaf: number;
  readonly participant: string;
  readonly name: string;
  readonly role: "host" | "guest";
  readonly account?: string;
  readonly domain?: string;
  readonly key: B64;
  /** Listed in the policy. */
  readonly host: boolean;
  /** Listed by another host, not by the link's host key (POL-15). */
  readonly cohost: boolean;
  /** POL-18, in order. */
  readonly may: readonly Right[];
}

export interface MlsState {
  readonly incarnation: string;
  readonly epoch: number;
  /** Absent once this member is removed, and in a public group. */
  readonly leaf?: number;
  readonly roster: readonly MlsLeaf[];
  readonly policy: MlsPolicy;
  /** 30 digits. */
  readonly code?: string;
  readonly transcript: B64;
  readonly hosting?: boolean;
  /** In a public group: what the next one in may. */
  readonly newcomer?: readonly Right[];
  /** The log index that is read next. */
  readonly next: number;
}

export type Reason = "left" | "lost" | "replaced" | "removed";
export type MlsEntry =
  | { readonly kind: "add"; readonly participant: string; readonly key_package: B64; readonly mac: B64; readonly admit?: HostWord | null }
  | { readonly kind: "remove"; readonly participant: string; readonly reason: Reason; readonly by?: HostWord | null }
  | { readonly kind: "commit"; readonly participant: string; readonly commit: B64 };

export type MlsEvent =
  | { readonly kind: "announced"; readonly index: number; readonly participant: string }
  | { readonly kind: "removing"; readonly index: number; readonly participant: string; readonly reason: Reason }
  | {
      readonly kind: "applied";
      readonly index: number;
      readonly participant: string;
      readonly epoch: number;
      readonly added: readonly string[];
      /** `host`: the checked key of the host who asked. */
      readonly removed: readonly { readonly participant: string; readonly reason: Reason; readonly host?: B64 }[];
      readonly policy: boolean;
      readonly self_removed: boolean;
    }
  | { readonly kind: "refused"; readonly index: number; readonly participant: string; readonly code: string; readonly message: string };

export interface PolicyChanges {
  readonly locked?: boolean;
  readonly strict?: boolean;
  readonly suspended?: boolean;
  readonly link_version?: number;
  readonly host?: B64;
  readonly unhost?: B64;
  readonly claim?: true;
  /** What is absent stays. */
  readonly rights?: Rights;
  /** Each in place of the one for that key; one that says nothing takes it back. */
  readonly people?: readonly RightsException[];
}

/** An unbroken time in which somebody had a leaf (attendance.md); without `until`, until now. */
export interface Stay {
  readonly account?: string;
  readonly domain?: string;
  readonly epoch: number;
  readonly from: number;
  readonly incarnation: string;
  readonly key: B64;
  readonly name: string;
  readonly participant: string;
  readonly until?: number;
}

/** The link that a group has moved on to (LINK-5). */
export interface NewLink { readonly secret: B64; readonly link_id: B64; readonly link_version: number }

export interface MlsOperations {
  new_link: { in: { meeting: string }; out: { secret: B64; host_key: B64; host_hash: B64; link_id: B64 } };
  link: { in: { meeting: string; secret: B64 }; out: { link_id: B64 } };
  host_hash: { in: { host_key: B64 }; out: { host_hash: B64 } };
  open: {
    in: { meeting: string; secret: B64; host_hash: B64; host_key?: B64 | null; identity?: B64 | null };
    out: { signature_key: B64; identity: B64; link_id: B64 };
  };
  /** Only with the host key: for the gateway, that its holder is a host (KNOCK-2). */
  sign_entry: { in: object; out: HostWord };
  seated: {
    in: { attestation: string; attestation_signature: B64; attestation_key: B64; link_version: number };
    out: { participant: string; call: string; role: "host" | "guest" };
  };
  key_package: { in: { incarnation: string }; out: { key_package: B64; reference: B64; mac: B64 } };
  create: { in: { incarnation: string; last?: string | null }; out: { group_info: B64; tree: B64; state: MlsState } };
  join: {
    in: { incarnation: string; welcome: B64; tree: B64; covers: number; index: number; last?: string | null };
    out: { state: MlsState };
  };
  entries: {
    in: { from: number; entries: readonly MlsEntry[] };
    out: { events: readonly MlsEvent[]; next: number; state?: MlsState; link?: NewLink };
  };
  commit: {
    in: { covers: number; policy?: string | null };
    out: {
      commit: B64;
      welcomes: readonly { readonly participant: string; readonly welcome: B64 }[];
      dropped: readonly { readonly participant: string; readonly code: string }[];
      epoch: number;
    };
  };
  forget: { in: object; out: object };
  policy: { in: { changes: PolicyChanges }; out: { policy: string } };
  acknowledgement: { in: object; out: { epoch: number; digest: B64 } };
  media_key: { in: { leaf: number }; out: { epoch: number; leaf: number; key: B64 } };
  seal: { in: { content: string }; out: { message: B64 } };
  open_message: {
    in: { message: B64; participant: string };
    out: { participant: string; leaf: number; sequence: number; content: string; frank_key: B64; commitment: B64 };
  };
  sign_admit: { in: { reference: B64 }; out: HostWord };
  sign_remove: { in: { participant: string }; out: HostWord };
  sign_end: { in: object; out: HostWord };
  sign_attendance: { in: { people: readonly Stay[] }; out: { attendance: string; signature: B64 } };
  seal_key: { in: object; out: { seal_key: B64; seal_signature: B64 } };
  seal_link: { in: { to: B64; signature_key: B64; signature: B64 }; out: { sealed: B64 } };
  open_link: { in: { sealed: B64 }; out: NewLink };
  state: { in: object; out: { state: MlsState } };
  remember: { in: object; out: { text: string } };
  public_open: {
    in: { meeting: string; call: string; incarnation: string; attestation_key: B64; group_info: B64; tree: B64; returning?: readonly B64[] };
    out: { state: MlsState };
  };
  public_entries: { in: { from: number; entries: readonly MlsEntry[] }; out: { events: readonly MlsEvent[]; state: MlsState } };
  public_key_package: {
    in: { incarnation: string; key_package: B64; participant: string; attestation_key: B64; meeting: string; call: string };
    out: { reference: B64; signature_key: B64; name: string };
  };
  public_stage: {
    in: { covers: number; commit: B64; participant: string };
    out: { epoch: number; added: readonly string[]; removed: readonly string[]; policy: MlsPolicy | null; may: readonly Grant[]; newcomer: readonly Right[]; tree: string };
  };
  public_merge: { in: { index: number }; out: { state: MlsState } };
  public_discard: { in: object; out: { state: MlsState } };
  public_tree: { in: object; out: { tree: B64; hash: string } };
  message_header: { in: { message: B64 }; out: { group_id: string; epoch: number; authenticated_data: B64; content_type: number } };
  verify_host: { in: { label: "admit" | "remove" | "end"; participant?: string; reference?: B64; key: B64; signature: B64 }; out: { host: boolean } };
}
export type MlsOperation = keyof MlsOperations;

/** A refused operation; `code` is stable (mls/README.md). */
export class MlsError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "MlsError";
    this.code = code;
  }
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly conclave_alloc: (length: number) => number;
  readonly conclave_free: (at: number, length: number) => void;
  readonly conclave_call: (at: number, length: number) => bigint;
}

const text = new TextEncoder();
const untext = new TextDecoder("utf-8", { fatal: true });

export class Mls {
  readonly #exports: Exports;
  #stopped = false;

  private constructor(exports: Exports) {
    this.#exports = exports;
  }

  /** A fresh instance; `clock` gives milliseconds since 1970. Compile once and give the module where there are many. */
  static async instantiate(source: BufferSource | WebAssembly.Module, clock: () => number): Promise<Mls> {
    const module = source instanceof WebAssembly.Module ? source : await WebAssembly.compile(source);
    const made = host(clock);
    const { exports } = await WebAssembly.instantiate(module, made.imports);
    const typed = exports as unknown as Exports;
    made.memory = typed.memory;
    return new Mls(typed);
  }

  /** Throws MlsError when refused; a trap makes the instance unusable for good. */
  call<O extends MlsOperation>(operation: O, values: MlsOperations[O]["in"]): MlsOperations[O]["out"] {
    const answer = JSON.parse(this.#raw(JSON.stringify({ do: operation, ...values }))) as
      | { ok: MlsOperations[O]["out"] }
      | { error: { code: string; message: string } };
    if ("error" in answer) throw new MlsError(answer.error.code, answer.error.message);
    return answer.ok;
  }

  #raw(request: string): string {
    if (this.#stopped) throw new MlsError("stopped", "this instance has failed: make another");
    try {
      return this.#exchange(text.encode(request));
    } catch {
      this.#stopped = true;
      throw new MlsError("stopped", "this instance has failed: make another");
    }
  }

  #exchange(request: Uint8Array): string {
    const { memory, conclave_alloc, conclave_call, conclave_free } = this.#exports;
    const at = conclave_alloc(request.length) >>> 0;
    if (at === 0) throw new Error("no memory");
    new Uint8Array(memory.buffer, at, request.length).set(request);
    const packed = BigInt.asUintN(64, conclave_call(at, request.length));
    conclave_free(at, request.length);
    const start = Number(packed >> 32n);
    const length = Number(packed & 0xffff_ffffn);
    const answer = untext.decode(new Uint8Array(memory.buffer, start, length).slice());
    conclave_free(start, length);
    return answer;
  }
}

/** A fresh instance of the module. */
export function instantiate(source: BufferSource | WebAssembly.Module, clock: () => number): Promise<Mls> {
  return Mls.instantiate(source, clock);
}
