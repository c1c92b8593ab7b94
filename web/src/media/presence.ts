/** What the media room shows of each participant: facts for the screen, none of which decides anything about security. */
import { ConnectionQuality, Track, type Participant, type Room } from "livekit-client";

export interface Presence {
  readonly participant: string;
  readonly speaking: boolean;
  readonly microphone: boolean;
  readonly camera: boolean;
  readonly screen: boolean;
  readonly connection: "good" | "poor" | "lost";
}

export function presences(room: Room): readonly Presence[] {
  const here: Participant[] = [...room.remoteParticipants.values()];
  if (room.localParticipant.identity !== "") here.push(room.localParticipant);
  return here.map((participant) => ({
    participant: participant.identity,
    speaking: participant.isSpeaking,
    microphone: sends(participant, Track.Source.Microphone),
    camera: sends(participant, Track.Source.Camera),
    screen: sends(participant, Track.Source.ScreenShare),
    connection: quality(participant.connectionQuality),
  }));
}

function sends(participant: Participant, source: Track.Source): boolean {
  const publication = participant.getTrackPublication(source);
  return publication !== undefined && !publication.isMuted;
}

function quality(quality: ConnectionQuality): Presence["connection"] {
  if (quality === ConnectionQuality.Lost) return "lost";
  return quality === ConnectionQuality.Poor ? "poor" : "good";
}
