import { CirclePause, CirclePlay, LoaderCircle, ShieldAlert, Volume2, VolumeX } from "lucide-react";
import { useTranslation } from "react-i18next";

import { Button } from "../../ui/Button";
import { useActions, useCall } from "../context";

/** Above the stage while something is interrupted: what is, and what happens next. */
export function Banner() {
  const { t } = useTranslation();
  const phase = useCall((state) => state.phase);
  const call = useActions();
  const hosting = useCall((state) => state.hosting);
  const { suspended, suspendedBy } = useCall((state) => state.rules);
  const soundBlocked = useCall((state) => state.soundBlocked);
  return (
    <div className="banner-place" role="status">
      {phase.at === "reconnecting" ? (
        <p className="banner" data-tone="heed" data-banner="reconnecting">
          <LoaderCircle size={20} aria-hidden className="turning" />
          {t(`call.reconnecting.${phase.lost}`)}
        </p>
      ) : null}
      {phase.at === "silenced" ? (
        <p className="banner" data-tone="stop" data-banner="silenced">
          <ShieldAlert size={20} aria-hidden />
          <span>
            {t(`call.silenced.${phase.reason}`)} {t("call.silenced.next")}
          </span>
        </p>
      ) : null}
      {suspended ? (
        <p className="banner" data-tone="heed" data-banner="suspended">
          <CirclePause size={20} aria-hidden />
          <span>
            {t("safety.suspend.on", { name: suspendedBy === "" ? t("safety.someHost") : suspendedBy })} {t(hosting ? "safety.suspend.bannerHost" : "safety.suspend.banner")}
          </span>
          {hosting ? (
            <Button
              icon={CirclePlay}
              onPress={() => {
                call.setSuspended(false);
              }}
            >
              {t("safety.suspend.resume")}
            </Button>
          ) : null}
        </p>
      ) : null}
      {soundBlocked ? (
        <p className="banner" data-tone="plain" data-banner="sound">
          <VolumeX size={20} aria-hidden />
          {t("call.soundBlocked")}
          {/* Any press lets the sound through; the button is there so that one is found. */}
          <Button icon={Volume2}>{t("call.turnSoundOn")}</Button>
        </p>
      ) : null}
    </div>
  );
}
