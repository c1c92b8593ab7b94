/**
 * Replaces the page's RTCPeerConnection, before livekit-client uses it, by one that cannot send or show an unencrypted frame:
 * every sender and receiver gets its transform in the same turn in which it comes to exist (FRM-2), only known codecs are offered,
 * data channels say nothing, and ICE servers come from the ticket alone (JOIN-10).
 */
import type { Frames } from "./frames.client";
import { frameAccess, type StreamingConfiguration } from "./platform";

const CODECS = { audio: ["audio/opus"], video: ["video/vp8", "video/rtx"] };

export interface GuardSettings {
  readonly frames: Frames;
  readonly iceServers: () => RTCIceServer[];
  /** An object got no transform: it was stopped; the call cannot go on in this browser. */
  readonly failed: (error: unknown) => void;
}

type Guarded = typeof RTCPeerConnection;

/** Makes the guarded class; `install` puts it in place of the page's own. */
export function guarded(Native: Guarded, { frames, iceServers, failed }: GuardSettings): Guarded {
  const access = frameAccess();
  if (access === "none") throw new Error("this browser gives no access to encoded frames");

  /** Once is enough: no transform can be taken off again, and no codec added. */
  const secured = new WeakSet<RTCRtpTransceiver>();

  function secure(transceiver: RTCRtpTransceiver): void {
    if (secured.has(transceiver)) return;
    secured.add(transceiver);
    const { sender, receiver } = transceiver;
    const media = receiver.track.kind === "audio" ? "audio" : "video";
    try {
      frames.attach(sender, "send", media);
      frames.attach(receiver, "receive", media);
      narrow(transceiver, media);
    } catch (error) {
      // Without its transform this object could pass plaintext, so nothing may ever pass it.
      void sender.replaceTrack(null).catch(() => undefined);
      transceiver.stop();
      failed(error);
    }
  }

  return class extends Native {
    #configured: string;

    constructor(configuration?: RTCConfiguration) {
      const wanted = { ...configuration, iceServers: iceServers() };
      const own: StreamingConfiguration = access === "streams" ? { ...wanted, encodedInsertableStreams: true } : wanted;
      super(own);
      this.#configured = JSON.stringify(wanted);
      // Registered first, so it runs before anybody else can use what the event brings.
      this.addEventListener("track", ({ transceiver }) => {
        secure(transceiver);
        frames.unbind(transceiver.receiver);
      });
      // Old-style offers make receivers too; a local description comes before anything can arrive for them.
      this.addEventListener("signalingstatechange", () => { this.#sweep(); });
      this.addEventListener("datachannel", ({ channel }) => { silence(channel); });
    }

    override addTransceiver(source: MediaStreamTrack | string, init?: RTCRtpTransceiverInit): RTCRtpTransceiver {
      const transceiver = super.addTransceiver(source, init);
      secure(transceiver);
      return transceiver;
    }

    override addTrack(track: MediaStreamTrack, ...streams: MediaStream[]): RTCRtpSender {
      const sender = super.addTrack(track, ...streams);
      this.#sweep();
      return sender;
    }

    override removeTrack(sender: RTCRtpSender): void {
      frames.unbind(sender);
      super.removeTrack(sender);
    }

    override async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      await super.setRemoteDescription(description);
      this.#sweep();
    }

    override setConfiguration(configuration?: RTCConfiguration): void {
      const wanted = { ...configuration, iceServers: iceServers() };
      // livekit-client repeats it after each answer, and the page stands still while the browser takes it in.
      const text = JSON.stringify(wanted);
      if (text === this.#configured) return;
      this.#configured = text;
      super.setConfiguration(wanted);
    }

    override createDataChannel(label: string, init?: RTCDataChannelInit): RTCDataChannel {
      const channel = super.createDataChannel(label, init);
      silence(channel);
      return channel;
    }

    override close(): void {
      for (const { sender, receiver } of this.getTransceivers()) {
        frames.detach(sender);
        frames.detach(receiver);
      }
      super.close();
    }

    #sweep(): void {
      for (const transceiver of this.getTransceivers()) secure(transceiver);
    }
  };
}

/** Puts the guarded class in place; every name under which the page could reach the native one leads to it. */
export function install(settings: GuardSettings): void {
  const scope = globalThis as unknown as Record<"RTCPeerConnection" | "webkitRTCPeerConnection", Guarded | undefined>;
  const Native = scope.RTCPeerConnection;
  if (!Native) throw new Error("this browser has no WebRTC");
  const wrapped = guarded(Native, settings);
  // The old stream call would make senders we never hear of.
  Object.defineProperty(wrapped.prototype, "addStream", { value: undefined });
  scope.RTCPeerConnection = wrapped;
  if (scope.webkitRTCPeerConnection) scope.webkitRTCPeerConnection = wrapped;
}

/** Only codecs whose clear bytes we know are negotiated, whatever the server or livekit-client would like. */
function narrow(transceiver: RTCRtpTransceiver, media: "audio" | "video"): void {
  if (transceiver.currentDirection === "stopped" || !("setCodecPreferences" in transceiver)) return;
  const native = transceiver.setCodecPreferences.bind(transceiver);
  // An empty list would mean all of them.
  const prefer = (codecs: readonly RTCRtpCodec[]): void => {
    const known = codecs.filter(({ mimeType }) => CODECS[media].includes(mimeType.toLowerCase()));
    if (known.length > 0) native(known);
  };
  Object.defineProperty(transceiver, "setCodecPreferences", { value: prefer });
  prefer(RTCRtpReceiver.getCapabilities(media)?.codecs ?? []);
}

/** LiveKit opens data channels of its own; nothing is ever said or heard there (docs/protocol/messages.md). */
function silence(channel: RTCDataChannel): void {
  Object.defineProperty(channel, "send", { value: () => undefined });
  channel.addEventListener("message", (event) => { event.stopImmediatePropagation(); });
}
