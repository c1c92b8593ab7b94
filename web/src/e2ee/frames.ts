/** The bytes of one media frame (docs/protocol/frames.md): pure functions, no state, no platform. */

export type SourceKind = "microphone" | "camera" | "screen" | "screen_sound";
export type Codec = "opus" | "vp8" | "vp9";

export interface Trailer {
  readonly counter: number;
  readonly epoch: number;
  readonly leaf: number;
  readonly kind: number;
}

export const KINDS: Readonly<Record<SourceKind, number>> = { microphone: 1, camera: 2, screen: 3, screen_sound: 4 };
export const SOURCES = Object.keys(KINDS) as readonly SourceKind[];
export const TRAILER_BYTES = 14;
export const TAG_BYTES = 16;
/** A counter has six bytes; a sender that ever got there would have to stop. */
export const COUNTER_LIMIT = 2 ** 48;
const LEAF_LIMIT = 2 ** 24;
const EPOCH_LIMIT = 2 ** 32;
const LABEL = new TextEncoder().encode("conclave/frame/1\0");

/** How many leading bytes packetizer and SFU must be able to read; null for a codec we do not know, whose frames are dropped (FRM-2). */
export function clearBytes(codec: Codec | null, keyFrame: boolean): number | null {
  switch (codec) {
    case "opus":
      return 1;
    case "vp8":
      return keyFrame ? 10 : 3;
    case "vp9":
      return 0;
    default:
      return null;
  }
}

/** The codec of a MIME type as frame metadata and SDP name it; null for anything else. */
export function codecOf(mimeType: string | undefined): Codec | null {
  switch (mimeType?.toLowerCase()) {
    case "audio/opus":
      return "opus";
    case "video/vp8":
      return "vp8";
    case "video/vp9":
      return "vp9";
    default:
      return null;
  }
}

export function writeTrailer(trailer: Trailer): Uint8Array<ArrayBuffer> {
  const { counter, epoch, leaf, kind } = trailer;
  if (counter < 0 || counter >= COUNTER_LIMIT || epoch < 0 || epoch >= EPOCH_LIMIT || leaf < 0 || leaf >= LEAF_LIMIT) {
    throw new RangeError("a frame trailer's field is out of range");
  }
  const bytes = new Uint8Array(TRAILER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(counter / 2 ** 32));
  view.setUint32(2, counter % 2 ** 32);
  view.setUint32(6, epoch);
  view.setUint8(10, leaf >>> 16);
  view.setUint16(11, leaf & 0xffff);
  view.setUint8(13, kind);
  return bytes;
}

/** The trailer at the end of a frame; null when the frame is too short to hold one with a tag. */
export function readTrailer(frame: Uint8Array): Trailer | null {
  if (frame.byteLength < TRAILER_BYTES + TAG_BYTES) return null;
  const view = new DataView(frame.buffer, frame.byteOffset + frame.byteLength - TRAILER_BYTES, TRAILER_BYTES);
  return {
    counter: view.getUint16(0) * 2 ** 32 + view.getUint32(2),
    epoch: view.getUint32(6),
    leaf: view.getUint8(10) * 2 ** 16 + view.getUint16(11),
    kind: view.getUint8(13),
  };
}

function concatenate(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

function parameters(trailer: Uint8Array, clear: Uint8Array): AesGcmParams {
  const iv = new Uint8Array(12);
  iv.set(trailer.subarray(0, 6), 6);
  return { name: "AES-GCM", iv, additionalData: concatenate(LABEL, trailer, clear), tagLength: TAG_BYTES * 8 };
}

/** clear ‖ ciphertext ‖ tag ‖ trailer. The caller owns the counter: no (key, counter) may come twice. */
export async function sealFrame(key: CryptoKey, frame: Uint8Array<ArrayBuffer>, clear: number, trailer: Trailer): Promise<Uint8Array<ArrayBuffer>> {
  const tail = writeTrailer(trailer);
  const head = frame.subarray(0, Math.min(clear, frame.byteLength));
  const sealed = await crypto.subtle.encrypt(parameters(tail, head), key, frame.subarray(head.byteLength));
  return concatenate(head, new Uint8Array(sealed), tail);
}

/** The frame as it was before sealing; rejects when it does not authenticate. */
export async function openFrame(key: CryptoKey, frame: Uint8Array<ArrayBuffer>, clear: number): Promise<Uint8Array<ArrayBuffer>> {
  const tail = frame.subarray(frame.byteLength - TRAILER_BYTES);
  // A frame shorter than its codec's header was sealed with all of it in clear.
  const head = frame.subarray(0, Math.min(clear, frame.byteLength - TRAILER_BYTES - TAG_BYTES));
  const body = frame.subarray(head.byteLength, frame.byteLength - TRAILER_BYTES);
  const opened = await crypto.subtle.decrypt(parameters(tail, head), key, body);
  return concatenate(head, new Uint8Array(opened));
}
