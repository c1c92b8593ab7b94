import { useState } from "react";
import { Button, TooltipTrigger } from "react-aria-components";
import { useTranslation } from "react-i18next";

import type { Control, Scene } from "../../controls/control";
import { Glyph } from "../../ui/Glyph";
import { Tip } from "../../ui/Tip";
import { useShortcutWord } from "../useShortcutWord";

/** A control in the bar: its icon, its word where there is room, and what pressing it does. */
export function ControlButton({ control, scene }: { readonly control: Control; readonly scene: Scene }) {
  const { t } = useTranslation();
  const shortcut = useShortcutWord(control.shortcut);
  const pressed = control.pressed(scene);
  const badge = control.badge?.(scene) ?? 0;
  const barred = control.barred?.(scene) ?? null;
  const [told, tell] = useState(false);
  const what = t(`controls.${control.id}.${pressed === true ? "off" : "on"}`);
  const label = barred === null ? what : `${what}. ${t(`rights.why.${barred}`)}`;
  return (
    <TooltipTrigger delay={400} isOpen={told} onOpenChange={tell}>
      <Button
        className="control"
        data-control={control.id}
        data-on={pressed ?? undefined}
        data-troubled={control.troubled?.(scene) || undefined}
        isDisabled={control.held?.(scene) === true}
        aria-label={badge > 0 ? `${label} (${String(badge)})` : label}
        data-barred={barred ?? undefined}
        onPress={() => {
          // It says why instead; where nothing hovers, a press is the only way to ask.
          if (barred === null) control.act(scene);
          else tell(true);
        }}
      >
        <span className="control-icon">
          <Glyph of={control.icon(scene)} size={22} />
          {badge > 0 ? (
            <span className="badge" aria-hidden>
              {badge > 99 ? "99+" : badge}
            </span>
          ) : null}
          {control.troubled?.(scene) ? (
            <span className="badge" data-tone="heed" aria-hidden>
              !
            </span>
          ) : null}
        </span>
        <span className="control-word" aria-hidden>
          {t(`controls.${control.id}.short`)}
        </span>
      </Button>
      <Tip shortcut={shortcut}>{label}</Tip>
    </TooltipTrigger>
  );
}
