import { useCall } from "./context";
import { CallScreen } from "./CallScreen";
import { EndedScreen } from "./EndedScreen";
import { LobbyScreen } from "./lobby/LobbyScreen";
import { ViewProvider } from "./view";

const NAME_REASONS = ["name_empty", "name_too_long", "name_forbidden"] as const;
type NameReason = (typeof NAME_REASONS)[number];

function isNameReason(reason: string): reason is NameReason {
  return NAME_REASONS.some((known) => known === reason);
}

/** The one page of a meeting: which screen stands for which phase. */
export function MeetingPage() {
  const phase = useCall((state) => state.phase);
  if (phase.at === "lobby") return <LobbyScreen />;
  if (phase.at === "joining") return <LobbyScreen step={phase.step} />;
  if (phase.at === "over") {
    // A name is mended where it was typed.
    return isNameReason(phase.reason) ? <LobbyScreen key="refused" refused={phase.reason} /> : <EndedScreen reason={phase.reason} again={phase.again} by={phase.by ?? null} />;
  }
  return (
    <ViewProvider>
      <CallScreen />
    </ViewProvider>
  );
}
