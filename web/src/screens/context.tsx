import { createContext, type ReactNode, useContext, useSyncExternalStore } from "react";

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
  return useSyncExternalStore(
    (listener) => call.subscribe(listener),
    () => select(call.snapshot()),
  );
}
