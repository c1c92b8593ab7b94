import { useTranslation } from "react-i18next";

/** Nobody else is here yet. */
export function Alone() {
  const { t } = useTranslation();
  return (
    <p className="alone-note" role="status">
      <strong>{t("call.alone")}</strong> {t("call.aloneNext")}
    </p>
  );
}
