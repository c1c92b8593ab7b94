import { isTypedReason } from "../call/contract";
import { useCall } from "./context";
import { CallScreen } from "./CallScreen";
import { EndedScreen } from "./EndedScreen";
import { LobbyScreen } from "./lobby/LobbyScreen";
import { ViewProvider } from "./view";

/** The one page of a meeting: which screen stands for which phase. */
export function MeetingPage() {
  const phase = useCall((state) => state.phase);
  if (phase.at === "lobby") return <LobbyScreen />;
  if (phase.at === "joining") return <LobbyScreen step={phase.step} />;
  if (phase.at === "waiting" || phase.at === "in_line") return <LobbyScreen waiting />;
  if (phase.at === "over") {
    // A name is mended where it was typed, and so is a passcode.
    return isTypedReason(phase.reason) ? <LobbyScreen key="refused" refused={phase.reason} /> : <EndedScreen reason={phase.reason} again={phase.again} by={phase.by ?? null} organisation={phase.organisation ?? null} againAt={phase.againAt ?? null} notice={phase.notice ?? null} />;
  }
  return (
    <ViewProvider>
      <CallScreen />
    </ViewProvider>
  );
}
