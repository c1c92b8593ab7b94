import { Check, Copy, type LucideIcon } from "lucide-react";
import { useEffect, useState } from "react";

import { Button } from "./Button";

const SHOWN_MS = 2500;

interface CopyButtonProps {
  readonly text: string;
  readonly label: string;
  /** Said for a moment once it is copied. */
  readonly done: string;
  readonly icon?: LucideIcon;
  readonly tone?: "keep";
}

/** Copies, and says so; where the browser forbids copying, the text appears to be copied by hand. */
export function CopyButton({ text, label, done, icon = Copy, tone }: CopyButtonProps) {
  const [state, setState] = useState<"waiting" | "copied" | "forbidden">("waiting");
  useEffect(() => {
    if (state !== "copied") return;
    const wait = setTimeout(() => {
      setState("waiting");
    }, SHOWN_MS);
    return () => {
      clearTimeout(wait);
    };
  }, [state]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setState("copied");
    } catch {
      setState("forbidden");
    }
  };
  if (state === "forbidden") {
    return (
      <input
        className="input"
        aria-label={label}
        readOnly
        autoFocus
        value={text}
        onFocus={(event) => {
          event.target.select();
        }}
      />
    );
  }
  return (
    <>
      <Button tone={tone} icon={state === "copied" ? Check : icon} data-action="copy" onPress={() => void copy()}>
        {state === "copied" ? done : label}
      </Button>
      <span className="unseen" role="status">
        {state === "copied" ? done : ""}
      </span>
    </>
  );
}
