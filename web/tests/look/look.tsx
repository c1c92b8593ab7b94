import "../../src/screens/screens.css";

import { createRoot } from "react-dom/client";

import { startLanguage } from "../../src/i18n";
import { CallProvider } from "../../src/screens/context";
import { MeetingPage } from "../../src/screens/MeetingPage";
import { Localized } from "../../src/ui/Localized";
import { standInForPressStyle } from "../../src/ui/pressStyle";
import { fakeCall } from "./fake";
import { scenes } from "./scenes";

/** One screen with made-up people, to be looked at: ?scene=…&lang=fr&theme=dark. */
const asked = new URLSearchParams(location.search);
document.documentElement.lang = asked.get("lang") ?? "en";
const theme = asked.get("theme");
if (theme) document.documentElement.dataset["theme"] = theme;
standInForPressStyle();
await startLanguage();
const scene = scenes[asked.get("scene") ?? "gallery"];
const root = document.getElementById("root");
if (!scene || !root) throw new Error(`no such scene; there are: ${Object.keys(scenes).join(", ")}`);
createRoot(root).render(
  <Localized>
    <CallProvider call={fakeCall(scene)}>
      <MeetingPage />
    </CallProvider>
  </Localized>,
);
