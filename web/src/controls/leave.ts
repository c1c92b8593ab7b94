import { PhoneOff } from "lucide-react";

import type { Control } from "./control";

export const leave: Control = {
  id: "leave",
  place: "apart",
  phone: "bar",
  shortcut: "shift+q",
  docs: "Leaving",
  icon: () => PhoneOff,
  available: () => true,
  pressed: () => null,
  act(scene) {
    // A host has two ways out, so a host is asked; for everybody else coming back is one press.
    if (scene.hosting) scene.view.openAsk({ kind: "leave" });
    else void scene.call.leave();
  },
};
