/** The frame worker: joins streams to pipes, and the keys worker's port to the key ring. All decisions are in pipes.ts and ring.ts. */
import type { Attach, FramesToKeys, FromFrames, KeysToFrames, PipeReading, ToFrames } from "./frames.protocol";
import { ReceivePipe, SendPipe, type EncodedFrame } from "./pipes";
import { KeyRing } from "./ring";

interface TransformEvent extends Event {
  readonly transformer: { readonly options: unknown; readonly readable: ReadableStream<EncodedFrame>; readonly writable: WritableStream<EncodedFrame> };
}
interface Scope {
  onmessage: ((event: MessageEvent<ToFrames>) => void) | null;
  onrtctransform: ((event: TransformEvent) => void) | null;
  postMessage(message: FromFrames): void;
}

type Binding = Extract<ToFrames, { t: "bind_send" | "bind_receive" }>;

const scope = globalThis as unknown as Scope;
/** Half of what a padlock needs to notice in time (FRM-6). */
const READING_MS = 1_000;
const ring = new KeyRing(() => performance.now());
const pipes = new Map<number, SendPipe | ReceivePipe>();
/** Bindings that came before their object's transform did: Firefox starts transforms in its own time. */
const waiting = new Map<number, Binding>();
let port: MessagePort | null = null;

function pipeFor({ id, side, media }: Attach): SendPipe | ReceivePipe {
  const made = side === "send" ? new SendPipe(media, ring) : new ReceivePipe(media, ring);
  pipes.set(id, made);
  const early = waiting.get(id);
  waiting.delete(id);
  if (early) bind(early);
  return made;
}

function bind(message: Binding): void {
  const pipe = pipes.get(message.id);
  if (!pipe) {
    waiting.set(message.id, message);
    return;
  }
  if (message.t === "bind_send" && pipe instanceof SendPipe) pipe.bind(message.kind);
  if (message.t === "bind_receive" && pipe instanceof ReceivePipe) {
    pipe.bind(message.participant, message.kind);
    tellWanted();
  }
}

function unbind(id: number): void {
  waiting.delete(id);
  pipes.get(id)?.unbind();
  tellWanted();
}

function tellWanted(): void {
  const participants = new Set<string>();
  for (const pipe of pipes.values()) if (pipe instanceof ReceivePipe && pipe.bound) participants.add(pipe.bound.participant);
  const message: FramesToKeys = { t: "want", participants: [...participants] };
  port?.postMessage(message);
}

function connect(attach: Attach, readable: ReadableStream<EncodedFrame>, writable: WritableStream<EncodedFrame>): void {
  const pipe = pipeFor(attach);
  const through = new TransformStream<EncodedFrame, EncodedFrame>({
    async transform(frame, controller) {
      if (await pipe.pass(frame)) controller.enqueue(frame);
    },
  });
  // When the object ends, so do its streams; nothing is left to say.
  readable.pipeThrough(through).pipeTo(writable).catch(() => undefined);
}

scope.onrtctransform = ({ transformer }) => {
  connect(transformer.options as Attach, transformer.readable, transformer.writable);
};

scope.onmessage = ({ data }) => {
  switch (data.t) {
    case "port":
      port = data.port;
      port.onmessage = (event: MessageEvent<KeysToFrames>) => { ring.obey(event.data); };
      tellWanted();
      return;
    case "attach":
      connect(data, data.readable, data.writable);
      return;
    case "bind_send":
    case "bind_receive":
      bind(data);
      return;
    case "unbind":
      unbind(data.id);
      return;
    case "detach":
      unbind(data.id);
      pipes.delete(data.id);
      return;
    case "read":
      read();
  }
};

function read(): void {
  const readings: PipeReading[] = [];
  for (const [id, pipe] of pipes) {
    const bound = pipe instanceof ReceivePipe ? pipe.bound : null;
    const side = pipe instanceof SendPipe ? "send" : "receive";
    readings.push({ id, side, participant: bound?.participant ?? null, kind: bound?.kind ?? null, ...pipe.reading() });
  }
  if (readings.length > 0) scope.postMessage({ t: "readings", pipes: readings });
}

setInterval(read, READING_MS);
