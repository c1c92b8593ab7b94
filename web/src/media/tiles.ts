/** Which element shows whose picture: an element asked for once keeps showing the right track, however often tracks come and go. */
import type { Track } from "livekit-client";

export type Picture = "camera" | "screen";
interface Tile { readonly participant: string; readonly kind: Picture; readonly element: HTMLVideoElement; track: Track | null }

export class Tiles {
  readonly #tiles = new Set<Tile>();
  #find: (participant: string, kind: Picture) => Track | null = () => null;

  /** `find` gives the track to show now, or null. */
  use(find: (participant: string, kind: Picture) => Track | null): void {
    this.#find = find;
    this.refresh();
  }

  attach(participant: string, kind: Picture, element: HTMLVideoElement): () => void {
    const tile: Tile = { participant, kind, element, track: null };
    this.#tiles.add(tile);
    this.#show(tile);
    return () => {
      this.#tiles.delete(tile);
      tile.track?.detach(element);
    };
  }

  refresh(): void {
    for (const tile of this.#tiles) this.#show(tile);
  }

  #show(tile: Tile): void {
    const track = this.#find(tile.participant, tile.kind);
    if (track === tile.track) return;
    tile.track?.detach(tile.element);
    tile.track = track;
    track?.attach(tile.element);
  }
}
