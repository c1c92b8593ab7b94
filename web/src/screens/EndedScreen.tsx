import { Ban, CircleCheck, Link2Off, Lock, type LucideIcon, MapPinOff, RotateCw, ServerOff, ShieldX, UserX } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { isOrganisationReason, type EndReason } from "../call/contract";
import { Button } from "../ui/Button";
import { Fold } from "../ui/Fold";
import { Mark } from "../ui/Mark";
import { useActions } from "./context";
import { SaveReceipt } from "./SaveReceipt";

const ICONS: Partial<Record<EndReason, LucideIcon>> = {
  left: CircleCheck,
  ended: CircleCheck,
  removed: UserX,
  ordered: Ban,
  banned: UserX,
  link_unknown: Link2Off,
  link_incomplete: Link2Off,
  link_old: Link2Off,
  call_locked: Lock,
  server_unreachable: ServerOff,
  media_unavailable: ServerOff,
  region_full: ServerOff,
  region_unentered: ServerOff,
  region_forbidden: MapPinOff,
  restarting: RotateCw,
  browser_unfit: ShieldX,
  not_securing: ShieldX,
  call_moved: ShieldX,
};
const CALM: readonly EndReason[] = ["left", "ended", "restarting", "joined_elsewhere"];

/** A fresh page may mend these; the seat alone does not. */
const ASKS: readonly EndReason[] = ["knock_refused", "knock_unknown", "stopped_waiting", "waiting_full"];
const TRIES: readonly EndReason[] = ["server_unreachable", "media_unavailable", "region_full", "region_unentered", "call_full", "call_locked", "too_often"];
const SIGNS_IN: readonly EndReason[] = ["sign_in_required", "invitation_required", "organisation_guests"];
const RELOADS: readonly EndReason[] = ["misbehaved", "malformed"];

interface EndedScreenProps {
  readonly reason: EndReason;
  readonly again: boolean;
  readonly by: string | null;
  readonly organisation: string | null;
  readonly againAt: number | null;
  readonly notice: string | null;
}

/** The call is over for this person: why, and what can be done. */
export function EndedScreen({ reason, again, by, organisation, againAt, notice }: EndedScreenProps) {
  const { t, i18n } = useTranslation();
  const early = useIsBefore(againAt);
  const call = useActions();
  const heading = useRef<HTMLHeadingElement>(null);
  const Icon = ICONS[reason] ?? Ban;
  const ruled = isOrganisationReason(reason) && organisation !== null;
  const what = ruled ? t(`endedOf.${reason}`, { organisation }) : by !== null && (reason === "removed" || reason === "banned") ? t(`endedBy.${reason}`, { name: by }) : t(`ended.${reason}`);
  useEffect(() => {
    heading.current?.focus();
    document.title = what;
  }, [what]);
  return (
    <main className="alone" data-ended={reason}>
      <header className="brand">
        <Mark size={28} />
        Conclave
      </header>
      <section className="card" aria-labelledby="ended">
        <span className="emblem" data-tone={CALM.includes(reason) ? "keep" : "stop"}>
          <Icon size={28} aria-hidden />
        </span>
        <h1 id="ended" ref={heading} tabIndex={-1}>
          {what}
        </h1>
        <p>{againAt === null || reason === "ordered" ? t(`endedNext.${reason}`) : t("endedScreen.againAt", { time: new Intl.DateTimeFormat(i18n.language, { timeStyle: "medium" }).format(againAt) })}</p>
        {reason === "browser_unfit" ? <Unfit /> : null}
        {notice === null ? null : (
          <p>
            <a href={`/notice/${encodeURIComponent(notice)}`}>{t("endedScreen.notice")}</a>
          </p>
        )}
        {reason === "removed" || reason === "banned" ? (
          <p>
            <a href="/help/remove">{t("endedScreen.help")}</a>
          </p>
        ) : null}
        <div className="actions">
          {again && !RELOADS.includes(reason) ? (
            <Button tone="keep" big isDisabled={early} data-control="again" onPress={() => void call.rejoin()}>
              {ASKS.includes(reason) ? t("endedScreen.askAgain") : TRIES.includes(reason) ? t("endedScreen.again") : t("endedScreen.rejoin")}
            </Button>
          ) : null}
          {RELOADS.includes(reason) ? (
            <Button
              tone="keep"
              big
              onPress={() => {
                location.reload();
              }}
            >
              {t("endedScreen.reload")}
            </Button>
          ) : null}
          {reason === "organisation_sign_in" ? (
            <a className="button" href={`/account/reauthenticate/?next=${encodeURIComponent(location.pathname)}`} data-tone="keep" data-big>
              {t("endedScreen.signInAgain")}
            </a>
          ) : null}
          {SIGNS_IN.includes(reason) ? (
            // Only the path goes with it: the link's secret stays on this device.
            <a className="button" href={`/account/login/?next=${encodeURIComponent(location.pathname)}`} data-tone="keep" data-big>
              {t("endedScreen.signIn")}
            </a>
          ) : null}
          <a className="button" href="/" data-big>
            {t("endedScreen.home")}
          </a>
        </div>
        <SaveReceipt />
        {CALM.includes(reason) ? null : <p className="help">{t("endedScreen.code", { code: reason })}</p>}
      </section>
    </main>
  );
}

/** True until that moment has come, by this device's clock. */
function useIsBefore(moment: number | null): boolean {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (moment === null) return;
    const timer = setTimeout(() => { setNow(Date.now()); }, Math.max(0, moment - Date.now()) + 50);
    return () => { clearTimeout(timer); };
  }, [moment]);
  return moment !== null && now < moment;
}

/** Why a browser is refused: what it must be able to do. */
function Unfit() {
  const { t } = useTranslation();
  return (
    <Fold title={t("endedScreen.why")}>
      <p>{t("endedScreen.unfit.intro")}</p>
      <ul>
        <li>{t("endedScreen.unfit.transform")}</li>
        <li>{t("endedScreen.unfit.worker")}</li>
        <li>{t("endedScreen.unfit.wasm")}</li>
        <li>{t("endedScreen.unfit.crypto")}</li>
      </ul>
    </Fold>
  );
}
