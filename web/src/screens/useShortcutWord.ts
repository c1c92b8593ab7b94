import { useTranslation } from "react-i18next";

import { keysOf } from "../controls/keyboard";

/** A shortcut as it stands on the keys. */
export function useShortcutWord(shortcut: string): string {
  const { t } = useTranslation();
  return keysOf(shortcut)
    .map((key) => (key === "shift" ? t("more.shift") : key.toUpperCase()))
    .join(" + ");
}
