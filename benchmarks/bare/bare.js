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
  return { encryption: { keyProvider, worker } };
}

const room = new Room(options());
window.room = room;
room.on(RoomEvent.TrackSubscribed, (track) => {
  if (track.kind === "video") track.attach(other);
  else document.body.append(track.attach());
});

// The lobby: devices open, preview running, token at hand.
const tracks = await createLocalTracks({ audio: true, video: true });
tracks.find((track) => track.kind === "video").attach(document.getElementById("self"));
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
