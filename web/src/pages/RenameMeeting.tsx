import { useState } from "react";
import { useTranslation } from "react-i18next";

import { type OwnMeeting, renameMeeting } from "../api/meetings";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { TextField } from "../ui/TextField";
import { failure } from "./failure";

interface RenameMeetingProps {
  readonly meeting: OwnMeeting;
  readonly shown: string;
  readonly onClose: () => void;
  readonly onRenamed: (title: string) => void;
}

/** Another title; the link stays. */
export function RenameMeeting({ meeting, shown, onClose, onRenamed }: RenameMeetingProps) {
  const { t } = useTranslation();
  const [title, setTitle] = useState(meeting.title);
  const [error, setError] = useState<string | null>(null);
  const save = async (): Promise<void> => {
    try {
      onRenamed(await renameMeeting(meeting.meeting, title.trim()));
      onClose();
    } catch (reason) {
      setError(failure(reason, t));
    }
  };
  return (
    <Dialog title={t("meetings.renameTitle", { title: shown })} open onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <TextField label={t("meetings.name")} help={t("meetings.nameHelp")} error={error} value={title} onChange={setTitle} maxLength={120} autoFocus />
        <div className="actions">
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button tone="keep" type="submit">
            {t("common.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
