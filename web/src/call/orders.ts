/** What hosts are told of orders of public authorities: how many people are out of the call, where, and never who (ORD-20). */
import type { OrderedOut } from "../api/socket.gen";
import { toast, type Store } from "./store";

/** Hears the gateway's counts, and says each new one. */
export function tellingOrders(store: Store): (message: OrderedOut) => void {
  // By territory, how many there were when it was last said: a socket that comes back is told the same again.
  const known = new Map<string, number>();
  return ({ territory, people }) => {
    if (people <= (known.get(territory) ?? 0)) return;
    known.set(territory, people);
    store.setState(({ toasts }) => ({ toasts: toasts.filter(({ kind, name }) => kind !== "ordered_out" || name !== territory) }));
    toast(store, "ordered_out", territory, { people });
  };
}
