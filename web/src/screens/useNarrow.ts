import { useSyncExternalStore } from "react";

/** The width below which the style sheets turn panels into sheets. */
const NARROW = "(max-width: 48rem)";

/** Whether this screen is as narrow as a phone's. */
export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => matchMedia(NARROW).matches);
}

function subscribe(listener: () => void): () => void {
  const query = matchMedia(NARROW);
  query.addEventListener("change", listener);
  return () => {
    query.removeEventListener("change", listener);
  };
}
