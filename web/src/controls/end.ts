import { OctagonX } from "lucide-react";

import type { Control } from "./control";

export const end: Control = {
  id: "end",
  place: "sheet",
  phone: "sheet",
  shortcut: "shift+e",
  docs: "Ending for everyone",
  icon: () => OctagonX,
  available: (scene) => scene.hosting,
  pressed: () => null,
  act: (scene) => {
    scene.view.openAsk({ kind: "end" });
  },
};
