/** The sound of somebody at the door: two soft notes, made here. */

const NOTES_HZ = [659, 880];
const NOTE_SECONDS = 0.18;
const LOUDNESS = 0.08;
const REST_MS = 3_000;
let context: AudioContext | null = null;
let rungAt = -REST_MS;

/** Once for whoever comes within some seconds; a browser that plays nothing yet stays silent. */
export function ring(): void {
  const now = performance.now();
  if (typeof AudioContext === "undefined" || now - rungAt < REST_MS) return;
  rungAt = now;
  const bell = (context ??= new AudioContext());
  void bell.resume();
  const volume = new GainNode(bell, { gain: LOUDNESS });
  volume.connect(bell.destination);
  const notes = NOTES_HZ.map((frequency, index) => {
    const note = new OscillatorNode(bell, { frequency });
    note.connect(volume);
    note.start(bell.currentTime + index * NOTE_SECONDS);
    note.stop(bell.currentTime + (index + 1) * NOTE_SECONDS);
    return note;
  });
  // A sound device that plays nothing takes processor time all the same.
  notes.at(-1)?.addEventListener("ended", () => {
    volume.disconnect();
    void bell.suspend();
  });
}
