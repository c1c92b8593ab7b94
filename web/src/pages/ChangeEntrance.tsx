import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { changeEntrance, type Entrance, getEntrance, type House } from "../api/meetings";
import { PRESETS } from "../api/presets.gen";
import { keep, type Kept } from "../e2ee/keyring";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Note } from "../ui/Note";
import { Picker } from "../ui/Picker";
import { Segments } from "../ui/Segments";
import { TextField } from "../ui/TextField";
import { failure } from "./failure";
import { PresetChoice } from "./PresetChoice";

const WHO = ["link", "signed_in", "invited"] as const;
const WAITING = ["nobody", "strangers", "uninvited", "everybody"] as const;
const GUESTS = ["allowed", "admitted", "none"] as const;
const PASSCODE = ["stays", "other", "none"] as const;
const BEFORE = ["yes", "no"] as const;
const MOST = 1000;

interface ChangeEntranceProps {
  readonly meeting: string;
  readonly shown: string;
  readonly kept: Kept | null;
  readonly onClose: () => void;
  readonly onKept: (kept: Kept) => void;
}

/** Who comes into a meeting that is there already; as the server has it, which is asked first. */
export function ChangeEntrance({ meeting, shown, kept, onClose, onKept }: ChangeEntranceProps) {
  const { t } = useTranslation();
  const [now, setNow] = useState<{ readonly entrance: Entrance; readonly house: House | null } | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    getEntrance(meeting).then(setNow, (reason: unknown) => {
      setError(failure(reason, t));
    });
  }, [meeting, t]);
  const saved = async (preset: Entrance["preset"]): Promise<void> => {
    // This device's own word on what the group begins with goes with it (MEET-10).
    if (kept && kept.preset !== preset) {
      const next = { ...kept, preset };
      await keep(meeting, next).catch(() => undefined);
      onKept(next);
    }
    onClose();
  };
  return (
    <Dialog title={t("meetings.entrance.title", { title: shown })} open wide onClose={onClose}>
      {error === null ? null : <Note tone="heed">{error}</Note>}
      {now ? <Settings meeting={meeting} now={now.entrance} house={now.house} onClose={onClose} onSaved={saved} /> : null}
    </Dialog>
  );
}

interface SettingsProps {
  readonly meeting: string;
  readonly now: Entrance;
  readonly house: House | null;
  readonly onClose: () => void;
  readonly onSaved: (preset: Entrance["preset"]) => Promise<void>;
}

/** A preset sets all of it; each can be set otherwise afterwards. */
function Settings({ meeting, now, house, onClose, onSaved }: SettingsProps) {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState(now);
  const [guests, setGuests] = useState(house?.guests ?? "allowed");
  const [seats, setSeats] = useState(now.capacity === 0 ? "" : String(now.capacity));
  const [word, setWord] = useState<(typeof PASSCODE)[number]>(now.passcode ? "stays" : "other");
  const [passcode, setPasscode] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [saving, setSaving] = useState(false);
  const set = (changes: Partial<Entrance>): void => {
    setWanted((before) => ({ ...before, ...changes }));
  };
  const capacity = seats.trim() === "" ? 0 : Number(seats);
  const wrong = !Number.isInteger(capacity) || capacity < 0 || capacity > MOST;
  const save = async (): Promise<void> => {
    setSaving(true);
    setError(null);
    const { preset, who, waiting, before_host } = wanted;
    const said = word === "none" ? { passcode: "" } : word === "other" && passcode !== "" ? { passcode } : {};
    try {
      const rules = house && guests !== house.guests ? { rules: { guests } } : {};
      await changeEntrance(meeting, { ...(preset === now.preset ? {} : { preset }), entrance: { who, waiting, before_host, capacity, ...said }, ...rules, seen: now.version });
      await onSaved(preset);
    } catch (reason) {
      setError(failure(reason, t));
      setSaving(false);
    }
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!saving && !wrong) void save();
      }}
    >
      {house ? <Note>{t("meetings.under.of", { organisation: house.name })}</Note> : null}
      <PresetChoice
        chosen={wanted.preset}
        only={house?.presets}
        onChoose={(preset) => {
          set({ preset, ...PRESETS[preset].entrance });
        }}
      />
      <p className="help">{t("meetings.entrance.presetHelp")}</p>
      <Picker
        label={t("meetings.entrance.who")}
        options={WHO.map((id) => ({ id, label: t(`meetings.entrance.whos.${id}`) }))}
        chosen={wanted.who}
        empty=""
        help={wanted.who === "invited" ? t("meetings.entrance.invitedHelp") : undefined}
        onChoose={(id) => {
          set({ who: id as Entrance["who"] });
        }}
      />
      <Picker
        label={t("meetings.entrance.waiting")}
        options={WAITING.map((id) => ({ id, label: t(`meetings.entrance.waitings.${id}`) }))}
        chosen={wanted.waiting}
        empty=""
        help={t("meetings.entrance.waitingHelp")}
        onChoose={(id) => {
          set({ waiting: id as Entrance["waiting"] });
        }}
      />
      <Picker
        label={t("meetings.entrance.before")}
        options={BEFORE.map((id) => ({ id, label: t(`meetings.entrance.befores.${id}`) }))}
        chosen={wanted.before_host ? "yes" : "no"}
        empty=""
        onChoose={(id) => {
          set({ before_host: id === "yes" });
        }}
      />
      {house ? (
        <Picker
          label={t("meetings.under.guests")}
          options={GUESTS.map((id) => ({ id, label: t(`meetings.under.guest.${id}`) }))}
          chosen={guests}
          empty=""
          help={house.enforced.includes("guests") ? t("meetings.under.enforced") : t("meetings.under.guestsHelp", { organisation: house.name })}
          onChoose={(id) => {
            setGuests(id as House["guests"]);
          }}
        />
      ) : null}
      {now.passcode ? (
        <div className="field">
          <span className="label">{t("meetings.entrance.hasPasscode")}</span>
          <Segments
            label={t("meetings.entrance.hasPasscode")}
            segments={PASSCODE.map((id) => ({ id, label: t(`meetings.entrance.passcodes.${id}`) }))}
            chosen={word}
            onChoose={setWord}
          />
        </div>
      ) : null}
      {word === "other" ? (
        <TextField
          label={now.passcode ? t("meetings.entrance.newPasscode") : t("meetings.passcode")}
          help={t("meetings.passcodeHelp")}
          value={passcode}
          onChange={setPasscode}
          minLength={6}
          maxLength={64}
          autoComplete="off"
        />
      ) : null}
      <TextField
        label={t("meetings.entrance.capacity")}
        help={t("meetings.entrance.capacityHelp")}
        error={wrong ? t("meetings.entrance.capacityWrong") : null}
        value={seats}
        onChange={setSeats}
        inputMode="numeric"
        autoComplete="off"
      />
      {error === null ? null : <Note tone="heed">{error}</Note>}
      <div className="actions">
        <Button onPress={onClose}>{t("common.cancel")}</Button>
        <Button tone="keep" type="submit" isPending={saving}>
          {t("common.save")}
        </Button>
      </div>
    </form>
  );
}
