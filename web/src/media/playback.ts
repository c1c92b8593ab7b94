/** Other people's sound: one <audio> element per track, outside React, so that no rendering ever interrupts it. */
import { RoomEvent, type RemoteTrack, type Room, type Track } from "livekit-client";
import { kindOf } from "./sources";

export class Playback {
  readonly #room: Room;
  readonly #place: HTMLElement;
  readonly #elements = new Map<RemoteTrack, HTMLMediaElement>();

  constructor(room: Room) {
    this.#room = room;
    this.#place = document.createElement("div");
    this.#place.hidden = true;
    document.body.append(this.#place);
    room.on(RoomEvent.AudioPlaybackStatusChanged, () => {
      // The next gesture anywhere will do.
      if (!room.canPlaybackAudio) document.addEventListener("pointerdown", () => void room.startAudio(), { once: true });
    });
  }

  /** The browser holds the sound back until somebody presses something. */
  get blocked(): boolean {
    return !this.#room.canPlaybackAudio;
  }

  add(participant: string, source: Track.Source, track: RemoteTrack): void {
    const element = track.attach();
    element.dataset["participant"] = participant;
    element.dataset["kind"] = kindOf(source) ?? "";
    this.#elements.set(track, element);
    this.#place.append(element);
  }

  remove(track: RemoteTrack): void {
    track.detach();
    this.#elements.get(track)?.remove();
    this.#elements.delete(track);
  }

  async choose(speaker: string): Promise<void> {
    await this.#room.switchActiveDevice("audiooutput", speaker);
  }

  stop(): void {
    for (const track of [...this.#elements.keys()]) this.remove(track);
    this.#place.remove();
  }
}
