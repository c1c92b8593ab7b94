import { Smile } from "lucide-react";

import { bars, type Control } from "./control";

export const reaction: Control = {
  id: "reaction",
  place: "middle",
  phone: "sheet",
  shortcut: "r",
  docs: "Reactions",
  icon: () => Smile,
  available: () => true,
  barred: (scene) => bars(scene, "reactions"),
  pressed: () => null,
  held: (scene) => scene.held,
  act: (scene) => {
    scene.view.openAsk({ kind: "react" });
  },
};
