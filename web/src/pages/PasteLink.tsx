import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ApiError } from "../api/http";
import type { OwnMeeting } from "../api/meetings";
import type { Kept } from "../e2ee/keyring";
import type { Keys } from "../e2ee/keys.client";
import { Button } from "../ui/Button";
import { Note } from "../ui/Note";
import { TextField } from "../ui/TextField";
import { failure } from "./failure";
import { keepPasted } from "./links";

interface PasteLinkProps {
  readonly meeting: OwnMeeting;
  /** This device has a link that was replaced since. */
  readonly replaced: boolean;
  readonly keys: Keys;
  readonly onKept: (kept: Kept) => void;
}

/** A device that has not seen the link yet asks for it once. */
export function PasteLink({ meeting, replaced, keys, onKept }: PasteLinkProps) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const [error, setError] = useState<string | null>(null);
  const save = async (): Promise<void> => {
    try {
      const kept = await keepPasted(meeting.meeting, meeting.title, text, keys);
      if (kept) onKept(kept);
      else setError(t("meetings.pasteWrong"));
    } catch (reason) {
      setError(reason instanceof ApiError && reason.code === "link_unknown" ? t("meetings.pasteWrong") : failure(reason, t));
    }
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Note tone="heed">
        <strong>{t(replaced ? "meetings.replaced" : "meetings.paste")}</strong> {t(replaced ? "meetings.replacedText" : "meetings.pasteText")}
      </Note>
      <div className="beside">
        <TextField label={t("meetings.pasteLabel")} error={error} value={text} onChange={setText} autoComplete="off" spellCheck="false" />
        <Button type="submit">{t("meetings.pasteSave")}</Button>
      </div>
    </form>
  );
}
