import { createRoot } from "react-dom/client";

import { startLanguage } from "../i18n";
import { Localized } from "../ui/Localized";
import { standInForPressStyle } from "../ui/pressStyle";
import { Trial } from "./Trial";

const root = document.getElementById("selftest");
if (root) {
  const { udp = "", tcp = "", node = "" } = root.dataset;
  standInForPressStyle();
  await startLanguage();
  createRoot(root).render(
    <Localized>
      <Trial udp={udp} tcp={tcp} node={node} />
    </Localized>,
  );
}
