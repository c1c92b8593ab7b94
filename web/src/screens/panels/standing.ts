import { useTranslation } from "react-i18next";

import { useCall } from "../context";

interface Standing {
  readonly holders: number;
  /** Who holds the key. */
  readonly sentence: string;
  readonly securing: string | null;
  readonly strangers: string | null;
}

/** How the people here stand to the key, in sentences. */
export function useStanding(): Standing {
  const { t } = useTranslation();
  const holders = useCall((state) => state.security.members);
  const securing = useCall((state) => state.people.filter((person) => person.lock === "securing").length);
  const strangers = useCall((state) => state.people.filter((person) => person.lock === "stranger").length);
  // "Everyone" would be wrong while somebody is here without the key.
  const everyone = securing + strangers === 0;
  return {
    holders,
    sentence: holders === 0 ? t("security.none") : everyone ? t("security.holds", { count: holders }) : t("security.some", { count: holders }),
    securing: securing === 0 ? null : t("security.securing", { count: securing }),
    strangers: strangers === 0 ? null : t("security.strangers", { count: strangers }),
  };
}
