/**
 * Tries to reach the media engine in one way only: neither side hears of an address of another kind, so that a connection shows that this
 * way works. Nothing is published, nobody else is there (SELF-1, SELF-3).
 */
import { Room, RoomEvent, setLogLevel } from "livekit-client";

import type { MediaTicket } from "./room";

export type Way = "udp" | "tcp" | "relay";

/**
 * What a try showed: `ok` with the milliseconds that a packet takes there and back, where the browser says so; `fail` when no packet
 * came through; `away` when the engine did not even talk about it, which says nothing of the way.
 */
export interface Reached {
  readonly level: "ok" | "fail" | "away";
  readonly ms: number | null;
}

/** What a configuration says besides: the only way that its connection may use, and where to put it to be looked at. */
interface Narrowing {
  readonly way: Way;
  readonly made: RTCPeerConnection[];
}

const LIMIT_MS = 8_000;
const ASK_MS = 100;
const ASKS = 30;

setLogLevel("silent");

export async function reach({ url, token, ice_servers }: MediaTicket, way: Way): Promise<Reached> {
  const address = new URL(url, location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  narrowConnections();
  const made: RTCPeerConnection[] = [];
  const rtcConfig: RTCConfiguration & { narrowing: Narrowing } = {
    iceServers: ice_servers, iceTransportPolicy: way === "relay" ? "relay" : "all", narrowing: { way, made },
  };
  const room = new Room();
  const engine = { talked: false };
  room.once(RoomEvent.SignalConnected, () => { engine.talked = true; });
  try {
    await room.connect(address.href, token, { autoSubscribe: false, maxRetries: 0, peerConnectionTimeout: LIMIT_MS, websocketTimeout: LIMIT_MS, rtcConfig });
    return await answered(made, way);
  } catch {
    return { level: engine.talked ? "fail" : "away", ms: null };
  } finally {
    await room.disconnect().catch(() => undefined);
  }
}

/** Tells whether a candidate is of the wanted way: its third word is the protocol. */
export function isOf(way: Way, candidate: string): boolean {
  return way === "relay" || candidate === "" || candidate.trim().split(/\s+/)[2]?.toLowerCase() === way;
}

/** Leaves candidates of other ways out of a description. */
export function without(way: Way, sdp: string): string {
  return sdp.split("\r\n").filter((line) => !line.startsWith("a=candidate:") || isOf(way, line.slice("a=".length))).join("\r\n");
}

type Make = (this: RTCPeerConnection, options?: RTCOfferOptions) => Promise<RTCSessionDescriptionInit>;

let narrows = false;

/** Makes every connection of this page keep to the way that its configuration names. */
function narrowConnections(): void {
  if (narrows) return;
  narrows = true;
  const Native = RTCPeerConnection;

  class Narrowed extends Native {
    readonly way: Way;

    constructor(configuration: RTCConfiguration & { narrowing: Narrowing }) {
      super(configuration);
      this.way = configuration.narrowing.way;
      configuration.narrowing.made.push(this);
    }

    override async addIceCandidate(candidate?: RTCIceCandidateInit | null): Promise<void> {
      if (isOf(this.way, candidate?.candidate ?? "")) await super.addIceCandidate(candidate);
    }

    override async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      await super.setRemoteDescription(kept(this.way, description));
    }
  }

  // What is offered anew holds the addresses found since: the engine would knock at them, and open a way that was to be left out.
  for (const method of ["createOffer", "createAnswer"] as const) {
    const make = (Native.prototype as unknown as Record<typeof method, Make>)[method];
    Object.defineProperty(Narrowed.prototype, method, {
      configurable: true,
      async value(this: Narrowed, options?: RTCOfferOptions) { return kept(this.way, await make.call(this, options)); },
    });
  }
  const own = Object.getOwnPropertyDescriptor(Native.prototype, "onicecandidate");
  Object.defineProperty(Narrowed.prototype, "onicecandidate", {
    configurable: true,
    get(this: Narrowed): unknown { return own?.get?.call(this); },
    set(this: Narrowed, tell: ((event: RTCPeerConnectionIceEvent) => void) | null) {
      own?.set?.call(this, tell && ((event: RTCPeerConnectionIceEvent) => { if (isOf(this.way, event.candidate?.candidate ?? "")) tell(event); }));
    },
  });
  (globalThis as unknown as { RTCPeerConnection: unknown }).RTCPeerConnection = Narrowed;
}

function kept(way: Way, { type, sdp }: RTCSessionDescriptionInit): RTCSessionDescriptionInit {
  return { type, sdp: without(way, sdp ?? "") };
}

interface Stat { readonly type: string; readonly id: string }
interface Pair extends Stat { readonly state?: string; readonly localCandidateId: string; readonly currentRoundTripTime?: number }
interface Local extends Stat { readonly protocol?: string; readonly candidateType?: string }

function used(local: Local | undefined): string | undefined {
  return local?.candidateType === "relay" ? "relay" : local?.protocol?.toLowerCase();
}

/** What answered: without a pair of the wanted way nothing is shown. */
async function answered(made: readonly RTCPeerConnection[], way: Way): Promise<Reached> {
  for (let asked = 0; asked < ASKS; asked += 1) {
    for (const connection of made) {
      const stats = [...(await connection.getStats()).values() as Iterable<Stat>];
      const locals = new Map(stats.filter((stat): stat is Local => stat.type === "local-candidate").map((local) => [local.id, local]));
      const pair = stats.find((stat): stat is Pair => stat.type === "candidate-pair" && (stat as Pair).state === "succeeded" && used(locals.get((stat as Pair).localCandidateId)) === way);
      // A packet takes some time in any case, so a whole number of milliseconds is never none.
      if (pair) return { level: "ok", ms: pair.currentRoundTripTime === undefined ? null : Math.max(1, Math.round(pair.currentRoundTripTime * 1000)) };
    }
    await new Promise((resolve) => { setTimeout(resolve, ASK_MS); });
  }
  return { level: "fail", ms: null };
}
