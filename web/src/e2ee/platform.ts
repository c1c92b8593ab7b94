/** Encoded-frame access as the two browser families give it; lib.dom knows only part of it. */
import type { Attach } from "./frames.protocol";
import type { EncodedFrame } from "./pipes";

export type Coded = RTCRtpSender | RTCRtpReceiver;

interface EncodedStreams {
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
}
interface Streaming {
  createEncodedStreams(): EncodedStreams;
}
interface Transforming {
  transform: object | null;
}
type ScriptTransform = new (worker: Worker, options: Attach) => object;

/** `streams`: Chromium, transferred streams. `script`: Firefox and Safari. Chromium has both, and its script transforms fail on some transceivers. */
export type FrameAccess = "streams" | "script" | "none";

export function frameAccess(): FrameAccess {
  if (typeof RTCRtpSender !== "undefined" && "createEncodedStreams" in RTCRtpSender.prototype) return "streams";
  if ("RTCRtpScriptTransform" in globalThis) return "script";
  return "none";
}

export function encodedStreams(object: Coded): EncodedStreams {
  return (object as unknown as Streaming).createEncodedStreams();
}

export function setTransform(object: Coded, worker: Worker, options: Attach): void {
  const { RTCRtpScriptTransform } = globalThis as unknown as { RTCRtpScriptTransform: ScriptTransform };
  const transform = new RTCRtpScriptTransform(worker, options);
  (object as unknown as Transforming).transform = transform;
  // Nobody may take it off again.
  Object.defineProperty(object, "transform", { value: transform, writable: false, configurable: false });
}

/** The flag without which Chromium lets frames pass until streams are taken. */
export interface StreamingConfiguration extends RTCConfiguration {
  encodedInsertableStreams?: boolean;
}
