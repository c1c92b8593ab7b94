import { FileKey, Table } from "lucide-react";
import { useState } from "react";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";

import type { Attendance } from "../../call/contract";
import { Button } from "../../ui/Button";
import { Note } from "../../ui/Note";
import { save } from "../../ui/save";
import { useActions, useCall } from "../context";
import { table, type TableWords } from "./table";

/** Everybody reads that hosts can keep a list of who was here; hosts save it, as a table or with their signature. */
export function AttendanceList() {
  const { t, i18n } = useTranslation();
  const call = useActions();
  const hosting = useCall((state) => state.people.some((person) => person.self && person.hosting));
  const [failed, setFailed] = useState(false);
  const take = async (kind: "csv" | "json", content: (made: Attendance) => string): Promise<void> => {
    const made = await call.attendance();
    setFailed(made === null);
    if (made) save(`${t("people.attendance.file")}-${new Date().toISOString().slice(0, 16).replace(":", "-")}.${kind}`, content(made));
  };
  return (
    <section className="panel-section attendance" aria-labelledby="attendance">
      <h3 id="attendance">{t("people.attendance.title")}</h3>
      <p className="help">{t(hosting ? "people.attendance.forHosts" : "people.attendance.forOthers")}</p>
      {hosting ? (
        <div className="actions">
          <Button icon={Table} data-save="csv" onPress={() => void take("csv", ({ stays, made }) => table(stays, made, words(t), i18n.language))}>
            {t("people.attendance.table")}
          </Button>
          <Button icon={FileKey} data-save="json" onPress={() => void take("json", ({ file }) => file)}>
            {t("people.attendance.signed")}
          </Button>
        </div>
      ) : null}
      {failed ? <Note tone="heed">{t("people.attendance.failed")}</Note> : null}
    </section>
  );
}

function words(t: TFunction): TableWords {
  const head = (word: "name" | "known" | "from" | "until" | "minutes"): string => t(`people.attendance.${word}`);
  return { name: head("name"), known: head("known"), from: head("from"), until: head("until"), minutes: head("minutes"), typed: t("people.typed"), signedIn: t("people.signedIn"), domain: (domain) => t("people.domain", { domain }) };
}
