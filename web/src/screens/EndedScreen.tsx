import { Ban, CircleCheck, Link2Off, Lock, type LucideIcon, RotateCw, ServerOff, ShieldX, UserX } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import type { EndReason } from "../call/contract";
import { Button } from "../ui/Button";
import { Fold } from "../ui/Fold";
import { Mark } from "../ui/Mark";
import { useActions } from "./context";

const ICONS: Partial<Record<EndReason, LucideIcon>> = {
  left: CircleCheck,
  ended: CircleCheck,
  removed: UserX,
  banned: UserX,
  link_unknown: Link2Off,
  link_incomplete: Link2Off,
  link_old: Link2Off,
  call_locked: Lock,
  server_unreachable: ServerOff,
  media_unavailable: ServerOff,
  restarting: RotateCw,
  browser_unfit: ShieldX,
  not_securing: ShieldX,
  call_moved: ShieldX,
};
const CALM: readonly EndReason[] = ["left", "ended", "restarting", "joined_elsewhere"];

/** A fresh page may mend these; the seat alone does not. */
const RELOADS: readonly EndReason[] = ["misbehaved", "malformed"];

/** The call is over for this person: why, and what can be done. */
export function EndedScreen({ reason, again, by }: { readonly reason: EndReason; readonly again: boolean; readonly by: string | null }) {
  const { t } = useTranslation();
  const call = useActions();
  const heading = useRef<HTMLHeadingElement>(null);
  const Icon = ICONS[reason] ?? Ban;
  const what = by !== null && (reason === "removed" || reason === "banned") ? t(`endedBy.${reason}`, { name: by }) : t(`ended.${reason}`);
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
        <p>{t(`endedNext.${reason}`)}</p>
        {reason === "browser_unfit" ? <Unfit /> : null}
        <div className="actions">
          {again && !RELOADS.includes(reason) ? (
            <Button tone="keep" big onPress={() => void call.rejoin()}>
              {reason === "server_unreachable" || reason === "media_unavailable" || reason === "call_full" || reason === "call_locked" ? t("endedScreen.again") : t("endedScreen.rejoin")}
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
          <a className="button" href="/" data-big>
            {t("endedScreen.home")}
          </a>
        </div>
        {CALM.includes(reason) ? null : <p className="help">{t("endedScreen.code", { code: reason })}</p>}
      </section>
    </main>
  );
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
