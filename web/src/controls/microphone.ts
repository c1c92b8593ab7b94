import { Mic, MicOff } from "lucide-react";

import { bars, type Control, isTroubled } from "./control";

export const microphone: Control = {
  id: "microphone",
  place: "middle",
  phone: "bar",
  shortcut: "m",
  docs: "Microphone",
  icon: (scene) => (scene.microphone === "on" ? Mic : MicOff),
  available: () => true,
  pressed: (scene) => scene.microphone === "on",
  held: (scene) => scene.held,
  barred: (scene) => (scene.microphone === "on" ? null : bars(scene, "unmute")),
  troubled: (scene) => isTroubled(scene.microphone),
  act(scene) {
    if (isTroubled(scene.microphone)) scene.view.openPanel("more");
    void scene.call.setMicrophone(scene.microphone !== "on");
  },
};
