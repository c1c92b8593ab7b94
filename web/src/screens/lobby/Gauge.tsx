import { useTranslation } from "react-i18next";

import { useCall } from "../context";

const BARS = 12;

/** How loud the microphone hears this person, as bars that light up. */
export function Gauge() {
  const { t } = useTranslation();
  const lit = useCall((state) => Math.round(Math.min(1, Math.max(0, state.level)) * BARS));
  return (
    <div className="gauge" role="meter" aria-label={t("lobby.level")} aria-valuemin={0} aria-valuemax={BARS} aria-valuenow={lit} title={t("lobby.levelHint")}>
      {Array.from({ length: BARS }, (_, index) => (
        <span key={index} data-lit={index < lit || undefined} />
      ))}
    </div>
  );
}
