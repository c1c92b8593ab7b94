/** Showing the own screen during a call: started, stopped from here or from the browser's bar. */
import { Track } from "livekit-client";
import type { OwnTrack, Published } from "../media/devices";
import type { Media } from "../media/room";
import { shareScreen, type Share } from "../media/screen";

export class Sharing {
  readonly #media: () => Media | null;
  readonly #stopped: () => void;
  #share: Share | null = null;

  /** `stopped`: the browser's own bar ended it. */
  constructor(media: () => Media | null, stopped: () => void) {
    this.#media = media;
    this.#stopped = stopped;
  }

  get track(): OwnTrack | null {
    return this.#share?.tracks.find(([source]) => source === Track.Source.ScreenShare)?.[1] ?? null;
  }

  get tracks(): readonly Published[] {
    return this.#share?.tracks ?? [];
  }

  async set(on: boolean): Promise<void> {
    if (on === (this.#share !== null)) return;
    if (!on) { await this.#end(); return; }
    const share = await shareScreen(() => {
      this.#stopped();
      void this.#end();
    });
    const media = this.#media();
    if (!share || !media) { share?.stop(); return; }
    this.#share = share;
    for (const [source, track] of share.tracks) await media.publish(track, source);
  }

  async #end(): Promise<void> {
    const share = this.#share;
    this.#share = null;
    if (!share) return;
    share.stop();
    for (const [, track] of share.tracks) await this.#media()?.unpublish(track).catch(() => undefined);
  }
}
