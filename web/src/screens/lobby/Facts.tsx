import { Activity, ClipboardList, Eye, Lock, MapPin, TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";

import { useCall } from "../context";
import { ProtectionLink } from "../ProtectionLink";
import { useRegionSentence } from "../useRegion";

/** Where the media goes, what is protected, and what is not. */
export function Facts() {
  const { t } = useTranslation();
  const region = useRegionSentence(useCall((state) => state.region), useCall((state) => state.otherRegions));
  const outside = useCall((state) => state.outside);
  return (
    <section className="facts" aria-label={t("lobby.facts")}>
      <p>
        <Lock size={20} aria-hidden className="keep" />
        {t("lobby.protected")}
      </p>
      <p>
        <MapPin size={20} aria-hidden />
        {region}
      </p>
      {outside.map((organisation) => (
        <p key={organisation} data-outside>
          <TriangleAlert size={20} aria-hidden className="heed" />
          {t("lobby.outside", { organisation })}
        </p>
      ))}
      <p>
        <Eye size={20} aria-hidden />
        <span>
          {t("lobby.open")} <ProtectionLink />
        </span>
      </p>
      <p>
        <ClipboardList size={20} aria-hidden />
        {t("lobby.attendance")}
      </p>
      <p>
        <Activity size={20} aria-hidden />
        {/* In a tab of its own, so that the lobby stays. */}
        <a href="/selftest" target="_blank" rel="noreferrer">
          {t("lobby.selftest")}
        </a>
      </p>
    </section>
  );
}
