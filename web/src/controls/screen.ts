import { MonitorUp, MonitorX } from "lucide-react";

import { bars, type Control } from "./control";

export const screen: Control = {
  id: "screen",
  place: "middle",
  phone: "sheet",
  shortcut: "s",
  docs: "Your screen",
  icon: (scene) => (scene.self?.screen ? MonitorX : MonitorUp),
  available: (scene) => scene.canShowScreen,
  barred: (scene) => (scene.self?.screen ? null : (bars(scene, "share") ?? (scene.screenTaken ? "screenTaken" : null))),
  pressed: (scene) => scene.self?.screen ?? false,
  held: (scene) => scene.held,
  act: (scene) => void scene.call.setScreen(!(scene.self?.screen ?? false)),
};
