import { Users } from "lucide-react";

import type { Control } from "./control";

export const people: Control = {
  id: "people",
  place: "right",
  phone: "sheet",
  shortcut: "p",
  docs: "People",
  icon: () => Users,
  available: () => true,
  badge: (scene) => scene.waiting,
  pressed: (scene) => scene.view.panel === "people",
  act: (scene) => {
    scene.view.togglePanel("people");
  },
};
