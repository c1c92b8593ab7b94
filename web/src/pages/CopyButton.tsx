import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "../ui/Button";

const SHOWN_MS = 2500;

interface CopyButtonProps {
  readonly text: string;
  readonly label: string;
  readonly tone?: "keep";
}

/** Copies, and says so for a moment. */
export function CopyButton({ text, label, tone }: CopyButtonProps) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const wait = setTimeout(() => {
      setCopied(false);
    }, SHOWN_MS);
    return () => {
      clearTimeout(wait);
    };
  }, [copied]);
  return (
    <>
      <Button
        tone={tone}
        icon={copied ? Check : Copy}
        data-action="copy"
        onPress={() => {
          void navigator.clipboard.writeText(text).then(() => {
            setCopied(true);
          });
        }}
      >
        {copied ? t("meetings.copied") : label}
      </Button>
      <span className="unseen" role="status">
        {copied ? t("meetings.copied") : ""}
      </span>
    </>
  );
}
