/** Sharing the own screen, with its sound where the browser gives it. */
import { createLocalScreenTracks, Track } from "livekit-client";
import type { OwnTrack, Published } from "./devices";

export interface Share {
  readonly tracks: readonly Published[];
  stop(): void;
}

/** Null when the person changes their mind in the browser's dialogue. `ended`: stopped from the browser's own bar. */
export async function shareScreen(ended: () => void): Promise<Share | null> {
  let tracks: OwnTrack[];
  try {
    tracks = (await createLocalScreenTracks({ audio: true, resolution: { width: 1920, height: 1080, frameRate: 15 }, contentHint: "detail", suppressLocalAudioPlayback: false })) as OwnTrack[];
  } catch {
    return null;
  }
  const named = tracks.map((track) => [track.kind === Track.Kind.Audio ? Track.Source.ScreenShareAudio : Track.Source.ScreenShare, track] as const);
  for (const [source, track] of named) {
    track.source = source;
    if (source === Track.Source.ScreenShare) track.on("ended", ended);
  }
  return { tracks: named, stop: () => { for (const track of tracks) track.stop(); } };
}
