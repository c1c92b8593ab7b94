import { useState } from "react";
import { ShieldCheck } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { Change } from "../../call/contract";
import { Button } from "../../ui/Button";
import { Note } from "../../ui/Note";
import { useActions, useCall } from "../context";
import { groups } from "./groups";

/** The code to compare, and what happened since it was. */
export function Code() {
  const { t } = useTranslation();
  const call = useActions();
  const { code, members, verified } = useCall((state) => state.security);
  const [differ, setDiffer] = useState(false);
  if (code === null) return null;
  return (
    <section className="code-section" aria-labelledby="code-title">
      <h3 id="code-title">{t("security.code")}</h3>
      <p className="code-digits" role="img" data-code={code} aria-label={t("security.codeAria", { code: groups(code).join(", ") })}>
        {groups(code).map((group, index) => (
          <span key={index}>{group}</span>
        ))}
      </p>
      <p className="help">{members > 1 ? t("security.codeText") : t("security.codeAlone")}</p>
      {verified ? <Verified at={verified.at} since={verified.since} /> : members > 1 ? <p className="help">{t("security.notVerified")}</p> : null}
      {members > 1 ? (
        <div className="actions">
          {verified && verified.since.length === 0 ? null : (
            <Button
              tone="keep"
              icon={ShieldCheck}
              onPress={() => {
                setDiffer(false);
                call.verifyCode();
              }}
            >
              {verified ? t("security.matchAgain") : t("security.match")}
            </Button>
          )}
          <Button
            tone="bare"
            onPress={() => {
              setDiffer(true);
            }}
          >
            {t("security.differ")}
          </Button>
        </div>
      ) : null}
      {differ ? <Note tone="stop">{t("security.differText")}</Note> : null}
    </section>
  );
}

/** When the code was compared, and everybody who came or left since. */
function Verified({ at, since }: { readonly at: number; readonly since: readonly Change[] }) {
  const { t, i18n } = useTranslation();
  const time = new Intl.DateTimeFormat(i18n.language, { hour: "2-digit", minute: "2-digit" }).format(at);
  return (
    <Note tone={since.length === 0 ? "keep" : "heed"}>
      <p>{t("security.verified", { time })}</p>
      {since.length === 0 ? <p>{t("security.unchanged")}</p> : <p>{t("security.since")}</p>}
      {since.length === 0 ? null : (
        <ul className="changes">
          {since.map((change, index) => (
            <li key={index}>
              {change.what === "joined" ? "+" : "−"} {change.name} ({change.role === "host" ? t("common.host") : t("common.guest")})
            </li>
          ))}
        </ul>
      )}
    </Note>
  );
}
