import { Video, VideoOff } from "lucide-react";

import { bars, type Control, isTroubled } from "./control";

export const camera: Control = {
  id: "camera",
  place: "middle",
  phone: "bar",
  shortcut: "v",
  docs: "Camera",
  icon: (scene) => (scene.camera === "on" ? Video : VideoOff),
  available: () => true,
  pressed: (scene) => scene.camera === "on",
  held: (scene) => scene.held,
  barred: (scene) => (scene.camera === "on" ? null : bars(scene, "video")),
  troubled: (scene) => isTroubled(scene.camera),
  act(scene) {
    if (isTroubled(scene.camera)) scene.view.openPanel("more");
    void scene.call.setCamera(scene.camera !== "on");
  },
};
