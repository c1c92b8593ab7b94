import { DoorClosed } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "../../ui/Button";
import { useActions } from "../context";

/** At the door: what happens next, and the way back. */
export function Waiting() {
  const { t } = useTranslation();
  const call = useActions();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
  }, []);
  return (
    <section className="lobby-waits" role="status" data-waiting>
      <span className="emblem" data-tone="keep">
        <DoorClosed size={28} aria-hidden />
      </span>
      <h2 ref={heading} tabIndex={-1}>
        {t("lobby.waiting.title")}
      </h2>
      <p>{t("lobby.waiting.text")}</p>
      <p className="help">{t("lobby.waiting.nothing")}</p>
      <Button big data-control="cancel" onPress={() => void call.leave()}>
        {t("lobby.waiting.cancel")}
      </Button>
    </section>
  );
}
