import { Ban } from "lucide-react";
import { memo, useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { Knocking } from "../../call/contract";
import { Button } from "../../ui/Button";
import { IconButton } from "../../ui/IconButton";
import { useActions, useCall } from "../context";
import { Avatar } from "../stage/Avatar";

/** As many as fit into one look; the rest moves up. */
const SHOWN = 50;

/** For hosts: who waits at the door. */
export function WaitingRoom() {
  const { t, i18n } = useTranslation();
  const call = useActions();
  const knocks = useCall((state) => state.knocks);
  const clock = useMemo(() => new Intl.DateTimeFormat(i18n.language, { timeStyle: "short" }), [i18n.language]);
  const { locked } = useCall((state) => state.rules);
  if (knocks.length === 0) return null;
  const all = knocks.map(({ knock }) => knock);
  return (
    <section className="panel-section waiting-room" aria-labelledby="waiting-room">
      <h3 id="waiting-room">{t("people.waitingRoom", { count: knocks.length })}</h3>
      <p className="help">{t(locked ? "people.waitingLocked" : "people.waitingHint")}</p>
      <ul className="people">
        {knocks.slice(0, SHOWN).map((one) => (
          <Waits key={one.knock} one={one} locked={locked} clock={clock} />
        ))}
      </ul>
      {knocks.length > 1 ? (
        <div className="actions">
          <Button
            data-answer="refuse-all"
            onPress={() => {
              call.answer(all, false);
            }}
          >
            {t("people.refuseAll")}
          </Button>
          <Button
            tone="keep"
            isDisabled={locked}
            data-answer="admit-all"
            onPress={() => {
              call.answer(all, true);
            }}
          >
            {t("people.admitAll")}
          </Button>
        </div>
      ) : null}
    </section>
  );
}

interface Waiting {
  readonly one: Knocking;
  readonly locked: boolean;
  readonly clock: Intl.DateTimeFormat;
}

/** Drawn once each: in a raid two hundred come within seconds. */
const Waits = memo(function Waits({ one, locked, clock }: Waiting) {
  const { t } = useTranslation();
  const call = useActions();
  const { knock, name } = one;
  const time = clock.format(one.since);
  return (
    <li className="person waits" data-knock={name}>
      <Avatar name={name} seed={knock} />
      <div className="person-words">
        <p className="person-name">{name}</p>
        <p className="help">
          {one.signedIn ? t("people.signedIn") : t("people.typed")}, {t("people.waitsSince", { time })}
        </p>
      </div>
      <div className="actions">
        <Button
          tone="keep"
          isDisabled={locked}
          data-answer="admit"
          aria-label={t("people.admit", { name })}
          onPress={() => {
            call.answer([knock], true);
          }}
        >
          {t("people.admitWord")}
        </Button>
        <Button
          data-answer="refuse"
          aria-label={t("people.refuse", { name })}
          onPress={() => {
            call.answer([knock], false);
          }}
        >
          {t("people.refuseWord")}
        </Button>
        <IconButton
          icon={Ban}
          label={t("people.block", { name })}
          data-answer="block"
          onPress={() => {
            call.answer([knock], false, true);
          }}
        />
      </div>
    </li>
  );
});
