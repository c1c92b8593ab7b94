/** What the frame worker is told and what it tells. Keys travel on a port of their own, which the main thread gives away at once. */
import type { SourceKind } from "./frames";
import type { Count, EncodedFrame, Media } from "./pipes";
import type { Epoch } from "./ring";

export type Side = "send" | "receive";

/** Options of an RTCRtpScriptTransform, and the message that brings transferred streams: the same object either way. */
export interface Attach {
  readonly t: "attach";
  readonly id: number;
  readonly side: Side;
  readonly media: Media;
}

export type ToFrames =
  | { readonly t: "port"; readonly port: MessagePort }
  | (Attach & { readonly readable: ReadableStream<EncodedFrame>; readonly writable: WritableStream<EncodedFrame> })
  | { readonly t: "bind_send"; readonly id: number; readonly kind: SourceKind }
  | { readonly t: "bind_receive"; readonly id: number; readonly participant: string; readonly kind: SourceKind }
  | { readonly t: "unbind"; readonly id: number }
  | { readonly t: "detach"; readonly id: number }
  /** Readings now, not at the next second. */
  | { readonly t: "read" };

export interface PipeReading extends Count {
  readonly id: number;
  readonly side: Side;
  readonly participant: string | null;
  readonly kind: SourceKind | null;
}

export interface FromFrames { readonly t: "readings"; readonly pipes: readonly PipeReading[] }

/** From the keys worker to the frame worker. */
export type KeysToFrames =
  | { readonly t: "epoch"; readonly news: Epoch }
  | { readonly t: "key"; readonly group: string; readonly epoch: number; readonly leaf: number; readonly key: CryptoKey }
  | { readonly t: "send"; readonly group: string; readonly epoch: number }
  | { readonly t: "pause"; readonly paused: boolean }
  | { readonly t: "wipe" };

/** From the frame worker to the keys worker: whose keys are needed. */
export interface FramesToKeys {
  readonly t: "want";
  readonly participants: readonly string[];
}
