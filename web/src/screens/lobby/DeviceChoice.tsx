import { Mic, Video, Volume2 } from "lucide-react";
import { useTranslation } from "react-i18next";

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
        empty={t("lobby.none.microphone")}
        onChoose={(id) => void call.choose("microphone", id)}
      />
      <Picker
        label={t("lobby.camera")}
        icon={Video}
        options={devices.cameras}
        chosen={devices.camera}
        empty={t("lobby.none.camera")}
        onChoose={(id) => void call.choose("camera", id)}
      />
      {devices.speakers.length > 0 ? (
        <Picker
          label={t("lobby.speaker")}
          icon={Volume2}
          options={devices.speakers}
          chosen={devices.speaker}
          empty={t("lobby.none.speaker")}
          onChoose={(id) => void call.choose("speaker", id)}
        />
      ) : null}
    </div>
  );
}
