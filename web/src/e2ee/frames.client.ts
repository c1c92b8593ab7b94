/** The main thread's hand on the frame worker: attaches objects, binds them, hears the readings. It never sees a key. */
import type { SourceKind } from "./frames";
import type { Attach, FromFrames, PipeReading, Side, ToFrames } from "./frames.protocol";
import { encodedStreams, frameAccess, setTransform, type Coded } from "./platform";

export class Frames {
  readonly worker: Worker;
  readonly #ids = new WeakMap<Coded, number>();
  readonly #listeners = new Set<(pipes: readonly PipeReading[]) => void>();
  #last = 0;

  constructor(worker: Worker) {
    this.worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<FromFrames>) => {
      for (const listener of this.#listeners) listener(data.pipes);
    });
  }

  /** FRM-2: gives the object its transform, synchronously, unbound. Throws when the browser refuses: the object must not be used then. */
  attach(object: Coded, side: Side, media: "audio" | "video"): void {
    if (this.#ids.has(object)) return;
    const attach: Attach = { t: "attach", id: ++this.#last, side, media };
    if (frameAccess() === "streams") {
      const { readable, writable } = encodedStreams(object);
      this.worker.postMessage({ ...attach, readable, writable } satisfies ToFrames, [readable, writable]);
    } else {
      setTransform(object, this.worker, attach);
    }
    this.#ids.set(object, attach.id);
  }

  bindSender(sender: RTCRtpSender, kind: SourceKind): void {
    this.#tell(sender, (id) => ({ t: "bind_send", id, kind }));
  }

  bindReceiver(receiver: RTCRtpReceiver, participant: string, kind: SourceKind): void {
    this.#tell(receiver, (id) => ({ t: "bind_receive", id, participant, kind }));
  }

  unbind(object: Coded): void {
    this.#tell(object, (id) => ({ t: "unbind", id }));
  }

  detach(object: Coded): void {
    this.#tell(object, (id) => ({ t: "detach", id }));
    this.#ids.delete(object);
  }

  onReadings(listener: (pipes: readonly PipeReading[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks for readings at once. */
  read(): void {
    this.worker.postMessage({ t: "read" } satisfies ToFrames);
  }

  #tell(object: Coded, message: (id: number) => ToFrames): void {
    const id = this.#ids.get(object);
    if (id !== undefined) this.worker.postMessage(message(id));
  }
}
