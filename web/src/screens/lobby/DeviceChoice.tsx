import { Mic, Video, Volume2 } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { DeviceState } from "../../call/contract";
import { Picker } from "../../ui/Picker";
import { useActions, useCall } from "../context";

/** Which microphone, camera and loudspeaker; used by the lobby and by the panel "more". */
export function DeviceChoice() {
  const { t } = useTranslation();
  const call = useActions();
  const devices = useCall((state) => state.devices);
  return (
    <div className="devices" role="group" aria-label={t("lobby.devices")}>
      <Picker
        label={t("lobby.microphone")}
        icon={Mic}
        options={devices.microphones}
        chosen={devices.microphone}
        empty={t(`lobby.nothing.microphone.${why(devices.microphoneState)}`)}
        help={devices.microphoneState === "refused" ? t("lobby.allow.microphone") : undefined}
        onChoose={(id) => void call.choose("microphone", id)}
      />
      <Picker
        label={t("lobby.camera")}
        icon={Video}
        options={devices.cameras}
        chosen={devices.camera}
        empty={t(`lobby.nothing.camera.${why(devices.cameraState)}`)}
        help={devices.cameraState === "refused" ? t("lobby.allow.camera") : undefined}
        onChoose={(id) => void call.choose("camera", id)}
      />
      {devices.speakers.length > 0 ? (
        <Picker
          label={t("lobby.speaker")}
          icon={Volume2}
          options={devices.speakers}
          chosen={devices.speaker}
          empty={t("lobby.speakerUsual")}
          onChoose={(id) => void call.choose("speaker", id)}
        />
      ) : null}
    </div>
  );
}

/** Why there is nothing to choose: a browser names no device before it is allowed, so an empty list alone says nothing. */
function why(state: DeviceState): "refused" | "missing" | "unknown" {
  return state === "refused" || state === "missing" ? state : "unknown";
}
