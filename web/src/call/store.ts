/** The one state of a call, outside React. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { NO_DEVICES } from "../media/devices";
import type { CallState, Toast } from "./contract";
import { NO_RULES } from "./rules";
import { NO_SECURITY } from "./verify";

export type Store = StoreApi<CallState>;

const TOASTS_SHOWN = 4;
let lastToast = 0;

export function createCallStore(meeting: string): Store {
  return createStore<CallState>(() => ({
    phase: { at: "lobby" }, meeting, title: "", inviter: "", region: { id: "", territory: "" }, otherRegions: [], outside: [], astray: [], receipt: false, startedAt: null,
    people: [], chat: [], unread: 0, knocks: [], passcode: false, preset: "open", toasts: [], security: NO_SECURITY, devices: NO_DEVICES, bans: [], linkVersion: 0, linkOld: false, hosting: false, steppedDown: false, rules: NO_RULES, rights: {}, screenTaken: false, soundBlocked: false, level: 0,
  }));
}

/** Many departures at once must not take away what says why. */
const KEPT: Toast["kind"] = "ordered_out";

export function toast(store: Store, kind: Toast["kind"], name = "", more: Pick<Toast, "knock" | "people"> = {}): void {
  const made = { id: ++lastToast, kind, name, ...more };
  store.setState(({ toasts }) => {
    const all = [...toasts, made];
    const passing = all.filter((one) => one.kind !== KEPT).slice(-TOASTS_SHOWN);
    return { toasts: all.filter((one) => one.kind === KEPT || passing.includes(one)) };
  });
}

/** A message whose words change as long as it is shown: it stays where it is, and whoever has dismissed it is told anew. */
export function retell(store: Store, kind: Toast["kind"], name: string): void {
  if (!store.getState().toasts.some((shown) => shown.kind === kind)) toast(store, kind, name);
  else store.setState(({ toasts }) => ({ toasts: toasts.map((shown) => (shown.kind === kind ? { ...shown, name } : shown)) }));
}
