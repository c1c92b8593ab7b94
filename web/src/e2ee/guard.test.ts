import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Frames } from "./frames.client";
import { guarded } from "./guard";

/** A peer connection as far as the guard touches one; what it hands out counts as usable at once, as in a browser. */
class FakeConnection extends EventTarget {
  configuration: RTCConfiguration & { encodedInsertableStreams?: boolean };
  transceivers: FakeTransceiver[] = [];
  channel = Object.assign(new EventTarget(), { send: vi.fn() });

  constructor(configuration: RTCConfiguration = {}) {
    super();
    this.configuration = configuration;
  }

  addTransceiver(source: { kind: string } | string): FakeTransceiver {
    const made = new FakeTransceiver(typeof source === "string" ? source : source.kind);
    this.transceivers.push(made);
    return made;
  }

  addTrack(track: { kind: string }): object {
    return this.addTransceiver(track).sender;
  }

  removeTrack(): void { /* as in the browser: the sender stays */ }
  setRemoteDescription(): Promise<void> {
    this.addTransceiver("video");
    return Promise.resolve();
  }
  setConfiguration(configuration: RTCConfiguration): void { this.configuration = configuration; }
  createDataChannel(): object { return this.channel; }
  getTransceivers(): FakeTransceiver[] { return this.transceivers; }
  close(): void { /* nothing to free */ }
}

class FakeTransceiver {
  sender = { replaceTrack: vi.fn(() => Promise.resolve()) };
  receiver: { track: { kind: string } };
  stop = vi.fn();
  codecs: string[] = [];
  currentDirection = null;

  constructor(kind: string) {
    this.receiver = { track: { kind } };
  }

  setCodecPreferences(codecs: readonly { mimeType: string }[]): void { this.codecs = codecs.map(({ mimeType }) => mimeType); }
}

const attached: object[] = [];
const unbound: object[] = [];
const failed = vi.fn();
let refuses = false;
const frames = {
  attach: (object: object) => {
    if (refuses) throw new Error("too late");
    attached.push(object);
  },
  unbind: (object: object) => unbound.push(object),
  detach: () => undefined,
} as unknown as Frames;

function connection(configuration?: RTCConfiguration): FakeConnection {
  const Guarded = guarded(FakeConnection as unknown as typeof RTCPeerConnection, { frames, iceServers: () => [{ urls: "turn:ours" }], failed });
  return new Guarded(configuration) as unknown as FakeConnection;
}

beforeAll(() => {
  vi.stubGlobal("RTCRtpSender", class { createEncodedStreams(): void { /* only its presence matters */ } });
  const codecs = ["video/VP8", "video/rtx", "video/H264", "video/AV1", "audio/opus", "audio/red"].map((mimeType) => ({ mimeType }));
  vi.stubGlobal("RTCRtpReceiver", { getCapabilities: (kind: string) => ({ codecs: codecs.filter(({ mimeType }) => mimeType.startsWith(kind)) }) });
});
afterAll(() => { vi.unstubAllGlobals(); });
beforeEach(() => {
  attached.length = 0;
  unbound.length = 0;
  refuses = false;
  failed.mockClear();
});

describe("A guarded connection (FRM-2)", () => {
  it("gives sender and receiver their transforms before addTransceiver returns", () => {
    const { sender, receiver } = connection().addTransceiver("audio");
    expect(attached).toEqual([sender, receiver]);
  });

  it("does so for addTrack, and for what a remote description makes", async () => {
    const made = connection();
    const sender = made.addTrack({ kind: "video" });
    expect(attached).toContain(sender);
    await made.setRemoteDescription();
    for (const transceiver of made.transceivers) expect(attached).toEqual(expect.arrayContaining([transceiver.sender, transceiver.receiver]));
  });

  it("does so for whatever else has come to exist when a description is set", () => {
    const made = connection();
    const transceiver = new FakeTransceiver("audio");
    made.transceivers.push(transceiver);
    made.dispatchEvent(new Event("signalingstatechange"));
    expect(attached).toEqual([transceiver.sender, transceiver.receiver]);
  });

  it("secures and clears a receiver in the track event, before anybody else hears of it (FRM-3)", () => {
    const made = connection();
    const transceiver = new FakeTransceiver("video");
    const later = vi.fn(() => { expect(unbound).toContain(transceiver.receiver); });
    made.addEventListener("track", later);
    made.dispatchEvent(Object.assign(new Event("track"), { transceiver }));
    expect(attached).toContain(transceiver.receiver);
    expect(later).toHaveBeenCalledOnce();
  });

  it("stops an object that gets no transform, and says that the browser is unfit", () => {
    refuses = true;
    const transceiver = connection().addTransceiver("video");
    expect(transceiver.stop).toHaveBeenCalledOnce();
    expect(transceiver.sender.replaceTrack).toHaveBeenCalledWith(null);
    expect(failed).toHaveBeenCalledOnce();
  });

  it("lets no frame pass before streams are taken", () => {
    expect(connection().configuration.encodedInsertableStreams).toBe(true);
  });

  it("clears a sender's binding when its track is removed", () => {
    const made = connection();
    const sender = made.addTrack({ kind: "video" });
    (made as unknown as { removeTrack(sender: object): void }).removeTrack(sender);
    expect(unbound).toContain(sender);
  });

  it("offers only codecs whose clear bytes are known", () => {
    const transceiver = connection().addTransceiver("video");
    expect(transceiver.codecs).toEqual(["video/VP8", "video/rtx"]);
    for (const wanted of [["video/H264"], []]) transceiver.setCodecPreferences(wanted.map((mimeType) => ({ mimeType })));
    expect(transceiver.codecs).toEqual(["video/VP8", "video/rtx"]);
  });

  it("secures each object once, however often the connection is negotiated", async () => {
    const made = connection();
    made.addTransceiver("video");
    await made.setRemoteDescription();
    made.dispatchEvent(new Event("signalingstatechange"));
    expect(attached).toHaveLength(2 * made.transceivers.length);
  });

  it("takes ICE servers from the ticket alone, also later (JOIN-10)", () => {
    const made = connection({ iceServers: [{ urls: "stun:third.party" }], iceTransportPolicy: "relay" });
    expect(made.configuration).toMatchObject({ iceServers: [{ urls: "turn:ours" }], iceTransportPolicy: "relay" });
    made.setConfiguration({ iceServers: [{ urls: "stun:third.party" }] });
    expect(made.configuration.iceServers).toEqual([{ urls: "turn:ours" }]);
  });

  it("says and hears nothing on data channels (I1)", () => {
    const made = connection();
    const native = made.channel.send;
    const channel = made.createDataChannel() as typeof made.channel;
    channel.send("a word");
    expect(native).not.toHaveBeenCalled();
    const heard = vi.fn();
    channel.addEventListener("message", heard);
    channel.dispatchEvent(new Event("message"));
    expect(heard).not.toHaveBeenCalled();
  });
});
