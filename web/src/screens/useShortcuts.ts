import { useEffect, useRef } from "react";

import { CONTROLS } from "../controls";
import { controlFor, isTyping, SHEET_KEY } from "../controls/keyboard";
import { useScene } from "./useScene";
import { useView } from "./view";

/** One key for each control, while nothing is being written and no question is open. */
export function useShortcuts(): void {
  const scene = useScene();
  const view = useView();
  const now = useRef({ scene, view });
  useEffect(() => {
    now.current = { scene, view };
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const current = now.current;
      if (event.defaultPrevented || event.repeat || current.view.ask !== null) return;
      if (event.key === "Escape") {
        current.view.closePanel();
        return;
      }
      if (isTyping(event.target)) return;
      if (event.key === SHEET_KEY) {
        current.view.openAsk({ kind: "shortcuts" });
        return;
      }
      const control = controlFor(event, CONTROLS, current.scene);
      if (!control) return;
      event.preventDefault();
      control.act(current.scene);
    };
    window.addEventListener("keydown", onKey);
    return () => {
      window.removeEventListener("keydown", onKey);
    };
  }, []);
}
