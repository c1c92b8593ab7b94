import "./screens.css";

import { createRoot } from "react-dom/client";

import { createCall } from "../call/call";
import { startLanguage } from "../i18n";
import { Localized } from "../ui/Localized";
import { standInForPressStyle } from "../ui/pressStyle";
import { CallProvider } from "./context";
import { MeetingPage } from "./MeetingPage";

// First of all: the link is read and erased from the address bar before anything else happens (LINK-1).
const call = createCall();
standInForPressStyle();
await startLanguage();
const root = document.getElementById("call");
if (root) {
  createRoot(root).render(
    <Localized>
      <CallProvider call={call}>
        <MeetingPage />
      </CallProvider>
    </Localized>,
  );
}
