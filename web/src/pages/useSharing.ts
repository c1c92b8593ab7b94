import { useEffect, useState } from "react";

import { ApiError } from "../api/http";
import type { OwnMeeting } from "../api/meetings";
import type { Kept } from "../e2ee/keyring";
import type { Keys } from "../e2ee/keys.client";
import { KeyringRefused } from "../e2ee/sharedring.protocol";
import { share } from "./sharing";

/** How the keyring stands on this device, as a word to show: a state, or the code of a refusal; null while nothing needs saying. */
export type Sharing = "none" | "closed" | "open" | KeyringRefused["code"] | null;

/** Brings the keyring and this device together whenever meetings or links have changed; a server that does not answer is asked at the next look. */
export function useSharing(
  account: string,
  meetings: readonly OwnMeeting[],
  ring: ReadonlyMap<string, Kept>,
  keys: Keys,
  onNews: (update: (known: ReadonlyMap<string, Kept>) => ReadonlyMap<string, Kept>) => void,
): Sharing {
  const [sharing, setSharing] = useState<Sharing>(null);
  useEffect(() => {
    let over = false;
    share(account, meetings, ring, keys).then(
      ({ standing, news }) => {
        if (!over) setSharing(standing.state);
        if (news.size > 0) onNews((known) => new Map([...known, ...news]));
      },
      (error: unknown) => {
        if (error instanceof KeyringRefused) {
          if (!over) setSharing(error.code);
        } else if (!(error instanceof ApiError)) throw error;
      },
    );
    return () => {
      over = true;
    };
  }, [account, meetings, ring, keys, onNews]);
  return sharing;
}
