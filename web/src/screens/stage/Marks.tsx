import { Hand, type LucideIcon, MicOff, WifiHigh, WifiOff } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { Person } from "../../call/contract";

/** Hand, a bad line and muted, top right. */
export function Marks({ person }: { readonly person: Person }) {
  const { t } = useTranslation();
  const inside = person.lock === "locked" || person.lock === "quiet";
  return (
    <ul className="tile-marks">
      {person.handUp ? <Mark name="hand" icon={Hand} label={t("call.tile.hand")} /> : null}
      {person.connection === "poor" ? <Mark name="poor" icon={WifiHigh} label={t("call.tile.poor")} /> : null}
      {person.connection === "lost" ? <Mark name="lost" icon={WifiOff} label={t("call.tile.lost")} /> : null}
      {inside && !person.microphone && person.connection !== "lost" ? <Mark name="muted" icon={MicOff} label={t("call.tile.muted")} /> : null}
    </ul>
  );
}

function Mark({ name, icon: Icon, label }: { readonly name: string; readonly icon: LucideIcon; readonly label: string }) {
  return (
    <li data-mark={name} title={label}>
      <Icon size={16} aria-hidden />
      <span className="unseen">{label}</span>
    </li>
  );
}
