import { DoorClosed, Hourglass } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "../../ui/Button";
import { useActions, useCall } from "../context";

/** At the door, or in line for a place: what happens next, and the way back. */
export function Waiting() {
  const { t } = useTranslation();
  const call = useActions();
  const phase = useCall((state) => state.phase);
  const position = phase.at === "in_line" ? phase.position : null;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
  }, []);
  return (
    <section className="lobby-waits" role="status" data-waiting>
      <span className="emblem" data-tone="keep">
        {position === null ? <DoorClosed size={28} aria-hidden /> : <Hourglass size={28} aria-hidden />}
      </span>
      <h2 ref={heading} tabIndex={-1}>
        {position === null ? t("lobby.waiting.title") : t("lobby.waiting.full")}
      </h2>
      <p data-position={position ?? undefined}>{position === null ? t("lobby.waiting.text") : t("lobby.waiting.position", { position })}</p>
      <p className="help">{t("lobby.waiting.nothing")}</p>
      <Button big data-control="cancel" onPress={() => void call.leave()}>
        {t("lobby.waiting.cancel")}
      </Button>
    </section>
  );
}
