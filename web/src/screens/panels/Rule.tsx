import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

interface RuleProps {
  readonly rule: string;
  readonly on: boolean;
  readonly icon: LucideIcon;
  readonly title: string;
  readonly text: string;
  readonly children?: ReactNode;
}

/** One thing that hosts decide: how it stands, and what changes it. */
export function Rule({ rule, on, icon: Icon, title, text, children }: RuleProps) {
  return (
    <section className="rule" data-rule={rule} data-on={on} aria-labelledby={`rule-${rule}`}>
      <Icon size={24} aria-hidden />
      <div>
        <h3 id={`rule-${rule}`}>{title}</h3>
        <p className="quiet">{text}</p>
        {children}
      </div>
    </section>
  );
}
