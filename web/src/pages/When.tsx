import { useTranslation } from "react-i18next";

import type { Planned } from "../api/meetings";
import { timeIn } from "./timeIn";

/** When it is next: in the reader's zone, and in its own where that shows another time. */
export function When({ planned: { next, zone, repeats, minutes } }: { readonly planned: Planned }) {
  const { t, i18n } = useTranslation();
  if (next === null) return <p>{t("meetings.timesOver")}</p>;
  const { text, own } = timeIn(next, zone, i18n.language);
  return (
    <p>
      <time dateTime={new Date(next).toISOString()}>{text}</time> · {t("meetings.minutes", { minutes })}
      {repeats ? ` · ${t("meetings.repeats")}` : null}
      {own === null ? null : <span className="quiet"> · {t("meetings.forYou", { time: own })}</span>}
    </p>
  );
}
