import { useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";

import { useCall } from "../context";
import { useView } from "../view";
import { Alone } from "./Alone";
import { feature, gallery } from "./layout";
import { Tile } from "./Tile";
import { largeOf, tilesOf } from "./tiles";
import { useSize } from "./useSize";

/** Everybody, in a gallery; or one screen or person large and the others beside. */
export function Stage({ covered }: { readonly covered: boolean }) {
  const { t } = useTranslation();
  const people = useCall((state) => state.people);
  const { large: chosen } = useView();
  const element = useRef<HTMLElement>(null);
  const size = useSize(element);
  const tiles = useMemo(() => tilesOf(people), [people]);
  const large = largeOf(tiles, chosen);
  const alone = people.length === 1;
  const title = useCall((state) => state.title);
  return (
    <main ref={element} className="stage" data-ground="stage" inert={covered} aria-label={t("call.stage")} data-layout={large ? "large" : "gallery"}>
      <h1 className="unseen">{title === "" ? t("call.untitled") : title}</h1>
      {size.width === 0 ? null : large ? <Large size={size} tiles={tiles} large={large} /> : <Gallery size={size} tiles={tiles} />}
      {alone ? <Alone /> : null}
    </main>
  );
}

type Tiles = ReturnType<typeof tilesOf>;
interface LayoutProps {
  readonly size: { readonly width: number; readonly height: number };
  readonly tiles: Tiles;
}

function Gallery({ size, tiles }: LayoutProps) {
  const grid = gallery(size, tiles.length);
  const width = grid.columns * (grid.tile.width + 8);
  return (
    <div className="gallery" data-scrolls={grid.scrolls || undefined} style={{ maxWidth: width }}>
      {tiles.map((spec) => (
        <Tile key={spec.key} spec={spec} size={grid.tile} large={false} />
      ))}
    </div>
  );
}

function Large({ size, tiles, large }: LayoutProps & { readonly large: Tiles[number] }) {
  const others = tiles.filter((spec) => spec.key !== large.key);
  const plan = feature(size, others.length);
  return (
    <div className="featured" data-side={plan.side}>
      <Tile key={large.key} spec={large} size={plan.main} large />
      <div className="thumbs">
        {others.map((spec) => (
          <Tile key={spec.key} spec={spec} size={plan.thumb} large={false} />
        ))}
      </div>
    </div>
  );
}
