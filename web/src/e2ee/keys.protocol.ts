/** What the keys worker can be asked. One operation at a time, in order; a failed one changes nothing (LOG-6). */
import type { Attended } from "./attendance";
import type { HostWord, MlsOperations } from "./mls";

type Member =
  | "new_link" | "link" | "host_hash" | "sign_entry" | "key_package" | "create" | "join" | "entries" | "commit" | "forget" | "policy" | "acknowledgement" | "seal"
  | "open_message" | "sign_remove" | "sign_end" | "seal_key" | "seal_link" | "open_link" | "remember";

export type OpenArguments = MlsOperations["open"]["in"];
/** With the gateway's time now: the worker's clock runs from there, monotonic. */
export type SeatedArguments = MlsOperations["seated"]["in"] & { readonly time: number };

/** The module's own operations but for `media_key`, whose answer never leaves the worker, and a few of the worker's. */
export interface Operations extends Pick<MlsOperations, Member> {
  open: { in: OpenArguments; out: MlsOperations["open"]["out"] };
  seated: { in: SeatedArguments; out: MlsOperations["seated"]["out"] };
  /** A new member with the same identity and seat; nothing of the old group is left but what `last` says (LOG-12). */
  restart: { in: object; out: { last: string | null } };
  /** KNOCK-9: whose key package it is, by its checked leaf, and a host's word for it if they are among those admitted by hand, key to name. */
  admit: {
    in: { participant: string; incarnation: string; key_package: string; admitted: ReadonlyMap<string, string> };
    out: { signature_key: string; name: string; word: HostWord | null };
  };
  /** Who held the key, and when, as far as this page has seen it; with what it had seen before a reload, that too. */
  attended: { in: { before?: Attended }; out: Attended };
  /** The same with this host's signature (ATT-1). */
  attendance: { in: object; out: MlsOperations["sign_attendance"]["out"] };
  /** Send under that epoch from now on (delivery.md, "Keys in use"). */
  send: { in: { epoch: number }; out: object };
  /** LOG-15: no frame is sent while paused. */
  pause: { in: { paused: boolean }; out: object };
}
export type Operation = keyof Operations;

export interface Request<O extends Operation = Operation> { readonly id: number; readonly do: O; readonly with: Operations[O]["in"] }
export type Answer = { readonly id: number; readonly ok: unknown } | { readonly id: number; readonly error: { readonly code: string; readonly message: string } };
export type ToKeys = Request | { readonly port: MessagePort; readonly wasm: string };
