import { Mic, MicOff, Video, VideoOff } from "lucide-react";
import { useTranslation } from "react-i18next";

import { Button } from "../../ui/Button";
import { IconButton } from "../../ui/IconButton";
import { Note } from "../../ui/Note";
import { isTroubled } from "../../controls/control";
import { useActions, useCall } from "../context";
import { Video as Picture } from "../stage/Video";
import { Gauge } from "./Gauge";

/** Your own picture and how loud you are, with the two switches on it. */
export function Preview() {
  const { t } = useTranslation();
  const call = useActions();
  const microphone = useCall((state) => state.devices.microphoneState);
  const camera = useCall((state) => state.devices.cameraState);
  const self = useCall((state) => state.people.find((person) => person.self)?.participant ?? "");
  return (
    <>
      <div className="preview" data-ground="stage" data-kind="camera" data-preview={camera}>
        {camera === "on" ? <Picture participant={self} kind="camera" mirrored label={t("lobby.picture")} /> : (
          <p className="preview-word">{t(`lobby.cameraState.${camera === "asking" ? "asking" : "off"}`)}</p>
        )}
        <div className="preview-switches">
          <span data-off={microphone !== "on" || undefined}>
            <IconButton
              icon={microphone === "on" ? Mic : MicOff}
              label={microphone === "on" ? t("lobby.turn.microphoneOff") : t("lobby.turn.microphoneOn")}
              data-control="microphone"
              onPress={() => void call.setMicrophone(microphone !== "on")}
            />
          </span>
          <span data-off={camera !== "on" || undefined}>
            <IconButton
              icon={camera === "on" ? Video : VideoOff}
              label={camera === "on" ? t("lobby.turn.cameraOff") : t("lobby.turn.cameraOn")}
              data-control="camera"
              onPress={() => void call.setCamera(camera !== "on")}
            />
          </span>
        </div>
        {microphone === "on" ? <Gauge /> : null}
      </div>
      {isTroubled(microphone) || isTroubled(camera) ? (
        <Note
          tone="heed"
          actions={
            <Button
              onPress={() => {
                // Only what failed: what was turned off stays off.
                if (isTroubled(microphone) && isTroubled(camera)) void call.preview();
                else if (isTroubled(camera)) void call.setCamera(true);
                else void call.setMicrophone(true);
              }}
            >
              {t("common.tryAgain")}
            </Button>
          }
        >
          {camera === "refused" && microphone === "refused" ? (
            <p>{t("lobby.bothRefused")}</p>
          ) : (
            <>
              {isTroubled(camera) ? <p>{t(`lobby.cameraState.${camera}`)}</p> : null}
              {isTroubled(microphone) ? <p>{t(`lobby.microphoneState.${microphone}`)}</p> : null}
            </>
          )}
        </Note>
      ) : null}
    </>
  );
}
