import { Mic, MicOff, Video, VideoOff } from "lucide-react";
import { useTranslation } from "react-i18next";

import { IconButton } from "../../ui/IconButton";
import { useActions, useCall } from "../context";
import { Video as Picture } from "../stage/Video";
import { DeviceTrouble } from "./DeviceTrouble";
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
      <DeviceTrouble lobby />
    </>
  );
}
