// People in a call's media room whose clients cling to it: what the engine tells them to close stays open, so that only what the server
// does ends their media. One page holds them all; livekit-client without encryption, as none of them looks at what it gets.
import { createLocalTracks, Room } from "./livekit-client.esm.mjs";

let opened = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) {
    super(...given);
    opened.push(this);
  }

  close() {
    // Not of our own will.
  }
};

/** Person → their room and its connections. */
const people = new Map();

/** Brings somebody into the room; `publishes` opens the camera and the microphone. */
window.enter = async ({ who, url, token, publishes = false }) => {
  const room = new Room();
  opened = [];
  await room.connect(url, token, { maxRetries: 2, rtcConfig: { iceServers: [] } }); // as our client
  people.set(who, { room, connections: opened });
  if (publishes) for (const track of await createLocalTracks({ audio: true, video: true })) await room.localParticipant.publishTrack(track);
};

/** What somebody has received: for each kind, how many packets, and when the last one came (ms since 1970). */
window.received = async (who) => {
  const found = {};
  for (const connection of people.get(who).connections) {
    for (const report of (await connection.getStats()).values()) {
      if (report.type !== "inbound-rtp") continue;
      found[report.kind] = { packets: report.packetsReceived, at: report.lastPacketReceivedTimestamp ?? 0 };
    }
  }
  return found;
};

/** The newest token that somebody has, and the engine's name of their connection. */
window.holds = (who) => {
  const { room } = people.get(who);
  return { refreshed: room.engine.token ?? "", connection: room.localParticipant.sid };
};
window.ready = true;
