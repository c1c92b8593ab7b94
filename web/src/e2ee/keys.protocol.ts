/** What the keys worker can be asked. One operation at a time, in order; a failed one changes nothing (LOG-6). */
import type { GroupEvent, GroupState, LogEntry, Said } from "./group.types";

export interface OpenArguments {
  readonly meeting: string;
  readonly secret: string;
  readonly host_hash: string;
  readonly host_key?: string;
  readonly identity?: string;
}

export interface SeatedArguments {
  readonly attestation: string;
  readonly attestation_signature: string;
  readonly attestation_key: string;
  readonly link_version: number;
  /** The gateway's time now: the worker's clock runs from here, monotonic. */
  readonly time: number;
}

export interface Operations {
  new_link: { in: { meeting: string }; out: { secret: string; host_key: string; host_hash: string; link_id: string } };
  link: { in: { meeting: string; secret: string }; out: { link_id: string } };
  host_hash: { in: { host_key: string }; out: { host_hash: string } };
  open: { in: OpenArguments; out: { signature_key: string; identity: string; link_id: string } };
  seated: { in: SeatedArguments; out: { participant: string; call: string; role: "host" | "guest" } };
  key_package: { in: { incarnation: string }; out: { key_package: string; reference: string; mac: string } };
  create: { in: { incarnation: string; last?: string }; out: { group_info: string; tree: string; state: GroupState } };
  join: { in: { incarnation: string; welcome: string; tree: string; covers: number; index: number; last?: string }; out: { state: GroupState } };
  entries: { in: { from: number; entries: readonly LogEntry[] }; out: { events: readonly GroupEvent[]; state?: GroupState } };
  commit: {
    in: { covers: number; policy?: string };
    out: {
      commit: string;
      epoch: number;
      welcomes: readonly { participant: string; welcome: string }[];
      dropped: readonly { participant: string; code: string }[];
    };
  };
  forget: { in: object; out: object };
  policy: { in: { changes: object }; out: { policy: string } };
  acknowledgement: { in: object; out: { epoch: number; digest: string } };
  seal: { in: { content: string }; out: { message: string } };
  open_message: { in: { message: string; participant: string }; out: Said };
  sign_remove: { in: { participant: string }; out: { signature: string } };
  sign_end: { in: object; out: { signature: string } };
  remember: { in: object; out: { text: string } };
  /** The worker's own: a new member with the same identity and seat, nothing of the old group left. */
  restart: { in: object; out: { last: string | null } };
  /** Send under that epoch from now on (delivery.md, "Keys in use"). */
  send: { in: { epoch: number }; out: object };
  /** LOG-15: no frame is sent while paused. */
  pause: { in: { paused: boolean }; out: object };
}
export type Operation = keyof Operations;

export interface Request<O extends Operation = Operation> { readonly id: number; readonly do: O; readonly with: Operations[O]["in"] }
export type Answer = { readonly id: number; readonly ok: unknown } | { readonly id: number; readonly error: { readonly code: string; readonly message: string } };
export type ToKeys = Request | { readonly port: MessagePort; readonly wasm: string };
