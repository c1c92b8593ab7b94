import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { useTranslation } from "react-i18next";

import { ApiError } from "../api/http";
import type { Preset } from "../api/meetings";
import { takeFragment } from "../e2ee/link";
import { startWorkers } from "../e2ee/workers";
import { startLanguage } from "../i18n";
import { Button } from "../ui/Button";
import { standInForPressStyle } from "../ui/pressStyle";
import { createMeeting } from "./createMeeting";
import { failure } from "./failure";
import { guestLink } from "./links";
import { PresetChoice } from "./PresetChoice";

/** Read and erased first of all: the token works once and belongs in no history. */
const token = takeFragment(location, history).replace(/^#/, "");

/** Asks who comes in, makes a meeting with the one-time token and goes there; or says why not. */
function MeetNow() {
  const { t } = useTranslation();
  const [preset, setPreset] = useState<Preset>("guarded");
  const [making, setMaking] = useState(false);
  const [over, setOver] = useState(token === "" ? t("now.noToken") : "");
  const make = async (): Promise<void> => {
    setMaking(true);
    try {
      const { meeting, kept } = await createMeeting(startWorkers().keys, { preset, now: token });
      location.replace(guestLink(meeting, kept));
    } catch (error) {
      const used = error instanceof ApiError && error.code === "now_used";
      setOver(used ? t("now.refused") : `${t("now.failed")} ${failure(error, t)}`);
    }
  };
  if (over !== "") {
    return (
      <p role="alert" className="now-over">
        {over}
      </p>
    );
  }
  return (
    <div className="stack">
      <PresetChoice chosen={preset} onChoose={setPreset} />
      <div className="actions">
        <Button tone="keep" big isPending={making} data-action="start" onPress={() => void make()}>
          {making ? t("now.making") : t("now.start")}
        </Button>
      </div>
    </div>
  );
}

await startLanguage();
const place = document.getElementById("now");
if (place) {
  standInForPressStyle();
  createRoot(place).render(
    <StrictMode>
      <MeetNow />
    </StrictMode>,
  );
}
