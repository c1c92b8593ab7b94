import { useEffect } from "react";
import { FocusScope } from "react-aria/FocusScope";
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
import { useNarrow } from "./useNarrow";
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
  const sheet = useNarrow() && panel !== null;
  useShortcuts();
  useWakeLock();
  useEffect(() => {
    const name = title === "" ? t("call.untitled") : title;
    document.title = unread > 0 ? `(${String(unread)}) ${name}` : name;
  }, [title, unread, t]);
  return (
    <div className="call" data-phase={at} data-panel={panel ?? undefined}>
      {/* A sheet holds the focus, and what it covers is out of reach; the bar stays, so that nobody has to close the chat to be silent. */}
      <FocusScope contain={sheet}>
        {/* The bar comes first for the keyboard: fifty tiles must not stand between a person and the microphone. */}
        <TopStrip covered={sheet} />
        <Bar />
        <Panel sheet={sheet} />
        <Banner />
        <Stage covered={sheet} />
        <Toasts />
        <Asks />
        <Announcer />
      </FocusScope>
    </div>
  );
}
