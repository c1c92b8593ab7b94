import { CircleAlert, CirclePause, CirclePlay, Crown, DoorClosed, DoorOpen, FileKey, FileX, Hand, Link, Lock, LockOpen, type LucideIcon, LogOut, MapPin, MessageSquare, Mic, MicOff, MonitorOff, RefreshCw, Scale, ShieldAlert, SquarePen, TriangleAlert, Unplug, UserMinus, Video, VideoOff, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import type { Toast } from "../../call/contract";
import { Button } from "../../ui/Button";
import { IconButton } from "../../ui/IconButton";
import { useActions, useCall } from "../context";
import { territoryName } from "../useRegion";
import { useToastActions } from "./useToastActions";

const ICONS: Record<Toast["kind"], LucideIcon> = {
  joined: DoorOpen,
  left: LogOut,
  removed: UserMinus,
  hand: Hand,
  chat: MessageSquare,
  reconnected: RefreshCw,
  stranger: ShieldAlert,
  intruder: ShieldAlert,
  knock: DoorClosed,
  knocks: DoorClosed,
  microphone_dead: MicOff,
  speaking_muted: MicOff,
  device_lost: Unplug,
  share_ended: MonitorOff,
  code_changed: ShieldAlert,
  send_failed: CircleAlert,
  locked: Lock,
  strict: FileKey,
  lax: FileX,
  unlocked: LockOpen,
  suspended: CirclePause,
  resumed: CirclePlay,
  partly: CirclePlay,
  cohost: Crown,
  unhosted: Crown,
  handed: Crown,
  link: Link,
  false_link: ShieldAlert,
  region: MapPin,
  small_picture: Video,
  sound_only: VideoOff,
  astray: ShieldAlert,
  muted: MicOff,
  asked_microphone: Mic,
  asked_camera: Video,
  renamed: SquarePen,
  stopped: MicOff,
  at_risk: TriangleAlert,
  ordered_out: Scale,
};
/** These ask for something and stay until answered. */
const STAYING: readonly Toast["kind"][] = ["stranger", "intruder", "astray", "false_link", "knock", "knocks", "microphone_dead", "device_lost", "code_changed", "send_failed", "asked_microphone", "asked_camera", "at_risk", "ordered_out"];
/** The announcer says these to screen readers already. */
const SAID: readonly Toast["kind"][] = ["joined", "left", "hand"];
const SHOWN = 3;
const LASTING_MS = 6000;

/** Bottom left, one sentence and one action each, three at most; the next waits. */
export function Toasts() {
  const { t } = useTranslation();
  const toasts = useCall((state) => state.toasts);
  return (
    <section aria-label={t("toastActions.region")}>
      <ol className="toasts">
        {toasts.slice(0, SHOWN).map((toast) => (
          <Message key={toast.id} toast={toast} />
        ))}
      </ol>
    </section>
  );
}

function Message({ toast }: { readonly toast: Toast }) {
  const { t, i18n } = useTranslation();
  const call = useActions();
  const actions = useToastActions(toast);
  const held = useRef(false);
  const Icon = ICONS[toast.kind];
  const stranger = useCall((state) => state.people.some((person) => person.lock === "stranger"));
  // "… is here" must not outlive the connection it speaks of.
  const stays = STAYING.includes(toast.kind) && (toast.kind !== "stranger" || stranger);
  useEffect(() => {
    if (stays) return;
    // A message under the pointer or the focus is being read.
    const ticking = setInterval(() => {
      if (!held.current) call.dismiss(toast.id);
    }, LASTING_MS);
    return () => {
      clearInterval(ticking);
    };
  }, [call, toast.id, stays]);
  return (
    <li
      className="toast"
      data-toast={toast.kind}
      data-staying={stays || undefined}
      onPointerEnter={() => {
        held.current = true;
      }}
      onPointerLeave={() => {
        held.current = false;
      }}
    >
      <Icon size={20} aria-hidden />
      <p role={SAID.includes(toast.kind) ? undefined : "status"}>
        {toast.kind === "ordered_out"
          ? t("toasts.ordered_out", { count: toast.people ?? 0, territory: territoryName(toast.name, i18n.language) })
          : t(`toasts.${toast.kind}`, { name: toast.name === "" ? t("safety.someHost") : toast.name })}
      </p>
      {actions.map((action) => (
        <Button
          key={action.label}
          tone="bare"
          data-answer={action.id}
          onPress={() => {
            action.act();
            call.dismiss(toast.id);
          }}
        >
          {action.label}
        </Button>
      ))}
      <IconButton
        icon={X}
        label={t("toastActions.dismiss")}
        onPress={() => {
          call.dismiss(toast.id);
        }}
      />
    </li>
  );
}
