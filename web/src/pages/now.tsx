import { ApiError } from "../api/http";
import { takeFragment } from "../e2ee/link";
import { startWorkers } from "../e2ee/workers";
import i18next from "i18next";

import { startLanguage } from "../i18n";
import { createMeeting } from "./createMeeting";
import { failure } from "./failure";
import { guestLink } from "./links";

/** Read and erased first of all: the token works once and belongs in no history. */
const token = takeFragment(location, history).replace(/^#/, "");

/** Makes a meeting with the one-time token and goes there; or says why not. */
async function meetNow(say: (text: string, over: boolean) => void): Promise<void> {
  if (token === "") {
    say(i18next.t("now.noToken"), true);
    return;
  }
  say(i18next.t("now.making"), false);
  try {
    const { meeting, kept } = await createMeeting(startWorkers().keys, "", token);
    location.replace(guestLink(meeting, kept));
  } catch (error) {
    const used = error instanceof ApiError && error.code === "now_used";
    say(used ? i18next.t("now.refused") : `${i18next.t("now.failed")} ${failure(error, i18next.t)}`, true);
  }
}

await startLanguage();
const place = document.getElementById("now");
if (place) {
  await meetNow((text, over) => {
    const line = document.createElement("p");
    line.setAttribute("role", over ? "alert" : "status");
    line.className = over ? "now-over" : "now-going";
    line.textContent = text;
    place.replaceChildren(line);
  });
}
