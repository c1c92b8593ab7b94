// Mallory's page: plain livekit-client with her hand in the encoded frames. It holds no key. What it hears it tapes; what it sends is made of
// its own frames, or of somebody's taped ones, and broken as told.
import { createLocalTracks, ParticipantEvent, Room, RoomEvent } from "./livekit-client.esm.mjs";
import { broken } from "./broken.js";

const wanted = new URLSearchParams(location.search);
const measured = { failed: "" };
window.measured = measured;
// Every frame of everybody else, in the order in which it came: who, which source, whether a key frame, the bytes.
window.tape = [];
window.taping = true;
// From where on the tape is played; key frames are played from before as well, for without one nothing is carried.
window.start = 0;
window.packets = [];
// What is sent: `from` is "" for her own frames or a participant whose taped ones are played; `how` is a way of breaking them.
window.plan = { from: "", how: "whole", backwards: false };
window.sent = 0;

const room = new Room({ publishDefaults: { videoCodec: "vp8", simulcast: false, backupCodec: false, red: false, dtx: false } });
window.room = room;
const opened = new WeakSet();

function through(object, each) {
  if (opened.has(object)) return;
  opened.add(object);
  const { readable, writable } = object.createEncodedStreams();
  void readable.pipeThrough(new TransformStream({ transform: each })).pipeTo(writable).catch(() => undefined);
}

room.on(RoomEvent.TrackSubscribed, (track, publication, participant) => {
  through(track.receiver, (frame) => {
    if (window.taping) window.tape.push({ who: participant.identity, source: publication.source, key: frame.type === "key", bytes: new Uint8Array(frame.data.slice(0)) });
  });
});
room.on(RoomEvent.DataReceived, (payload) => { window.packets.push(new TextDecoder().decode(payload)); });

// Played again and again, key frames where the decoder expects them.
function player(source) {
  const at = { key: 0, other: 0 };
  return (frame) => {
    const { from, backwards } = window.plan;
    if (from === "") return new Uint8Array(frame.data);
    const key = frame.type === "key";
    const fits = (one, index) => one.who === from && one.source === source && (source === "microphone" || one.key === key) && (key || index >= window.start);
    const reel = window.tape.filter(fits);
    if (reel.length === 0) return null;
    const index = at[key ? "key" : "other"]++ % reel.length;
    return reel[backwards ? reel.length - 1 - index : index].bytes;
  };
}

room.localParticipant.on(ParticipantEvent.LocalSenderCreated, (sender, track) => {
  const next = player(track.source);
  through(sender, (frame, controller) => {
    const bytes = next(frame);
    const made = bytes && broken[window.plan.how](bytes);
    if (!made) return;
    frame.data = made.slice().buffer;
    window.sent += 1;
    controller.enqueue(frame);
  });
});

window.ways = Object.keys(broken);
const tracks = await createLocalTracks({ audio: true, video: true });
window.send = () => Promise.all(tracks.map((track) => room.localParticipant.publishTrack(track)));
window.speak = async (text) => {
  const { localParticipant } = room;
  for (const reliable of [true, false]) await localParticipant.publishData(new TextEncoder().encode(text), { reliable });
  await localParticipant.sendChatMessage(text);
  await localParticipant.sendText(text, { topic: "lk.chat" });
};
document.getElementById("join").addEventListener("click", async () => {
  try {
    await room.connect(wanted.get("url"), wanted.get("token"), { rtcConfig: { encodedInsertableStreams: true } });
  } catch (error) {
    measured.failed = String(error);
  }
});
window.ready = true;
