/** LiveKit's words for sources, and ours. */
import { Track } from "livekit-client";
import type { SourceKind } from "../e2ee/frames";

const KIND: Partial<Record<Track.Source, SourceKind>> = {
  [Track.Source.Microphone]: "microphone",
  [Track.Source.Camera]: "camera",
  [Track.Source.ScreenShare]: "screen",
  [Track.Source.ScreenShareAudio]: "screen_sound",
};

/** Null for a source we do not know: such a track is neither published nor shown. */
export function kindOf(source: Track.Source): SourceKind | null {
  return KIND[source] ?? null;
}
