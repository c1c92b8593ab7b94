import { KeyRound } from "lucide-react";

import type { Control } from "./control";

export const security: Control = {
  id: "security",
  place: "right",
  phone: "sheet",
  shortcut: "l",
  docs: "Security",
  icon: () => KeyRound,
  available: () => true,
  pressed: (scene) => scene.view.panel === "security",
  act: (scene) => {
    scene.view.togglePanel("security");
  },
};
