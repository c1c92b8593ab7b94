import { Hand } from "lucide-react";

import type { Control } from "./control";

export const hand: Control = {
  id: "hand",
  place: "middle",
  phone: "sheet",
  shortcut: "h",
  docs: "Raised hand",
  icon: () => Hand,
  available: () => true,
  pressed: (scene) => scene.self?.handUp ?? false,
  held: (scene) => scene.held,
  act: (scene) => void scene.call.setHand(!(scene.self?.handUp ?? false)),
};
