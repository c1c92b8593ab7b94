import { useEffect, useState } from "react";

import { elapsed } from "./duration";

/** How long the call has lasted. */
export function Elapsed({ since }: { readonly since: number }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const ticking = setInterval(() => {
      setNow(Date.now());
    }, 1000);
    return () => {
      clearInterval(ticking);
    };
  }, []);
  return <time>{elapsed(now - since)}</time>;
}
