import { Check, Link } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "../ui/Button";
import { useActions } from "./context";

const SHOWN_MS = 2500;

/** Copies the link to pass on; nothing where this device keeps none. */
export function CopyLink() {
  const { t } = useTranslation();
  const call = useActions();
  const [link, setLink] = useState<string | null>(null);
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    let here = true;
    void call.link().then((found) => {
      if (here) setLink(found);
    });
    return () => {
      here = false;
    };
  }, [call]);
  useEffect(() => {
    if (!copied) return;
    const wait = setTimeout(() => {
      setCopied(false);
    }, SHOWN_MS);
    return () => {
      clearTimeout(wait);
    };
  }, [copied]);
  if (link === null) return null;
  return (
    <Button
      icon={copied ? Check : Link}
      data-action="copy"
      onPress={() => {
        void navigator.clipboard.writeText(link).then(() => {
          setCopied(true);
        });
      }}
    >
      {copied ? t("call.linkCopied") : t("call.copyLink")}
    </Button>
  );
}
