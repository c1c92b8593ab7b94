import type { ReactNode } from "react";
import { Tooltip } from "react-aria-components";

/** The name of what the pointer or the focus is on. */
export function Tip({ shortcut, children }: { readonly shortcut?: string | undefined; readonly children: ReactNode }) {
  return (
    <Tooltip className="tip" offset={8}>
      {children}
      {shortcut ? <kbd>{shortcut}</kbd> : null}
    </Tooltip>
  );
}
