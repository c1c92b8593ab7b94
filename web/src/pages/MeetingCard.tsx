import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { OwnMeeting } from "../api/meetings";
import type { Kept } from "../e2ee/keyring";
import type { Keys } from "../e2ee/keys.client";
import { Note } from "../ui/Note";
import { CalendarFile } from "./CalendarFile";
import { CardMenu, type CardAsk } from "./CardMenu";
import { ChangeEntrance } from "./ChangeEntrance";
import { DeleteMeeting } from "./DeleteMeeting";
import { HostLink } from "./HostLink";
import { Invitations } from "./Invitations";
import { hostLink } from "./links";
import { PasteLink } from "./PasteLink";
import { PassOn } from "./PassOn";
import { RenameMeeting } from "./RenameMeeting";
import { ReplaceLink } from "./ReplaceLink";
import { When } from "./When";

interface MeetingCardProps {
  readonly meeting: OwnMeeting;
  /** The page is about this meeting alone, and says its title itself. */
  readonly alone: boolean;
  /** Null when this device does not have the link. */
  readonly kept: Kept | null;
  readonly keys: Keys;
  readonly onKept: (kept: Kept) => void;
  readonly onRenamed: (title: string) => void;
  readonly onDeleted: () => void;
}

/** One meeting: open it, pass its link on, or ask for the link once. */
export function MeetingCard({ meeting, alone, kept: known, keys, onKept, onRenamed, onDeleted }: MeetingCardProps) {
  const { t, i18n } = useTranslation();
  const [ask, setAsk] = useState<CardAsk | null>(null);
  // A link that was replaced elsewhere opens nothing: it is asked for anew.
  const replaced = known !== null && known.linkVersion < meeting.link_version;
  const kept = replaced ? null : known;
  const title = meeting.title === "" ? t("meetings.untitled") : meeting.title;
  const date = new Intl.DateTimeFormat(i18n.language, { dateStyle: "long", timeStyle: "short" }).format(meeting.created_at);
  const host = kept ? hostLink(meeting.meeting, kept) : null;
  const [opened] = useState(Date.now);
  const [renewedHere, setRenewedHere] = useState(false);
  const due = !renewedHere && (meeting.under?.linkDueAt ?? Infinity) <= opened;
  const calendar = meeting.planned === null ? null : <CalendarFile meeting={meeting.meeting} kept={kept} />;
  const close = (): void => {
    setAsk(null);
  };
  const renewed = (next: Kept): void => {
    setRenewedHere(true);
    onKept(next);
  };
  return (
    <li className="card meeting" data-meeting={meeting.meeting}>
      <header className="meeting-head">
        <div>
          {alone ? null : (
            <h2>
              <a href={`/meetings/${meeting.meeting}`}>{title}</a>
            </h2>
          )}
          {alone || meeting.planned === null ? null : <When planned={meeting.planned} />}
          <p className="help">
            {meeting.live ? <strong className="live">{t("meetings.live")}</strong> : null} {t("meetings.since", { date })} {meeting.under ? t("meetings.under.card", { organisation: meeting.under.name }) : null}
          </p>
        </div>
        <CardMenu title={title} link={kept !== null} host={host !== null} onAsk={setAsk} />
      </header>
      {due ? <Note tone="heed">{t("meetings.under.due", { organisation: meeting.under?.name ?? "" })}</Note> : null}
      {kept ? (
        <PassOn meeting={meeting.meeting} title={title} kept={kept}>
          {calendar}
        </PassOn>
      ) : (
        <>
          <PasteLink meeting={meeting} replaced={replaced} keys={keys} onKept={onKept} />
          {calendar === null ? null : <div className="actions">{calendar}</div>}
        </>
      )}
      {alone && calendar !== null ? <p className="help">{t("meetings.calendar.help")}</p> : null}
      {ask === "invitations" ? <Invitations meeting={meeting.meeting} shown={title} kept={kept} onClose={close} /> : null}
      {ask === "entrance" ? <ChangeEntrance meeting={meeting.meeting} shown={title} kept={kept} onClose={close} onKept={onKept} /> : null}
      {ask === "host" && host !== null ? <HostLink link={host} onClose={close} /> : null}
      {ask === "replace" && kept ? <ReplaceLink meeting={meeting} shown={title} kept={kept} keys={keys} onClose={close} onKept={renewed} /> : null}
      {ask === "rename" ? <RenameMeeting meeting={meeting} shown={title} onClose={close} onRenamed={onRenamed} /> : null}
      {ask === "delete" ? <DeleteMeeting meeting={meeting} shown={title} onClose={close} onDeleted={onDeleted} /> : null}
    </li>
  );
}
