// What the benchmarks compare with: livekit-client with its defaults. No MLS; no encryption, or the library's own worker when a key is given.
import { createLocalTracks, ExternalE2EEKeyProvider, Room, RoomEvent } from "./livekit-client.esm.mjs";

const wanted = new URLSearchParams(location.search);
const measured = { clicked: 0, rendered: 0, failed: "" };
window.measured = measured;

const other = document.getElementById("other");
other.requestVideoFrameCallback(() => { measured.rendered = performance.timeOrigin + performance.now(); });

function options() {
  const key = wanted.get("key");
  if (!key) return {};
  const keyProvider = new ExternalE2EEKeyProvider(); // keySize 128 is the library's default
  window.keyed = keyProvider.setKey(key);
  const worker = new Worker(new URL("./livekit-client.e2ee.worker.mjs", location.href), { type: "module" });
  // Everything but the worker as in our client (web/src/media/room.ts), so that only the encryption differs.
  const publishDefaults = { videoCodec: "vp8", simulcast: true, backupCodec: false, red: false, dtx: true };
  return { adaptiveStream: true, dynacast: true, publishDefaults, encryption: { keyProvider, worker } };
}

const room = new Room(options());
window.room = room;
room.on(RoomEvent.TrackSubscribed, (track, _publication, participant) => {
  const element = track.kind === "video" ? track.attach(other) : document.body.appendChild(track.attach());
  element.dataset.participant = participant.identity;
});

// What arrived, and what of it could be decoded; for the tests in which this page is somebody without a key.
window.received = async () => {
  const found = [];
  for (const participant of room.remoteParticipants.values()) {
    for (const { track } of participant.trackPublications.values()) {
      for (const report of (await track?.getRTCStatsReport())?.values() ?? []) {
        if (report.type === "inbound-rtp") found.push({ kind: report.kind, packets: report.packetsReceived, decoded: report.framesDecoded ?? 0 });
      }
    }
  }
  return found;
};

// The lobby: devices open, preview running, token at hand.
const tracks = wanted.get("listen") ? [] : await createLocalTracks({ audio: true, video: true });
tracks.find((track) => track.kind === "video")?.attach(document.getElementById("self"));
if (wanted.get("key")) {
  await window.keyed;
  await room.setE2EEEnabled(true);
}
document.getElementById("join").addEventListener("click", async () => {
  measured.clicked = performance.timeOrigin + performance.now();
  try {
    await room.connect(wanted.get("url"), wanted.get("token"));
    await Promise.all(tracks.map((track) => room.localParticipant.publishTrack(track)));
  } catch (error) {
    measured.failed = String(error);
  }
});
window.ready = true;
