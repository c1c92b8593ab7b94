import { createRoot } from "react-dom/client";

import { startWorkers } from "../e2ee/workers";
import { startLanguage } from "../i18n";
import { Localized } from "../ui/Localized";
import { standInForPressStyle } from "../ui/pressStyle";
import { LinkCheck } from "./LinkCheck";

const root = document.getElementById("check");
if (root) {
  standInForPressStyle();
  await startLanguage();
  createRoot(root).render(
    <Localized>
      <LinkCheck keys={startWorkers().keys} />
    </Localized>,
  );
}
