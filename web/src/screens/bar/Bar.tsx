import { useTranslation } from "react-i18next";

import { CONTROLS } from "../../controls";
import type { Control } from "../../controls/control";
import { useScene } from "../useScene";
import { ControlButton } from "./ControlButton";
import { About } from "./About";

const PLACES = ["middle", "right", "apart"] as const;

/** The one bar: the meeting, what one does, what one opens, and the way out apart. */
export function Bar() {
  const { t } = useTranslation();
  const scene = useScene();
  const shown = CONTROLS.filter((control) => control.available(scene));
  const at = (place: Control["place"]): readonly Control[] => shown.filter((control) => control.place === place);
  return (
    <footer className="bar" data-ground="stage" aria-label={t("call.bar")}>
      <About />
      {PLACES.map((place) => (
        <div key={place} className="bar-group" data-place={place}>
          {at(place).map((control) => (
            <div key={control.id} className="bar-slot" data-phone={control.phone}>
              <ControlButton control={control} scene={scene} />
            </div>
          ))}
        </div>
      ))}
    </footer>
  );
}
