import { Info, type LucideIcon, ShieldAlert, ShieldCheck, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

type Tone = "plain" | "keep" | "heed" | "stop";
const ICONS: Record<Tone, LucideIcon> = { plain: Info, keep: ShieldCheck, heed: TriangleAlert, stop: ShieldAlert };

interface NoteProps {
  readonly tone?: Tone;
  readonly icon?: LucideIcon;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A sentence that matters here: what is, then what can be done. */
export function Note({ tone = "plain", icon, actions, children }: NoteProps) {
  const Icon = icon ?? ICONS[tone];
  return (
    <div className="note" data-tone={tone}>
      <Icon size={20} aria-hidden />
      <div>{children}</div>
      {actions ? <div className="actions">{actions}</div> : null}
    </div>
  );
}
