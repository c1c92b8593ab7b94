import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";

/** What only some readers need, one press away. */
export function Fold({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <details className="fold">
      <summary>
        <ChevronRight size={20} aria-hidden />
        {title}
      </summary>
      {children}
    </details>
  );
}
