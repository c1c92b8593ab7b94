import { useCall } from "./context";
import { CallScreen } from "./CallScreen";
import { EndedScreen } from "./EndedScreen";
import { LobbyScreen } from "./lobby/LobbyScreen";
import { ViewProvider } from "./view";

const TYPED_REASONS = ["name_empty", "name_too_long", "name_forbidden", "passcode_required", "passcode_wrong"] as const;
type TypedReason = (typeof TYPED_REASONS)[number];

function isTypedReason(reason: string): reason is TypedReason {
  return TYPED_REASONS.some((known) => known === reason);
}

/** The one page of a meeting: which screen stands for which phase. */
export function MeetingPage() {
  const phase = useCall((state) => state.phase);
  if (phase.at === "lobby") return <LobbyScreen />;
  if (phase.at === "joining") return <LobbyScreen step={phase.step} />;
  if (phase.at === "waiting") return <LobbyScreen waiting />;
  if (phase.at === "over") {
    // A name is mended where it was typed, and so is a passcode.
    return isTypedReason(phase.reason) ? <LobbyScreen key="refused" refused={phase.reason} /> : <EndedScreen reason={phase.reason} again={phase.again} by={phase.by ?? null} againAt={phase.againAt ?? null} />;
  }
  return (
    <ViewProvider>
      <CallScreen />
    </ViewProvider>
  );
}
