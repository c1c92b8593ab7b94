/** Values of the WASM module's border (mls/README.md), as the client uses them. Binary values are base64url text. */

export interface Policy {
  readonly version: number;
  readonly locked: boolean;
  readonly strict: boolean;
  readonly suspended: boolean;
  readonly link_version: number;
  readonly hosts: readonly { readonly by: string; readonly key: string; readonly signature: string }[];
}

export interface Leaf {
  readonly leaf: number;
  readonly participant: string;
  readonly name: string;
  readonly role: "host" | "guest";
  readonly account?: string | null;
  readonly domain?: string | null;
  readonly key: string;
  /** Listed in the policy. */
  readonly host: boolean;
}

export interface GroupState {
  readonly incarnation: string;
  readonly epoch: number;
  readonly leaf?: number;
  readonly roster: readonly Leaf[];
  readonly policy: Policy;
  readonly code?: string | null;
  readonly transcript: string;
  readonly hosting?: boolean;
}

export type LogEntry =
  | { readonly kind: "add"; readonly participant: string; readonly key_package: string; readonly mac: string; readonly admit?: HostSignature }
  | { readonly kind: "remove"; readonly participant: string; readonly reason: "left" | "lost" | "replaced" | "removed"; readonly by?: HostSignature }
  | { readonly kind: "commit"; readonly participant: string; readonly commit: string };
export interface HostSignature { readonly key: string; readonly signature: string }

export interface GroupEvent {
  readonly index: number;
  readonly kind: "announced" | "removing" | "applied" | "refused";
  readonly participant?: string;
  readonly epoch?: number;
  readonly added?: readonly string[];
  readonly removed?: readonly { readonly participant: string; readonly reason: string }[];
  readonly policy?: boolean;
  readonly self_removed?: boolean;
  readonly code?: string;
}

export interface Said {
  readonly participant: string;
  readonly leaf: number;
  readonly sequence: number;
  readonly content: string;
  readonly frank_key: string;
  readonly commitment: string;
}
