import { Maximize2, Minimize2 } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";

import type { Person } from "../../call/contract";
import { Button } from "../../ui/Button";
import { IconButton } from "../../ui/IconButton";
import { useActions, useCall } from "../context";
import { EMOJI } from "../emoji";
import { Sign, useShownName } from "../Sign";
import { useView } from "../view";
import { Avatar } from "./Avatar";
import type { Box } from "./layout";
import { Marks } from "./Marks";
import { Plate } from "./Plate";
import type { TileSpec } from "./tiles";
import { Video } from "./Video";

interface TileProps {
  readonly spec: TileSpec;
  readonly size: Box;
  readonly large: boolean;
}

/** One person's camera or screen; a person who just left has none. */
export const Tile = memo(function Tile(props: TileProps) {
  const person = useCall((state) => state.people.find((each) => each.participant === props.spec.participant));
  return person ? <Present {...props} person={person} /> : null;
});

function Present({ spec, size, large, person }: TileProps & { readonly person: Person }) {
  const { t } = useTranslation();
  const { enlarge } = useView();
  const alone = useCall((state) => state.people.length === 1);
  const shown = useShownName(person);
  const away = person.connection === "lost" && !person.self && person.name !== "";
  return (
    <article
      className="tile"
      style={size}
      data-participant={person.participant}
      data-kind={spec.kind}
      data-lock={person.lock}
      data-self={person.self || undefined}
      data-speaking={(person.speaking && spec.kind === "camera") || undefined}
      data-large={large || undefined}
      data-away={away || undefined}
    >
      <Content person={person} kind={spec.kind} />
      {away ? (
        <p className="tile-away">
          <span>{t("call.tile.waiting")}</span>
        </p>
      ) : null}
      <Plate person={person} kind={spec.kind} />
      {spec.kind === "camera" ? <Marks person={person} /> : null}
      {spec.kind === "camera" && person.reaction !== null ? (
        <p className="tile-reaction" data-reaction={person.reaction} title={t(`reactions.${person.reaction}`)} aria-hidden>
          {EMOJI[person.reaction]}
        </p>
      ) : null}
      {alone ? null : (
        <div className="tile-size">
          <IconButton
            icon={large ? Minimize2 : Maximize2}
            label={large ? t("call.tile.shrink") : t("call.tile.enlarge", { name: shown })}
            onPress={() => {
              enlarge(large ? null : spec.key);
            }}
          />
        </div>
      )}
    </article>
  );
}

/** The picture, or what stands for it. */
function Content({ person, kind }: { readonly person: Person; readonly kind: TileSpec["kind"] }) {
  const { t } = useTranslation();
  const call = useActions();
  if (kind === "screen" && person.self) {
    // Showing one's own screen in itself would be a tunnel of mirrors.
    return (
      <div className="tile-own-screen">
        <p>{t("call.tile.yourScreen")}</p>
        <Button onPress={() => void call.setScreen(false)}>{t("call.tile.stopScreen")}</Button>
      </div>
    );
  }
  if (person.name === "") {
    return (
      <span className="tile-nobody">
        <Sign lock={person.lock} name="" size={40} />
      </span>
    );
  }
  if (kind === "camera" && !person.camera) return <Avatar name={person.name} seed={person.participant} />;
  const label = kind === "screen" ? t("call.tile.screenOf", { name: person.name }) : person.name;
  return <Video participant={person.participant} kind={kind} mirrored={person.self} label={label} />;
}
