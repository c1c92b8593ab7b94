import { useTranslation } from "react-i18next";

import { isTroubled } from "../../controls/control";
import { Button } from "../../ui/Button";
import { Note } from "../../ui/Note";
import { useActions, useCall } from "../context";

/** Why this person is not seen or heard, and one press to try again; used by the lobby and by the panel "more". */
export function DeviceTrouble({ lobby }: { readonly lobby: boolean }) {
  const { t } = useTranslation();
  const call = useActions();
  const microphone = useCall((state) => state.devices.microphoneState);
  const camera = useCall((state) => state.devices.cameraState);
  if (!isTroubled(microphone) && !isTroubled(camera)) return null;
  const tryAgain = (): void => {
    // Only what failed: what was turned off stays off.
    if (isTroubled(microphone) && isTroubled(camera)) void call.preview();
    else if (isTroubled(camera)) void call.setCamera(true);
    else void call.setMicrophone(true);
  };
  return (
    <Note tone="heed" actions={<Button onPress={tryAgain}>{t("common.tryAgain")}</Button>}>
      {camera === "refused" && microphone === "refused" ? (
        <p>{t("lobby.bothRefused")}</p>
      ) : (
        <>
          {isTroubled(camera) ? <p>{t(`lobby.cameraState.${camera}`)}</p> : null}
          {isTroubled(microphone) ? <p>{t(`lobby.microphoneState.${microphone}`)}</p> : null}
        </>
      )}
      {lobby ? <p>{t("lobby.joinAnyway")}</p> : null}
    </Note>
  );
}
