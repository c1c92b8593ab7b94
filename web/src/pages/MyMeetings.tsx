import { CalendarPlus, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { OwnMeeting } from "../api/meetings";
import type { Kept } from "../e2ee/keyring";
import type { Keys } from "../e2ee/keys.client";
import { Button } from "../ui/Button";
import { KeyringNote } from "./KeyringNote";
import { MeetingCard } from "./MeetingCard";
import { NewMeeting } from "./NewMeeting";
import { useSharing } from "./useSharing";

interface MyMeetingsProps {
  readonly account: string;
  readonly meetings: readonly OwnMeeting[];
  readonly ring: ReadonlyMap<string, Kept>;
  readonly keys: Keys;
}

/** The owner's meetings; the server gave the list, the links come from this device's key ring. */
export function MyMeetings({ account, meetings: first, ring: firstRing, keys }: MyMeetingsProps) {
  const { t } = useTranslation();
  const [meetings, setMeetings] = useState(first);
  const [ring, setRing] = useState(firstRing);
  const [making, setMaking] = useState(false);
  const remember = (meeting: string, kept: Kept): void => {
    setRing((known) => new Map(known).set(meeting, kept));
  };
  const sharing = useSharing(account, meetings, ring, keys, setRing);
  const begin = (
    <Button
      tone="keep"
      icon={Plus}
      data-action="new"
      onPress={() => {
        setMaking(true);
      }}
    >
      {t("meetings.create")}
    </Button>
  );
  return (
    <>
      <header className="page-head">
        <h1>{t("meetings.title")}</h1>
        {meetings.length > 0 ? begin : null}
      </header>
      <KeyringNote sharing={sharing} />
      {meetings.length === 0 ? (
        <section className="card empty-card" data-empty>
          <CalendarPlus size={40} aria-hidden />
          <h2>{t("meetings.empty")}</h2>
          <p>{t("meetings.emptyNext")}</p>
          {begin}
        </section>
      ) : (
        <ul className="cards">
          {meetings.map((meeting) => (
            <MeetingCard
              key={meeting.meeting}
              meeting={meeting}
              kept={ring.get(meeting.meeting) ?? null}
              keys={keys}
              onKept={(kept) => {
                remember(meeting.meeting, kept);
              }}
              onRenamed={(title) => {
                setMeetings((all) => all.map((each) => (each.meeting === meeting.meeting ? { ...each, title } : each)));
              }}
              onDeleted={() => {
                setMeetings((all) => all.filter((each) => each.meeting !== meeting.meeting));
              }}
            />
          ))}
        </ul>
      )}
      {making ? (
        <NewMeeting
          keys={keys}
          onClose={() => {
            setMaking(false);
          }}
          onMade={({ meeting, kept }) => {
            remember(meeting, kept);
            setMeetings((all) => [{ meeting, title: kept.title, created_at: Date.now(), live: false }, ...all]);
            setMaking(false);
          }}
        />
      ) : null}
    </>
  );
}
