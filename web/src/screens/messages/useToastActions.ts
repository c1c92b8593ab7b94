import { useTranslation } from "react-i18next";

import type { Toast } from "../../call/contract";
import type { PanelId } from "../../controls/control";
import { useActions } from "../context";
import { useView } from "../view";

interface ToastAction {
  readonly id?: "admit" | "refuse" | "strict" | "lock" | "link";
  readonly label: string;
  readonly act: () => void;
}

/** What can be done about a message: one thing, two about a knock, three about a link that has reached too many, or nothing. */
export function useToastActions(toast: Toast): readonly ToastAction[] {
  const { t } = useTranslation();
  const call = useActions();
  const { openPanel } = useView();
  const open = (panel: PanelId, label: string): readonly ToastAction[] => [{
    label,
    act: () => {
      openPanel(panel);
    },
  }];
  const { knock } = toast;
  switch (toast.kind) {
    case "chat":
    case "send_failed":
      return open("chat", t("toastActions.read"));
    case "knock":
      if (knock === undefined) return [];
      return [
        { id: "admit", label: t("toastActions.admit"), act: () => { call.answer([knock], true); } },
        { id: "refuse", label: t("toastActions.refuse"), act: () => { call.answer([knock], false); } },
      ];
    case "at_risk":
      return [
        { id: "strict", label: t("toastActions.oneByOne"), act: () => { call.setStrict(true); } },
        { id: "lock", label: t("toastActions.lock"), act: () => { call.setLocked(true); } },
        { id: "link", label: t("toastActions.replaceLink"), act: () => { call.replaceLink(); } },
      ];
    case "knocks":
      return open("people", t("toastActions.waiting"));
    case "stranger":
      return open("people", t("toastActions.people"));
    case "code_changed":
      return open("security", t("toastActions.compare"));
    case "microphone_dead":
    case "device_lost":
      return open("more", t("toastActions.devices"));
    case "speaking_muted":
    case "asked_microphone":
      return [{ label: t("toastActions.unmute"), act: () => void call.setMicrophone(true) }];
    case "asked_camera":
      return [{ label: t("toastActions.unmute"), act: () => void call.setCamera(true) }];
    case "locked":
    case "unlocked":
    case "strict":
    case "lax":
    case "suspended":
    case "false_link":
    case "resumed":
    case "partly":
      return open("safety", t("toastActions.rules"));
    case "region":
    case "astray":
      return open("security", t("toastActions.where"));
    case "small_picture":
    case "sound_only":
    case "muted":
    case "renamed":
    case "stopped":
    case "cohost":
    case "unhosted":
    case "handed":
    case "link":
    case "joined":
    case "left":
    case "removed":
    case "hand":
    case "reconnected":
    case "share_ended":
    case "intruder":
    case "ordered_out":
      return [];
  }
}
