import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { getPolicies, type Policy, type Preset, type Under } from "../api/meetings";
import type { Keys } from "../e2ee/keys.client";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Note } from "../ui/Note";
import { Picker } from "../ui/Picker";
import { TextField } from "../ui/TextField";
import { createMeeting, type Made } from "./createMeeting";
import { failure } from "./failure";
import { PresetChoice } from "./PresetChoice";

interface NewMeetingProps {
  readonly keys: Keys;
  /** Whether its time is asked for next. */
  readonly plans: boolean;
  readonly onClose: () => void;
  readonly onMade: (made: Made & { readonly under?: Under }) => void;
}

const OWN = "own";

/** What it is about, whose it is and who comes in; then the keys are drawn. */
export function NewMeeting({ keys, plans, onClose, onMade }: NewMeetingProps) {
  const { t } = useTranslation();
  const [title, setTitle] = useState("");
  const [preset, setPreset] = useState<Preset>("guarded");
  const [passcode, setPasscode] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [policies, setPolicies] = useState<readonly Policy[]>([]);
  const [under, setUnder] = useState<Policy | null>(null);
  const [making, setMaking] = useState(false);
  useEffect(() => {
    getPolicies().then(setPolicies, () => undefined);
  }, []);
  const choose = (id: string): void => {
    const policy = policies.find(({ organisation }) => organisation === id) ?? null;
    setUnder(policy);
    setError(null);
    if (policy && !policy.presets.includes(preset)) setPreset(policy.preset);
  };
  const make = async (): Promise<void> => {
    setMaking(true);
    setError(null);
    try {
      const made = await createMeeting(keys, { title: title.trim(), preset, passcode, organisation: under?.organisation });
      onMade({ ...made, ...(under === null ? {} : { under: { name: under.name, linkDueAt: null } }) });
    } catch (reason) {
      setError(failure(reason, t));
      setMaking(false);
    }
  };
  return (
    <Dialog title={t(plans ? "meetings.plan" : "meetings.create")} open onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!making) void make();
        }}
      >
        <TextField label={t("meetings.name")} help={t("meetings.nameHelp")} error={error} value={title} onChange={setTitle} maxLength={120} autoFocus />
        {policies.length === 0 ? null : (
          <Picker
            label={t("meetings.under.label")}
            options={[{ id: OWN, label: t("meetings.under.own") }, ...policies.map(({ organisation: id, name }) => ({ id, label: name }))]}
            chosen={under?.organisation ?? OWN}
            empty=""
            help={t("meetings.under.help")}
            onChoose={choose}
          />
        )}
        {under === null || under.refusal === "" ? null : <Note tone="heed">{under.refusal}</Note>}
        <PresetChoice chosen={preset} only={under?.presets} onChoose={setPreset} />
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
          <Button tone="keep" type="submit" isPending={making} isDisabled={under !== null && under.refusal !== ""}>
            {making ? t("meetings.creating") : t(plans ? "meetings.makeAndPlan" : "meetings.make")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
