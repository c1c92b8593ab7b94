import { CirclePause } from "lucide-react";
import { useTranslation } from "react-i18next";

/** Where one would write: why not just now. */
export function Frozen() {
  const { t } = useTranslation();
  return (
    <p className="frozen" role="status">
      <CirclePause size={20} aria-hidden />
      {t("chat.frozen")}
    </p>
  );
}
