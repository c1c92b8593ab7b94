/** What the media room shows of each participant: facts for the screen, none of which decides anything about security. */
import { ConnectionQuality, RemoteTrackPublication, Track, type Participant, type Room, type TrackPublication } from "livekit-client";

export interface Presence {
  readonly participant: string;
  readonly speaking: boolean;
  readonly microphone: boolean;
  readonly camera: boolean;
  readonly screen: boolean;
  readonly connection: "good" | "poor" | "lost";
  /** Sound or picture should be arriving from there just now. */
  readonly due: boolean;
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
    due: [...participant.trackPublications.values()].some(arrives),
  }));
}

function sends(participant: Participant, source: Track.Source): boolean {
  const publication = participant.getTrackPublication(source);
  return publication !== undefined && !publication.isMuted;
}

/**
 * A picture nobody looks at is paused (adaptive stream), and its absence means nothing. What we asked for is due from then on, whether or not
 * the server says that it comes.
 */
function arrives(publication: TrackPublication): boolean {
  return publication instanceof RemoteTrackPublication && publication.isDesired && !publication.isMuted && publication.isEnabled;
}

function quality(quality: ConnectionQuality): Presence["connection"] {
  if (quality === ConnectionQuality.Lost) return "lost";
  return quality === ConnectionQuality.Poor ? "poor" : "good";
}
