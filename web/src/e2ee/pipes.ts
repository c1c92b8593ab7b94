/**
 * What happens to each frame of one sender or receiver. One object, one pipe, from the moment the object exists (FRM-2);
 * whatever is not certain is dropped, in both directions. There is no way to let a frame pass unchanged.
 */
import { clearBytes, codecOf, KINDS, openFrame, readTrailer, sealFrame, type Codec, type SourceKind, type Trailer } from "./frames";
import type { KeyRing } from "./ring";

/** How long one receiver waits in all for bindings and keys that do not come. */
const PATIENCE_MS = 400;
/** How long a sender's pictures wait for the group's first key: the first one is a key frame, and the next would be a second away. */
const FIRST_KEY_MS = 1_500;

/** The part of RTCEncodedVideoFrame and RTCEncodedAudioFrame we use. */
export interface EncodedFrame {
  data: ArrayBuffer;
  readonly type?: string;
  getMetadata(): { readonly mimeType?: string };
}

export type Drop = "unbound" | "empty" | "codec" | "no_key" | "short" | "kind" | "no_right" | "replay" | "forged";
export type Media = "audio" | "video";

/** Frames since the last reading; `passed` were sealed or authenticated. */
export interface Count {
  passed: number;
  readonly dropped: Partial<Record<Drop, number>>;
}

abstract class Pipe {
  readonly media: Media;
  protected readonly ring: KeyRing;
  #count: Count = { passed: 0, dropped: {} };

  constructor(media: Media, ring: KeyRing) {
    this.media = media;
    this.ring = ring;
  }

  protected abstract transform(frame: EncodedFrame): Promise<Uint8Array<ArrayBuffer> | Drop>;

  /** True when the frame, now changed, may go on; false when it must be dropped. Never throws. */
  async pass(frame: EncodedFrame): Promise<boolean> {
    const result = await this.transform(frame).catch((): Drop => "forged");
    if (typeof result === "string") {
      this.#count.dropped[result] = (this.#count.dropped[result] ?? 0) + 1;
      return false;
    }
    frame.data = result.buffer;
    this.#count.passed += 1;
    return true;
  }

  reading(): Count {
    const count = this.#count;
    this.#count = { passed: 0, dropped: {} };
    return count;
  }

  protected clear(frame: EncodedFrame): number | null {
    const named = frame.getMetadata().mimeType;
    // A browser that names no codec still tells audio from video, and we negotiate only Opus and VP8.
    const codec: Codec | null = named === undefined ? (this.media === "audio" ? "opus" : "vp8") : codecOf(named);
    if (codec !== null && (codec === "opus") !== (this.media === "audio")) return null;
    return clearBytes(codec, frame.type === "key");
  }
}

export class SendPipe extends Pipe {
  #kind: SourceKind | null = null;
  #patience = FIRST_KEY_MS;

  bind(kind: SourceKind): void {
    this.#kind = kind;
  }

  unbind(): void {
    this.#kind = null;
  }

  protected override async transform(frame: EncodedFrame): Promise<Uint8Array<ArrayBuffer> | Drop> {
    if (frame.data.byteLength === 0) return "empty";
    const clear = this.clear(frame);
    if (clear === null) return "codec";
    // FRM-8: sound is worth nothing late; of a picture the next ones are made.
    while (this.media === "video" && this.#kind !== null && this.ring.awaitsFirst && this.#patience > 0) await this.#wait();
    if (this.#kind === null) return "unbound";
    const slot = this.ring.take();
    if (slot === null) return "no_key";
    this.#patience = FIRST_KEY_MS;
    return sealFrame(slot.key, new Uint8Array(frame.data), clear, { counter: slot.counter, epoch: slot.epoch, leaf: slot.leaf, kind: KINDS[this.#kind] });
  }

  async #wait(): Promise<void> {
    this.#patience -= await this.ring.news(this.#patience);
  }
}

export class ReceivePipe extends Pipe {
  #patience = PATIENCE_MS;
  #bound: { readonly participant: string; readonly kind: SourceKind } | null = null;

  bind(participant: string, kind: SourceKind): void {
    this.#bound = { participant, kind };
    this.#patience = PATIENCE_MS;
    this.ring.tell();
  }

  unbind(): void {
    this.#bound = null;
  }

  get bound(): { readonly participant: string; readonly kind: SourceKind } | null {
    return this.#bound;
  }

  protected override async transform(frame: EncodedFrame): Promise<Uint8Array<ArrayBuffer> | Drop> {
    // The first frames may be faster than the main thread's word on whose they are.
    while (this.#bound === null && this.#patience > 0) await this.#wait();
    const bound = this.#bound;
    if (bound === null) return "unbound";
    const sealed = new Uint8Array(frame.data);
    const trailer = readTrailer(sealed);
    if (trailer === null) return "short";
    if (trailer.kind !== KINDS[bound.kind]) return "kind";
    const clear = this.clear(frame);
    if (clear === null) return "codec";
    const key = await this.#key(bound.participant, trailer);
    if (key === null) return "no_key";
    if (!this.ring.allows(bound.participant, trailer.kind)) return "no_right";
    const window = this.ring.window(trailer.epoch, trailer.leaf, trailer.kind);
    if (!window.fresh(trailer.counter)) return "replay";
    const opened = await openFrame(key, sealed, clear);
    // Asked again: the same frame may have come twice, the binding and the key may have gone, while this one was being opened.
    if (!window.fresh(trailer.counter)) return "replay";
    if (this.#bound !== bound) return "unbound";
    if (this.ring.lookup(bound.participant, trailer.epoch, trailer.leaf) !== key) return "no_key";
    if (!this.ring.allows(bound.participant, trailer.kind)) return "no_right";
    window.mark(trailer.counter);
    return opened;
  }

  /**
   * The frame's key, waited for a moment when it may be on its way: a key frame dropped for being early costs a second of black.
   * Patience runs out, so that frames of no epoch at all cannot hold the others up for long.
   */
  async #key(participant: string, { epoch, leaf }: Trailer): Promise<CryptoKey | null> {
    let key = this.ring.lookup(participant, epoch, leaf);
    while (key === null && this.#patience > 0 && this.ring.expects(epoch)) {
      await this.#wait();
      key = this.ring.lookup(participant, epoch, leaf);
    }
    if (key !== null) this.#patience = PATIENCE_MS;
    return key;
  }

  async #wait(): Promise<void> {
    this.#patience -= await this.ring.news(this.#patience);
  }
}
