import { SendHorizontal } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { IconButton } from "../../ui/IconButton";
import { useActions, useCall } from "../context";

const MOST = 4000;
const MOST_ROWS = 5;

/** Enter sends, Shift + Enter begins a new line. */
export function Writer() {
  const { t } = useTranslation();
  const call = useActions();
  const [text, setText] = useState("");
  const may = useCall((state) => state.people.find((person) => person.self)?.may.includes("chat") ?? true);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current?.focus();
  }, []);
  const tooLong = Array.from(text).length > MOST;
  const send = (): void => {
    if (text.trim() === "" || tooLong || !may) return;
    void call.say(text.trim());
    setText("");
    field.current?.focus();
  };
  return (
    <form
      className="writer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        className="input"
        rows={Math.min(MOST_ROWS, text.split("\n").length)}
        aria-label={t("chat.write")}
        placeholder={t("chat.write")}
        aria-invalid={tooLong}
        disabled={!may}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      <IconButton icon={SendHorizontal} label={t("chat.send")} type="submit" isDisabled={text.trim() === "" || tooLong || !may} />
      {may ? null : (
        <p className="help" role="status">
          {t("rights.why.chat")}
        </p>
      )}
      {tooLong ? <p className="error">{t("chat.tooLong")}</p> : null}
    </form>
  );
}
