import { useTranslation } from "react-i18next";

import type { Person } from "../../call/contract";

/** How a person is known: by the host key, an account, a domain, or only by the name they typed. */
export function Known({ person }: { readonly person: Person }) {
  const { t } = useTranslation();
  if (person.lock === "stranger" || person.lock === "securing") return <p className="known">{t(`call.lockWord.${person.lock}`)}</p>;
  const words = [
    person.hosting ? t(person.cohost ? "people.cohost" : "people.host") : null,
    person.domain === null ? null : t("people.domain", { domain: person.domain }),
    person.signedIn ? t("people.signedIn") : t("people.typed"),
    person.ambiguous ? t("call.tile.ambiguous") : null,
  ].filter((word) => word !== null);
  return (
    <p className="known" data-ambiguous={person.ambiguous || undefined}>
      {words.join(" · ")}
    </p>
  );
}
