import { useState } from "react";
import { useTranslation } from "react-i18next";

import { deleteMeeting, type OwnMeeting } from "../api/meetings";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { TextField } from "../ui/TextField";
import { CalendarFile } from "./CalendarFile";
import { failure } from "./failure";

interface DeleteMeetingProps {
  readonly meeting: OwnMeeting;
  readonly shown: string;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

/** Says what happens to whom, and asks for the meeting's name. */
export function DeleteMeeting({ meeting, shown, onClose, onDeleted }: DeleteMeetingProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const [error, setError] = useState<string | null>(null);
  const named = meeting.title === "" || typed.trim() === meeting.title;
  const act = async (): Promise<void> => {
    try {
      await deleteMeeting(meeting.meeting);
      onDeleted();
    } catch (reason) {
      setError(failure(reason, t));
    }
  };
  return (
    <Dialog title={t("meetings.deleteTitle", { title: shown })} open alert onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (named) void act();
        }}
      >
        <p>
          {t("meetings.deleteText")} {meeting.title === "" ? "" : t("meetings.deleteType")}
        </p>
        {meeting.planned === null ? null : (
          <>
            <p>{t("meetings.calendar.cancelText")}</p>
            <div className="actions">
              <CalendarFile meeting={meeting.meeting} kept={null} cancels />
            </div>
          </>
        )}
        {meeting.title === "" ? null : <TextField label={t("meetings.deleteName")} error={error} value={typed} onChange={setTyped} autoComplete="off" autoFocus />}
        <div className="actions">
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button tone="stop" type="submit" isDisabled={!named}>
            {t("meetings.delete")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
