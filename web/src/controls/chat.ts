import { MessageSquare } from "lucide-react";

import type { Control } from "./control";

export const chat: Control = {
  id: "chat",
  place: "middle",
  phone: "bar",
  shortcut: "c",
  docs: "Chat",
  icon: () => MessageSquare,
  available: () => true,
  pressed: (scene) => scene.view.panel === "chat",
  badge: (scene) => (scene.view.panel === "chat" ? 0 : scene.unread),
  act: (scene) => {
    scene.view.togglePanel("chat");
  },
};
