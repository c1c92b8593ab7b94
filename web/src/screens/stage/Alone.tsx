import { useTranslation } from "react-i18next";

import { CopyLink } from "../CopyLink";

/** Nobody else is here yet. */
export function Alone() {
  const { t } = useTranslation();
  return (
    <div className="alone-note">
      <p role="status">
        <strong>{t("call.alone")}</strong> {t("call.aloneNext")}
      </p>
      <CopyLink />
    </div>
  );
}
