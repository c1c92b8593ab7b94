import { Ellipsis } from "lucide-react";

import type { Control } from "./control";

export const more: Control = {
  id: "more",
  place: "right",
  phone: "bar",
  shortcut: "o",
  docs: "Devices, language, colours",
  icon: () => Ellipsis,
  available: () => true,
  pressed: (scene) => scene.view.panel === "more",
  act: (scene) => {
    scene.view.togglePanel("more");
  },
};
