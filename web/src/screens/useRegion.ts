import { useTranslation } from "react-i18next";

import type { Region } from "../call/contract";

/** The region of a server that runs its own media engine and was given no territory. */
const HERE = "local";

/** A territory as the reader's language calls it. */
export function territoryName(code: string, language: string): string {
  try {
    return new Intl.DisplayNames([language], { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** Where sound and picture pass, as a sentence; while no call is held, where else they may. */
export function useRegionSentence(region: Region, others: readonly Region[] = []): string {
  const { t, i18n } = useTranslation();
  if (others.length > 0) {
    const named = [region, ...others].map(({ id, territory }) => (territory === "" ? id : territoryName(territory, i18n.language)));
    return t("lobby.regionOneOf", { regions: new Intl.ListFormat(i18n.language, { type: "disjunction" }).format(new Set(named)) });
  }
  if (region.territory !== "") return t("lobby.regionTerritory", { territory: territoryName(region.territory, i18n.language) });
  if (region.id === HERE || region.id === "") return t("lobby.regionHere");
  return t("lobby.region", { region: region.id });
}

/** Where sound and picture pass, in a word or two. */
export function useRegionWord(region: Region): string {
  const { t, i18n } = useTranslation();
  if (region.territory !== "") return territoryName(region.territory, i18n.language);
  return region.id === HERE || region.id === "" ? t("call.regionHere") : region.id;
}
