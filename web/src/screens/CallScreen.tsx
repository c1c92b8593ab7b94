import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { Announcer } from "./Announcer";
import { Banner } from "./messages/Banner";
import { Bar } from "./bar/Bar";
import { Asks } from "./messages/Asks";
import { Panel } from "./panels/Panel";
import { Stage } from "./stage/Stage";
import { Toasts } from "./messages/Toasts";
import { TopStrip } from "./bar/TopStrip";
import { useCall } from "./context";
import { useShortcuts } from "./useShortcuts";
import { useView } from "./view";
import { useWakeLock } from "./useWakeLock";

/** The call: the stage edge to edge, one bar, one panel at a time. */
export function CallScreen() {
  const { t } = useTranslation();
  const { panel } = useView();
  const at = useCall((state) => state.phase.at);
  const title = useCall((state) => state.title);
  const unread = useCall((state) => state.unread);
  useShortcuts();
  useWakeLock();
  useEffect(() => {
    const name = title === "" ? t("call.untitled") : title;
    document.title = unread > 0 ? `(${String(unread)}) ${name}` : name;
  }, [title, unread, t]);
  return (
    <div className="call" data-phase={at} data-panel={panel ?? undefined}>
      {/* The bar comes first for the keyboard: fifty tiles must not stand between a person and the microphone. */}
      <TopStrip />
      <Bar />
      <Panel />
      <Banner />
      <Stage />
      <Toasts />
      <Asks />
      <Announcer />
    </div>
  );
}
