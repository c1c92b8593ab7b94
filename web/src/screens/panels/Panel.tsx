import { X } from "lucide-react";
import { type ComponentType, useEffect, useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import type { PanelId } from "../../controls/control";
import { IconButton } from "../../ui/IconButton";
import { useView } from "../view";
import { ChatPanel } from "./ChatPanel";
import { MorePanel } from "./MorePanel";
import { PeoplePanel } from "./PeoplePanel";
import { SafetyPanel } from "./SafetyPanel";
import { SecurityPanel } from "./SecurityPanel";

const BODIES: Record<PanelId, ComponentType> = { people: PeoplePanel, chat: ChatPanel, safety: SafetyPanel, security: SecurityPanel, more: MorePanel };

/** The open panel: pushes the stage on a wide screen; a sheet on a phone, which is a dialog. One element for both, so that turning the phone loses no words. */
export function Panel({ sheet }: { readonly sheet: boolean }) {
  const { t } = useTranslation();
  const { panel, closePanel } = useView();
  const heading = useRef<HTMLHeadingElement>(null);
  // Before any effect, as the chat's field takes the focus in one: who has it now opened the panel.
  useLayoutEffect(() => {
    if (panel === null) return;
    const opener = document.activeElement;
    return () => {
      if (document.activeElement === document.body) giveBack(opener, panel);
    };
  }, [panel]);
  useEffect(() => {
    if (panel !== null && panel !== "chat") heading.current?.focus();
  }, [panel]);
  if (panel === null) return null;
  const Body = BODIES[panel];
  return (
    <>
      <div className="panel-veil" aria-hidden onClick={closePanel} />
      <div className="panel" data-panel={panel} role={sheet ? "dialog" : "complementary"} aria-labelledby="panel-title" tabIndex={-1}>
        <div className="panel-head">
          <h2 id="panel-title" ref={heading} tabIndex={-1}>
            {t(`call.panels.${panel}`)}
          </h2>
          <IconButton icon={X} label={t("common.close")} onPress={closePanel} />
        </div>
        <Body />
      </div>
    </>
  );
}

/** Returns the focus to what opened the panel; where that is gone, or was a key, to the panel's own control in the bar. */
function giveBack(opener: Element | null, panel: PanelId): void {
  const candidates = [opener === document.body ? null : opener, ...[panel, "more"].map((id) => document.querySelector(`.bar [data-control="${id}"]`))];
  for (const candidate of candidates) {
    if (!(candidate instanceof HTMLElement) || !candidate.isConnected || !candidate.checkVisibility()) continue;
    candidate.focus();
    return;
  }
}
