import { createContext, type ReactNode, useCallback, useContext, useSyncExternalStore } from "react";

import type { Call, CallState } from "../call/contract";

const CallContext = createContext<Call | null>(null);

export function CallProvider({ call, children }: { readonly call: Call; readonly children: ReactNode }) {
  return <CallContext value={call}>{children}</CallContext>;
}

/** The call's actions. */
export function useActions(): Call {
  const call = useContext(CallContext);
  if (!call) throw new Error("useActions outside of CallProvider");
  return call;
}

/** A part of the call's state; the component renders again only when that part is another object. */
export function useCall<Part>(select: (state: CallState) => Part): Part {
  const call = useActions();
  // The same function each time, or every rendering would subscribe anew.
  const subscribe = useCallback((listener: () => void) => call.subscribe(listener), [call]);
  return useSyncExternalStore(subscribe, () => select(call.snapshot()));
}
