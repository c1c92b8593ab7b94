import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Preset } from "../api/meetings";
import type { Keys } from "../e2ee/keys.client";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { TextField } from "../ui/TextField";
import { createMeeting, type Made } from "./createMeeting";
import { failure } from "./failure";
import { PresetChoice } from "./PresetChoice";

interface NewMeetingProps {
  readonly keys: Keys;
  readonly onClose: () => void;
  readonly onMade: (made: Made) => void;
}

/** What it is about and who comes in; then the keys are drawn. */
export function NewMeeting({ keys, onClose, onMade }: NewMeetingProps) {
  const { t } = useTranslation();
  const [title, setTitle] = useState("");
  const [preset, setPreset] = useState<Preset>("guarded");
  const [passcode, setPasscode] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [making, setMaking] = useState(false);
  const make = async (): Promise<void> => {
    setMaking(true);
    setError(null);
    try {
      onMade(await createMeeting(keys, { title: title.trim(), preset, passcode }));
    } catch (reason) {
      setError(failure(reason, t));
      setMaking(false);
    }
  };
  return (
    <Dialog title={t("meetings.create")} open onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!making) void make();
        }}
      >
        <TextField label={t("meetings.name")} help={t("meetings.nameHelp")} error={error} value={title} onChange={setTitle} maxLength={120} autoFocus />
        <PresetChoice chosen={preset} onChoose={setPreset} />
        <TextField
          label={t("meetings.passcode")}
          help={t("meetings.passcodeHelp")}
          value={passcode}
          onChange={setPasscode}
          minLength={6}
          maxLength={64}
          autoComplete="off"
        />
        <div className="actions">
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button tone="keep" type="submit" isPending={making}>
            {making ? t("meetings.creating") : t("meetings.make")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
