import { useTranslation } from "react-i18next";

import { useCall } from "../context";
import { useRegionWord } from "../useRegion";
import { Elapsed } from "./Elapsed";
import { LockSummary } from "./LockSummary";

/** Which meeting this is, how it is locked, where it passes, how long it has lasted. */
export function About() {
  const { t } = useTranslation();
  const title = useCall((state) => state.title);
  const startedAt = useCall((state) => state.startedAt);
  const region = useRegionWord(useCall((state) => state.region));
  return (
    <div className="about">
      <LockSummary />
      <div className="about-words">
        <p className="about-title">{title === "" ? t("call.untitled") : title}</p>
        <p className="about-facts">
          {startedAt === null ? null : <Elapsed since={startedAt} />}
          <span>{region}</span>
        </p>
      </div>
    </div>
  );
}
