import { CalendarArrowDown, CalendarX } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { getInvitations, getPlan } from "../api/meetings";
import type { Kept } from "../e2ee/keyring";
import { Button } from "../ui/Button";
import { Note } from "../ui/Note";
import { save } from "../ui/save";
import { calendarFile } from "./calendar";
import { failure } from "./failure";
import { guestLink } from "./links";

interface CalendarFileProps {
  readonly meeting: string;
  /** Null when this device does not have the link: then the file says where to look for it. */
  readonly kept: Kept | null;
  readonly cancels?: boolean;
}

/** The meeting's times for calendars, with the link where it is known; composed here, handed out by the owner. */
export function CalendarFile({ meeting, kept, cancels = false }: CalendarFileProps) {
  const { t } = useTranslation();
  const [error, setError] = useState<string | null>(null);
  const take = async (): Promise<void> => {
    try {
      const [plan, invitations] = await Promise.all([getPlan(meeting), getInvitations(meeting)]);
      const now = Date.now();
      const open = invitations.filter(({ whom, revoked_at, expires_at }) => ADDRESS.test(whom) && revoked_at === null && expires_at > now);
      const link = kept === null || cancels ? null : guestLink(meeting, kept);
      const without = t(cancels ? "meetings.calendar.cancelled" : "meetings.calendar.noLink");
      const text = link === null ? without : t("meetings.calendar.text", { link });
      const guests = [...new Set(open.map(({ whom }) => whom))];
      const file = calendarFile({ meeting, host: location.hostname, plan, link, text, guests, cancels, now, untitled: t("meetings.untitled") });
      save(`${t(cancels ? "meetings.calendar.cancelFile" : "meetings.calendar.file")}-${String(plan.sequence)}.ics`, file, "text/calendar;charset=utf-8");
      setError(null);
    } catch (reason) {
      setError(failure(reason, t));
    }
  };
  return (
    <>
      <Button icon={cancels ? CalendarX : CalendarArrowDown} data-calendar={cancels ? "cancel" : "plan"} onPress={() => void take()}>
        {t(cancels ? "meetings.calendar.cancel" : "meetings.calendar.take")}
      </Button>
      {error === null ? null : <Note tone="heed">{error}</Note>}
    </>
  );
}

/** What a calendar takes as an address; anything else is a name. */
const ADDRESS = /^[^\s@,;:"<>()\\]+@[^\s@,;:"<>()\\]+$/;
