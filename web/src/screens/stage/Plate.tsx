import { Users } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { Person } from "../../call/contract";
import { Sign, useShownName } from "../Sign";
import type { TileSpec } from "./tiles";

/** Name and padlock, bottom left on a scrim. */
export function Plate({ person, kind }: { readonly person: Person; readonly kind: TileSpec["kind"] }) {
  const { t } = useTranslation();
  const shown = useShownName(person);
  return (
    <p className="tile-plate">
      <Sign lock={person.lock} name={shown} />
      <span className="tile-name">{kind === "screen" ? t("call.tile.screenOf", { name: shown }) : shown}</span>
      {person.self ? <span className="tile-you">({t("common.you")})</span> : null}
      {person.lock === "securing" || person.lock === "stranger" ? <span className="tile-word">{t(`call.lockWord.${person.lock}`)}</span> : null}
      {person.ambiguous ? (
        <span className="sign" data-lock="ambiguous" title={t("call.tile.ambiguous")}>
          <Users size={16} aria-hidden />
          <span className="unseen">{t("call.tile.ambiguous")}</span>
        </span>
      ) : null}
    </p>
  );
}
