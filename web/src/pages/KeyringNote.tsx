import { useTranslation } from "react-i18next";

import { Note } from "../ui/Note";
import type { Sharing } from "./useSharing";

/** What the list owes its reader about links that are on other devices: where they are, or why they were not taken. */
export function KeyringNote({ sharing }: { readonly sharing: Sharing }) {
  const { t } = useTranslation();
  if (sharing === null || sharing === "open") return null;
  const link = <a href="/account/keyring">{t("meetings.keyringPage")}</a>;
  if (sharing === "none") {
    return (
      <p className="help" data-keyring="none">
        {t("meetings.keyringNone")} {link}
      </p>
    );
  }
  return (
    <div data-keyring={sharing}>
      <Note tone="heed">
        {sharing === "closed" ? t("meetings.keyringClosed") : t("meetings.keyringRefused", { code: sharing })} {link}
      </Note>
    </div>
  );
}
