import { Hourglass, Lock, type LucideIcon, ShieldAlert, ShieldCheck } from "lucide-react";
import { Button, TooltipTrigger } from "react-aria-components";
import { useTranslation } from "react-i18next";

import { Tip } from "../../ui/Tip";
import { useCall } from "../context";
import { useStanding } from "../panels/standing";
import { useView } from "../view";

const ICONS: Record<"none" | "locked" | "verified" | "strangers", LucideIcon> = {
  none: Hourglass,
  locked: Lock,
  verified: ShieldCheck,
  strangers: ShieldAlert,
};

/** How the whole call is locked, in one shape; leads to the security panel. */
export function LockSummary() {
  const { t } = useTranslation();
  const { togglePanel } = useView();
  const standing = useStanding();
  const verified = useCall((state) => state.security.verified !== null && state.security.verified.since.length === 0);
  const shape = standing.strangers !== null ? "strangers" : standing.holders === 0 ? "none" : verified ? "verified" : "locked";
  const Icon = ICONS[shape];
  const label = shape === "strangers" && standing.strangers !== null ? standing.strangers : standing.sentence;
  return (
    <TooltipTrigger delay={400}>
      <Button
        className="lock-summary"
        data-shape={shape}
        aria-label={`${t("call.panels.security")}: ${label}`}
        onPress={() => {
          togglePanel("security");
        }}
      >
        <Icon size={20} aria-hidden />
      </Button>
      <Tip>{label}</Tip>
    </TooltipTrigger>
  );
}
