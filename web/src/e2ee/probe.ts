/**
 * Admits a browser by what it does, not by its name: a loopback connection with the call's own guard and frame worker must send nothing
 * without a key, and with one must send what only that key opens.
 */
import { SOURCES } from "./frames";
import { Frames } from "./frames.client";
import type { KeysToFrames, PipeReading } from "./frames.protocol";
import { guarded } from "./guard";
import { frameAccess } from "./platform";

/** Each code has a sentence in every language; `leak` means a frame would have left unencrypted. */
export type ProbeResult = "fit" | "no_webrtc" | "no_frame_access" | "no_worker" | "no_webassembly" | "no_crypto" | "leak" | "no_answer";

const LIMIT_MS = 8_000;
const ASK_MS = 40;
const SELF = "probe";
const OTHER = "other";
/** The smallest module there is: magic number and version. */
const EMPTY_MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

export async function probe(Native: typeof RTCPeerConnection | undefined): Promise<ProbeResult> {
  if (!Native || typeof RTCRtpSender === "undefined") return "no_webrtc";
  if (typeof WebAssembly === "undefined" || !WebAssembly.validate(EMPTY_MODULE)) return "no_webassembly";
  if (typeof Worker === "undefined" || typeof MessageChannel === "undefined") return "no_worker";
  if (frameAccess() === "none") return "no_frame_access";
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 128 }, false, ["encrypt", "decrypt"]).catch(() => null);
  if (!key) return "no_crypto";
  const loop = new Loop(Native, key);
  try {
    return await Promise.race([loop.run(), after(LIMIT_MS, "no_answer" as const)]);
  } catch {
    return "no_answer";
  } finally {
    loop.stop();
  }
}

class Loop {
  readonly #key: CryptoKey;
  readonly #worker = new Worker(new URL("./frames.worker.ts", import.meta.url), { type: "module", name: "probe" });
  readonly #frames = new Frames(this.#worker);
  readonly #keys = new MessageChannel();
  readonly #here: RTCPeerConnection;
  readonly #there: RTCPeerConnection;
  readonly #canvas = document.createElement("canvas");
  #drawing: ReturnType<typeof setInterval> | undefined;

  constructor(Native: typeof RTCPeerConnection, key: CryptoKey) {
    this.#key = key;
    this.#worker.postMessage({ t: "port", port: this.#keys.port2 }, [this.#keys.port2]);
    const Guarded = guarded(Native, { frames: this.#frames, iceServers: () => [], failed: () => undefined });
    this.#here = new Guarded();
    this.#there = new Guarded();
  }

  async run(): Promise<ProbeResult> {
    const [sender, receiver] = await this.#connect();
    this.#frames.bindSender(sender, "camera");
    this.#frames.bindReceiver(receiver, SELF, "camera");
    // First without any key: the encoder works, and nothing may come out of the pipe, nor out of the network on the other side.
    await this.#until((pipe) => pipe.side === "send" && (pipe.dropped.no_key ?? 0) > 0);
    if (await this.#arrived()) return "leak";
    // With a key at the sender only: what arrives is dropped, for it cannot be opened.
    const leaves = [[SELF, 0, SOURCES], [OTHER, 1, SOURCES]] as const;
    this.#tell({ t: "epoch", news: { group: SELF, epoch: 1, self: { leaf: 0, key: this.#key }, leaves, removed: [] } });
    await this.#until((pipe) => pipe.side === "receive" && (pipe.dropped.no_key ?? 0) > 0);
    // With the key at the receiver too: it opens, so what went out was sealed.
    this.#tell({ t: "key", group: SELF, epoch: 1, leaf: 0, key: this.#key });
    await this.#until((pipe) => pipe.side === "receive" && pipe.passed > 0);
    return "fit";
  }

  stop(): void {
    clearInterval(this.#drawing);
    this.#here.close();
    this.#there.close();
    this.#worker.terminate();
  }

  async #connect(): Promise<[RTCRtpSender, RTCRtpReceiver]> {
    this.#here.onicecandidate = ({ candidate }) => void this.#there.addIceCandidate(candidate ?? undefined).catch(() => undefined);
    this.#there.onicecandidate = ({ candidate }) => void this.#here.addIceCandidate(candidate ?? undefined).catch(() => undefined);
    const { sender } = this.#here.addTransceiver(this.#picture(), { direction: "sendonly" });
    await this.#here.setLocalDescription();
    if (this.#here.localDescription) await this.#there.setRemoteDescription(this.#here.localDescription);
    await this.#there.setLocalDescription();
    if (this.#there.localDescription) await this.#here.setRemoteDescription(this.#there.localDescription);
    const [transceiver] = this.#there.getTransceivers();
    if (!transceiver) throw new Error("no transceiver");
    return [sender, transceiver.receiver];
  }

  #picture(): MediaStreamTrack {
    this.#canvas.width = 64;
    this.#canvas.height = 64;
    const pen = this.#canvas.getContext("2d");
    this.#drawing = setInterval(() => {
      if (!pen) return;
      pen.fillStyle = `hsl(${String(Math.floor(performance.now()) % 360)} 80% 50%)`;
      pen.fillRect(0, 0, 64, 64);
    }, 40);
    const [track] = this.#canvas.captureStream(25).getVideoTracks();
    if (!track) throw new Error("no picture");
    return track;
  }

  /** A frame that came through to the decoder though nobody has a key. */
  async #arrived(): Promise<boolean> {
    for (const report of (await this.#there.getStats()).values() as Iterable<{ type: string; framesDecoded?: number }>) {
      if (report.type === "inbound-rtp" && (report.framesDecoded ?? 0) > 0) return true;
    }
    return false;
  }

  #tell(message: KeysToFrames): void {
    this.#keys.port1.postMessage(message);
  }

  #until(reached: (pipe: PipeReading) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const asking = setInterval(() => { this.#frames.read(); }, ASK_MS);
      const stop = this.#frames.onReadings((pipes) => {
        if (!pipes.some(reached)) return;
        clearInterval(asking);
        stop();
        resolve();
      });
    });
  }
}

function after<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => { setTimeout(() => { resolve(value); }, ms); });
}
