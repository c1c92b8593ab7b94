import { useState } from "react";
import { useTranslation } from "react-i18next";

import { askLobby } from "../api/join";
import type { Keys } from "../e2ee/keys.client";
import { Button } from "../ui/Button";
import { Note } from "../ui/Note";
import { TextField } from "../ui/TextField";
import { checkLink, type Checked } from "./checkLink";
import { failure } from "./failure";

/** Paste a link, and read what it opens and for whom, and what to do about it. */
export function LinkCheck({ keys }: { readonly keys: Keys }) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const [checked, setChecked] = useState<Checked | null>(null);
  const [error, setError] = useState<string | null>(null);
  const look = async (): Promise<void> => {
    setChecked(null);
    setError(null);
    try {
      setChecked(await checkLink(text, location.origin, keys, askLobby));
    } catch (reason) {
      setError(failure(reason, t));
    }
  };
  return (
    <section className="card">
      <form
        className="beside"
        onSubmit={(event) => {
          event.preventDefault();
          void look();
        }}
      >
        <TextField label={t("check.label")} help={t("check.help")} error={error} value={text} onChange={setText} autoComplete="off" spellCheck="false" />
        <Button tone="keep" type="submit" data-action="check">
          {t("check.look")}
        </Button>
      </form>
      <div role="status" className="stack" data-checked={checked?.kind}>
        {checked === null ? null : <Found checked={checked} />}
      </div>
    </section>
  );
}

function Found({ checked }: { readonly checked: Checked }) {
  const { t } = useTranslation();
  if (checked.kind === "elsewhere") return <Note tone="stop">{t("check.elsewhere", { host: checked.host })}</Note>;
  if (checked.kind !== "good") return <Note tone="heed">{t(`check.${checked.kind}`)}</Note>;
  const { title, host, personal, open } = checked;
  return (
    <>
      <Note tone="keep">{title === "" ? t("check.goodUntitled") : t("check.good", { title })}</Note>
      {host ? <Note tone="stop">{t("check.host")}</Note> : null}
      {personal ? <Note tone="heed">{t("check.personal")}</Note> : null}
      {open ? <Note tone="heed">{t("check.open")}</Note> : <Note>{t("check.guarded")}</Note>}
    </>
  );
}
