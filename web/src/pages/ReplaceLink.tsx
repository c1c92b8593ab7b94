import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { OwnMeeting } from "../api/meetings";
import type { Kept } from "../e2ee/keyring";
import type { Keys } from "../e2ee/keys.client";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Note } from "../ui/Note";
import { failure } from "./failure";
import { replaceKept } from "./links";

interface ReplaceLinkProps {
  readonly meeting: OwnMeeting;
  readonly shown: string;
  readonly kept: Kept;
  readonly keys: Keys;
  readonly onClose: () => void;
  readonly onKept: (kept: Kept) => void;
}

/** Another link between calls: says who loses the way in. */
export function ReplaceLink({ meeting, shown, kept, keys, onClose, onKept }: ReplaceLinkProps) {
  const { t } = useTranslation();
  const [error, setError] = useState<string | null>(null);
  const act = async (): Promise<void> => {
    try {
      onKept(await replaceKept(meeting.meeting, kept, keys));
      onClose();
    } catch (reason) {
      setError(failure(reason, t));
    }
  };
  return (
    <Dialog title={t("meetings.replaceTitle", { title: shown })} open alert onClose={onClose}>
      <p>{t("meetings.replaceText")}</p>
      {error === null ? null : <Note tone="heed">{error}</Note>}
      <div className="actions">
        <Button autoFocus onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button tone="stop" onPress={() => void act()}>
          {t("meetings.replace")}
        </Button>
      </div>
    </Dialog>
  );
}
