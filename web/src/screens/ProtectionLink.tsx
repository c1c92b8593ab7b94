import { useTranslation } from "react-i18next";

/** To the page that says what is protected and what is not; in a tab of its own, so that the call goes on. */
export function ProtectionLink() {
  const { t } = useTranslation();
  return (
    <a href="/protection" target="_blank" rel="noreferrer">
      {t("common.protection")}
    </a>
  );
}
