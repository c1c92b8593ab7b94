/** The own microphone's level, also while muted: to show it, to notice speaking while muted, and to notice a dead one. */
import type { LocalAudioTrack } from "livekit-client";

const EVERY_MS = 100;
const SPEAKING = 0.06;
const SPEAKING_MS = 1_200;
/** A working microphone in a silent room still has noise; nothing at all for this long means it is dead. */
const DEAD_MS = 10_000;

export interface LevelHooks {
  level(value: number): void;
  /** Somebody speaks into it for a while, whether or not it is muted. */
  speaking(): void;
  dead(): void;
}

/** Listens to a copy of the track, since muting silences the track itself. Returns the undo. */
export function watchLevel(track: MediaStreamTrack, hooks: LevelHooks): () => void {
  const context = new AudioContext();
  const copy = track.clone();
  copy.enabled = true;
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  context.createMediaStreamSource(new MediaStream([copy])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const meter = new Meter(hooks);
  const timer = setInterval(() => {
    // Before a gesture the context may be suspended and hears nothing, which says nothing about the microphone.
    if (context.state !== "running") return;
    analyser.getFloatTimeDomainData(samples);
    meter.hear(Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length));
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    copy.stop();
    void context.close();
  };
}

/**
 * Notices a dead microphone while it is sent: the browser measures what goes out anyway, so nothing has to listen beside it.
 * A browser that measures nothing (Firefox) notices nothing. Returns the undo.
 */
export function watchSent(track: LocalAudioTrack, dead: () => void): () => void {
  let before: number | null = null;
  let told = false;
  const look = async (): Promise<void> => {
    const heard = energy(await track.getRTCStatsReport());
    const silent = heard !== null && heard === before;
    if (silent && !told) dead();
    told = silent;
    before = heard;
  };
  const timer = setInterval(() => void look().catch(() => undefined), DEAD_MS);
  return () => { clearInterval(timer); };
}

function energy(report: RTCStatsReport | undefined): number | null {
  let found: number | null = null;
  report?.forEach((entry: { readonly type: string; readonly totalAudioEnergy?: number }) => {
    if (entry.type === "media-source") found = entry.totalAudioEnergy ?? null;
  });
  return found;
}

/** The judging half, told one loudness (root mean square) every 100 ms. */
export class Meter {
  readonly #hooks: LevelHooks;
  #loud = 0;
  #silent = 0;

  constructor(hooks: LevelHooks) {
    this.#hooks = hooks;
  }

  hear(loudness: number): void {
    // Loudness is heard in proportions; this puts normal speech in the upper half of the gauge.
    this.#hooks.level(Math.min(1, Math.sqrt(loudness * 4)));
    this.#loud = loudness > SPEAKING ? this.#loud + EVERY_MS : 0;
    if (this.#loud === SPEAKING_MS) this.#hooks.speaking();
    this.#silent = loudness < 1e-6 ? this.#silent + EVERY_MS : 0;
    if (this.#silent === DEAD_MS) this.#hooks.dead();
  }
}
