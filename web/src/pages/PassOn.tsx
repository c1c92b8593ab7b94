import { ArrowRight, Mail, Share2 } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { Kept } from "../e2ee/keyring";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { guestLink } from "./links";

const CAN_SHARE = "share" in navigator;

/** Open the meeting, or pass its link on; all of it is composed in the browser. */
export function PassOn({ meeting, title, kept, children }: { readonly meeting: string; readonly title: string; readonly kept: Kept; readonly children: ReactNode }) {
  const { t } = useTranslation();
  const link = guestLink(meeting, kept);
  const subject = t("meetings.mailSubject", { title });
  const body = t("meetings.mailBody", { link });
  return (
    <div className="actions">
      <a className="button" data-tone="keep" href={`/m/${meeting}`}>
        <ArrowRight size={20} aria-hidden />
        {t("meetings.open")}
      </a>
      <CopyButton text={link} label={t("meetings.copyLink")} done={t("meetings.copied")} />
      {CAN_SHARE ? (
        <Button
          icon={Share2}
          onPress={() => {
            // Closing the system's sheet is no failure.
            navigator.share({ title, url: link }).catch(() => undefined);
          }}
        >
          {t("meetings.share")}
        </Button>
      ) : null}
      <a className="button" href={`mailto:?subject=${encodeURIComponent(subject)}&body=${encodeURIComponent(body)}`}>
        <Mail size={20} aria-hidden />
        {t("meetings.mail")}
      </a>
      {children}
    </div>
  );
}
