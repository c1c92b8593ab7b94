import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { TextField } from "../../ui/TextField";
import { useActions, useCall } from "../context";
import { useView } from "../view";

/** Another name for oneself, for all to see. */
export function Rename() {
  const { t } = useTranslation();
  const call = useActions();
  const { closeAsk } = useView();
  const before = useCall((state) => state.people.find((person) => person.self)?.name ?? "");
  const [name, setName] = useState(before);
  const [failed, setFailed] = useState(false);
  const save = async (): Promise<void> => {
    if (name.trim() === "" || name.trim() === before || (await call.rename(name.trim()))) closeAsk();
    else setFailed(true);
  };
  return (
    <Dialog title={t("rights.rename.title")} open onClose={closeAsk}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <p>{t("rights.rename.text")}</p>
        <TextField label={t("rights.rename.field")} value={name} onChange={setName} maxLength={64} autoFocus error={failed ? t("rights.rename.failed") : null} />
        <div className="actions">
          <Button onPress={closeAsk}>{t("common.cancel")}</Button>
          <Button tone="keep" type="submit">
            {t("rights.rename.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
