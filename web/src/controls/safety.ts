import { Shield } from "lucide-react";

import type { Control } from "./control";

export const safety: Control = {
  id: "safety",
  place: "right",
  phone: "sheet",
  shortcut: "y",
  docs: "Safety",
  icon: () => Shield,
  available: () => true,
  pressed: (scene) => scene.view.panel === "safety",
  act: (scene) => {
    scene.view.togglePanel("safety");
  },
};
