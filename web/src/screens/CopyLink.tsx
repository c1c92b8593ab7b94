import { Link } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { CopyButton } from "../ui/CopyButton";
import { useActions, useCall } from "./context";

/** The link to pass on; nothing where this device keeps none. */
export function CopyLink() {
  const { t } = useTranslation();
  const call = useActions();
  const version = useCall((state) => state.linkVersion);
  const [link, setLink] = useState<string | null>(null);
  useEffect(() => {
    let here = true;
    void call.link().then((found) => {
      if (here) setLink(found);
    });
    return () => {
      here = false;
    };
  }, [call, version]);
  return link === null ? null : <CopyButton text={link} label={t("call.copyLink")} done={t("call.linkCopied")} icon={Link} />;
}
