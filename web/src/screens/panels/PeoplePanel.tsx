import { Hand, Mic, MicOff, SquarePen, UserMinus, WifiOff } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { Person } from "../../call/contract";
import { IconButton } from "../../ui/IconButton";
import { CopyLink } from "../CopyLink";
import { useCall } from "../context";
import { Sign, useShownName } from "../Sign";
import { Avatar } from "../stage/Avatar";
import { useView } from "../view";
import { AttendanceList } from "./AttendanceList";
import { Known } from "./Known";
import { PersonMenu } from "./PersonMenu";
import { WaitingRoom } from "./WaitingRoom";

/** Everybody here, hands first. */
export function PeoplePanel() {
  const { t } = useTranslation();
  const people = useCall((state) => state.people);
  const hosting = useCall((state) => state.hosting);
  const self = people.find((person) => person.self);
  const chief = self?.hosting === true && !self.cohost;
  const order = people.toSorted((a, b) => Number(b.handUp) - Number(a.handUp));
  return (
    <div className="panel-body">
      <div className="people-head">
        <p className="quiet">{t("people.title", { count: people.length })}</p>
        <CopyLink />
      </div>
      <WaitingRoom />
      <ul className="people">
        {order.map((person) => (
          <Row key={person.participant} person={person} ruled={hosting && !person.self} chief={chief} />
        ))}
      </ul>
      <AttendanceList />
    </div>
  );
}

function Row({ person, ruled, chief }: { readonly person: Person; readonly ruled: boolean; readonly chief: boolean }) {
  const { t } = useTranslation();
  const { openAsk } = useView();
  const shown = useShownName(person);
  return (
    <li className="person" data-participant={person.participant} data-lock={person.lock}>
      <Avatar name={person.name} seed={person.participant} />
      <div className="person-words">
        <p className="person-name">
          <Sign lock={person.lock} name={shown} />
          <span>{shown}</span>
          {person.self ? <span className="quiet">({t("common.you")})</span> : null}
        </p>
        <Known person={person} />
      </div>
      <div className="person-marks">
        {person.handUp ? <Hand size={20} aria-label={t("call.tile.hand")} className="heed" /> : null}
        {person.lock === "stranger" || person.lock === "securing" ? null : person.connection === "lost" ? (
          <WifiOff size={20} aria-label={t("call.tile.lost")} className="heed" />
        ) : person.microphone ? (
          <Mic size={20} aria-hidden />
        ) : (
          <MicOff size={20} aria-label={t("call.tile.muted")} />
        )}
        {ruled && (chief || !person.hosting || person.cohost) ? (
          <IconButton
            icon={UserMinus}
            label={t("people.remove", { name: shown })}
            onPress={() => {
              openAsk({ kind: "remove", participant: person.participant });
            }}
          />
        ) : null}
        {person.self && person.may.includes("rename") ? (
          <IconButton
            icon={SquarePen}
            label={t("rights.rename.open")}
            onPress={() => {
              openAsk({ kind: "rename" });
            }}
          />
        ) : null}
        {ruled ? <PersonMenu person={person} name={shown} chief={chief} /> : null}
      </div>
    </li>
  );
}
