import { createContext, type ReactNode, useContext, useMemo, useState } from "react";

import type { Ask, PanelId, View } from "../controls/control";

export interface ScreenView extends View {
  /** The tile shown large by this person's choice. */
  readonly large: string | null;
  readonly enlarge: (key: string | null) => void;
  readonly closePanel: () => void;
  readonly closeAsk: () => void;
}

const ViewContext = createContext<ScreenView | null>(null);

export function useView(): ScreenView {
  const view = useContext(ViewContext);
  if (!view) throw new Error("useView outside of ViewProvider");
  return view;
}

/** What this person has open; nothing of it is known to the call. */
export function ViewProvider({ children }: { readonly children: ReactNode }) {
  const [panel, setPanel] = useState<PanelId | null>(null);
  const [ask, setAsk] = useState<Ask | null>(null);
  const [large, enlarge] = useState<string | null>(null);
  const view = useMemo<ScreenView>(
    () => ({
      panel,
      ask,
      large,
      enlarge,
      togglePanel: (next) => {
        setPanel((open) => (open === next ? null : next));
      },
      openPanel: setPanel,
      closePanel: () => {
        setPanel(null);
      },
      openAsk: setAsk,
      closeAsk: () => {
        setAsk(null);
      },
    }),
    [panel, ask, large],
  );
  return <ViewContext value={view}>{children}</ViewContext>;
}
