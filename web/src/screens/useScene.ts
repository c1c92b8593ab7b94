import type { Scene } from "../controls/control";
import { useActions, useCall } from "./context";
import { useView } from "./view";

const CAN_SHOW_SCREEN = typeof navigator !== "undefined" && "mediaDevices" in navigator && "getDisplayMedia" in navigator.mediaDevices;

/** What the controls look at, as it stands now. */
export function useScene(): Scene {
  return {
    self: useCall((state) => state.people.find((person) => person.self)),
    microphone: useCall((state) => state.devices.microphoneState),
    camera: useCall((state) => state.devices.cameraState),
    unread: useCall((state) => state.unread),
    waiting: useCall((state) => state.knocks.length),
    hosting: useCall((state) => state.hosting),
    held: useCall((state) => state.rules.suspended && !state.hosting),
    screenTaken: useCall((state) => state.screenTaken),
    canShowScreen: CAN_SHOW_SCREEN,
    view: useView(),
    call: useActions(),
  };
}
