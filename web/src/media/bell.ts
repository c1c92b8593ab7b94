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
  context ??= new AudioContext();
  const volume = new GainNode(context, { gain: LOUDNESS });
  volume.connect(context.destination);
  NOTES_HZ.forEach((frequency, index) => {
    if (context === null) return;
    const note = new OscillatorNode(context, { frequency });
    note.connect(volume);
    note.start(context.currentTime + index * NOTE_SECONDS);
    note.stop(context.currentTime + (index + 1) * NOTE_SECONDS);
  });
}
