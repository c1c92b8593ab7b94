import { createRoot } from "react-dom/client";

import { recallAll } from "../e2ee/keyring";
import { startWorkers } from "../e2ee/workers";
import { startLanguage } from "../i18n";
import { Localized } from "../ui/Localized";
import { standInForPressStyle } from "../ui/pressStyle";
import { listed } from "./listed";
import { MyMeetings } from "./MyMeetings";

const root = document.getElementById("meetings");
if (root) {
  const meetings = listed(root);
  const nothing = root.dataset["nothing"] ?? null;
  standInForPressStyle();
  await startLanguage();
  const ring = await recallAll().catch(() => new Map());
  createRoot(root).render(
    <Localized>
      <MyMeetings account={root.dataset["account"] ?? ""} meetings={meetings} head={document.getElementById("meetings-begin")} nothing={nothing} ring={ring} keys={startWorkers().keys} />
    </Localized>,
  );
}
