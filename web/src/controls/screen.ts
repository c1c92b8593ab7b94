import { MonitorUp, MonitorX } from "lucide-react";

import type { Control } from "./control";

export const screen: Control = {
  id: "screen",
  place: "middle",
  phone: "sheet",
  shortcut: "s",
  docs: "Your screen",
  icon: (scene) => (scene.self?.screen ? MonitorX : MonitorUp),
  available: (scene) => scene.canShowScreen,
  pressed: (scene) => scene.self?.screen ?? false,
  held: (scene) => scene.held,
  act: (scene) => void scene.call.setScreen(!(scene.self?.screen ?? false)),
};
