import { CalendarClock, CalendarPlus, Plus } from "lucide-react";
import { useState } from "react";
import { createPortal } from "react-dom";
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
  /** Where the page has its acts; null on the page of one meeting. */
  readonly head: HTMLElement | null;
  /** What an empty list says where there is more than this list. */
  readonly nothing: string | null;
  readonly ring: ReadonlyMap<string, Kept>;
  readonly keys: Keys;
}

/** The owner's meetings; the server gave the list, the links come from this device's key ring. */
export function MyMeetings({ account, meetings: first, head, nothing, ring: firstRing, keys }: MyMeetingsProps) {
  const { t } = useTranslation();
  const [meetings, setMeetings] = useState(first);
  const [ring, setRing] = useState(firstRing);
  const [making, setMaking] = useState<"now" | "plan" | null>(null);
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
        setMaking("now");
      }}
    >
      {t("meetings.create")}
    </Button>
  );
  const ahead = (
    <Button
      icon={CalendarClock}
      data-action="plan"
      onPress={() => {
        setMaking("plan");
      }}
    >
      {t("meetings.plan")}
    </Button>
  );
  const alone = head === null;
  const empty = meetings.length === 0 && nothing === null && !alone;
  return (
    <>
      {head === null || empty ? null : createPortal(<>{begin}{ahead}</>, head)}
      <KeyringNote sharing={sharing} />
      {meetings.length === 0 && nothing !== null ? <p role="status">{nothing}</p> : null}
      {empty ? (
        <section className="card empty-card" data-empty>
          <CalendarPlus size={40} aria-hidden />
          <h2>{t("meetings.empty")}</h2>
          <p>{t("meetings.emptyNext")}</p>
          <div className="actions">
            {begin}
            {ahead}
          </div>
        </section>
      ) : (
        <ul className="cards">
          {meetings.map((meeting) => (
            <MeetingCard
              key={meeting.meeting}
              meeting={meeting}
              alone={alone}
              kept={ring.get(meeting.meeting) ?? null}
              keys={keys}
              onKept={(kept) => {
                remember(meeting.meeting, kept);
                setMeetings((all) => all.map((each) => (each.meeting === meeting.meeting ? { ...each, link_version: kept.linkVersion } : each)));
              }}
              onRenamed={(title) => {
                if (alone) location.reload();
                setMeetings((all) => all.map((each) => (each.meeting === meeting.meeting ? { ...each, title } : each)));
              }}
              onDeleted={() => {
                if (alone) location.assign("/meetings");
                setMeetings((all) => all.filter((each) => each.meeting !== meeting.meeting));
              }}
            />
          ))}
        </ul>
      )}
      {making === null ? null : (
        <NewMeeting
          keys={keys}
          plans={making === "plan"}
          onClose={() => {
            setMaking(null);
          }}
          onMade={({ meeting, kept, under }) => {
            if (making === "plan") location.assign(`/meetings/${meeting}/plan`);
            remember(meeting, kept);
            setMeetings((all) => [{ meeting, title: kept.title, created_at: Date.now(), live: false, link_version: kept.linkVersion, planned: null, under }, ...all]);
            setMaking(null);
          }}
        />
      )}
    </>
  );
}
