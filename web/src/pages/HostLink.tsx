import { useTranslation } from "react-i18next";

import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Note } from "../ui/Note";
import { CopyButton } from "../ui/CopyButton";

/** The owner's private link, with what it can do said first. */
export function HostLink({ link, onClose }: { readonly link: string; readonly onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("meetings.hostLink")} open onClose={onClose}>
      <Note tone="heed">{t("meetings.hostLinkText")}</Note>
      <p className="code link-text">{link}</p>
      <div className="actions">
        <Button onPress={onClose}>{t("common.close")}</Button>
        <CopyButton text={link} label={t("meetings.hostLinkCopy")} done={t("meetings.copied")} tone="keep" />
      </div>
    </Dialog>
  );
}
