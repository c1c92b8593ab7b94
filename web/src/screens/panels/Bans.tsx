import { Link, UserX } from "lucide-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "../../ui/Button";
import { CopyLink } from "../CopyLink";
import { useActions, useCall } from "../context";
import { Rule } from "./Rule";

/** For hosts: the link, which can be replaced, and whom hosts have banned, each to be taken back. */
export function Bans() {
  const { t, i18n } = useTranslation();
  const call = useActions();
  const bans = useCall((state) => state.bans);
  const version = useCall((state) => state.linkVersion);
  // Whom other hosts have banned meanwhile shows when the panel is opened again, or the link has moved on.
  useEffect(() => {
    call.askBans();
  }, [call, version]);
  const date = new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium", timeStyle: "short" });
  return (
    <>
      <Rule rule="link" on={false} icon={Link} title={t("safety.link.title")} text={t("safety.link.text")}>
        <div className="actions">
          <CopyLink />
          <Button
            tone="danger"
            onPress={() => {
              call.replaceLink();
            }}
          >
            {t("safety.link.replace")}
          </Button>
        </div>
      </Rule>
      <Rule rule="bans" on={bans.length > 0} icon={UserX} title={t("safety.bans.title", { count: bans.length })} text={t("safety.bans.text")}>
        <ul className="stack">
          {bans.map(({ ban, name, by, signed_in, since, blocked }) => (
            <li key={ban} className="stack" data-ban={ban}>
              <p>
                <strong>{name}</strong> <span className="quiet">{t(signed_in ? "safety.bans.account" : "safety.bans.browser")}</span>
              </p>
              <p className="help">{t(blocked ? "safety.bans.blocked" : "safety.bans.by", { name: by === "" ? t("safety.someHost") : by, date: date.format(since) })}</p>
              <Button
                onPress={() => {
                  call.unban(ban);
                }}
              >
                {t(blocked ? "safety.bans.unblock" : "safety.bans.lift", { name })}
              </Button>
            </li>
          ))}
        </ul>
      </Rule>
    </>
  );
}
