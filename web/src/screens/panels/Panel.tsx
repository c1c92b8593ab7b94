import { X } from "lucide-react";
import { type ComponentType, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import type { PanelId } from "../../controls/control";
import { IconButton } from "../../ui/IconButton";
import { useView } from "../view";
import { ChatPanel } from "./ChatPanel";
import { MorePanel } from "./MorePanel";
import { PeoplePanel } from "./PeoplePanel";
import { SecurityPanel } from "./SecurityPanel";

const BODIES: Record<PanelId, ComponentType> = { people: PeoplePanel, chat: ChatPanel, security: SecurityPanel, more: MorePanel };

/** The open panel: pushes the stage on a wide screen, a sheet on a phone. */
export function Panel() {
  const { t } = useTranslation();
  const { panel, closePanel } = useView();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (panel === null) return;
    const before = document.activeElement;
    // The chat's field takes the focus itself.
    if (panel !== "chat") heading.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [panel]);
  if (panel === null) return null;
  const Body = BODIES[panel];
  return (
    <>
      <div className="panel-veil" aria-hidden onClick={closePanel} />
      <aside className="panel" data-panel={panel} aria-labelledby="panel-title">
        <header className="panel-head">
          <h2 id="panel-title" ref={heading} tabIndex={-1}>
            {t(`call.panels.${panel}`)}
          </h2>
          <IconButton icon={X} label={t("common.close")} onPress={closePanel} />
        </header>
        <Body />
      </aside>
    </>
  );
}
