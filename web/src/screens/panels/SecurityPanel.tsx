import { Lock } from "lucide-react";
import { useTranslation } from "react-i18next";

import { Note } from "../../ui/Note";
import { Fold } from "../../ui/Fold";
import { useCall } from "../context";
import { ProtectionLink } from "../ProtectionLink";
import { Sign, useShownName } from "../Sign";
import type { Person } from "../../call/contract";
import { Code } from "./Code";
import { Known } from "./Known";
import { SaveReceipt } from "../SaveReceipt";
import { useRegionSentence } from "../useRegion";
import { useStanding } from "./standing";

/** Who can listen: first one sentence, then the code, then the people, then the details. */
export function SecurityPanel() {
  const { t } = useTranslation();
  const standing = useStanding();
  const people = useCall((state) => state.people);
  return (
    <div className="panel-body security">
      <Note tone={standing.holders === 0 ? "heed" : "keep"} icon={Lock}>
        <strong>{standing.sentence}</strong>
      </Note>
      {standing.securing === null ? null : <Note tone="heed">{standing.securing}</Note>}
      {standing.strangers === null ? null : <Note tone="stop">{standing.strangers}</Note>}
      <Where />
      <Code />
      <section aria-labelledby="holders">
        <h3 id="holders">{t("security.people")}</h3>
        <ul className="holders">
          {people.map((person) => (
            <Holder key={person.participant} person={person} />
          ))}
        </ul>
      </section>
      <Fold title={t("security.details")}>
        <Details />
      </Fold>
      <p>
        <ProtectionLink />
      </p>
    </div>
  );
}

/** Where sound and picture are carried, and what the browser itself says of that. */
function Where() {
  const { t } = useTranslation();
  const sentence = useRegionSentence(useCall((state) => state.region));
  const astray = useCall((state) => state.astray);
  return (
    <section aria-labelledby="where">
      <h3 id="where">{t("security.where")}</h3>
      <p data-region>{sentence}</p>
      {astray.length > 0 ? <Note tone="stop">{t("security.astray", { addresses: astray.join(", ") })}</Note> : null}
      <SaveReceipt />
    </section>
  );
}

function Holder({ person }: { readonly person: Person }) {
  const { t } = useTranslation();
  const shown = useShownName(person);
  return (
    <li>
      <Sign lock={person.lock} name={shown} size={20} />
      <div>
        <p>
          {shown} {person.self ? <span className="quiet">({t("common.you")})</span> : null}
        </p>
        <Known person={person} />
      </div>
    </li>
  );
}

/** For those who want to know: the words of the protocol. */
function Details() {
  const { t, i18n } = useTranslation();
  const { epoch, members, changes } = useCall((state) => state.security);
  const region = useCall((state) => state.region);
  const clock = new Intl.DateTimeFormat(i18n.language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const rows = [
    [t("security.epoch"), String(epoch)],
    [t("security.members"), String(members)],
    [t("security.agreement"), t("security.agreementValue")],
    [t("security.frames"), t("security.framesValue")],
    [t("security.region"), region.territory === "" ? region.id : `${region.id} (${region.territory})`],
  ] as const;
  return (
    <>
      <dl className="facts-table">
        {rows.map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h4>{t("security.seen")}</h4>
      <ul className="changes">
        {changes.map((change, index) => (
          <li key={index}>
            <time>{clock.format(change.at)}</time> {change.what === "joined" ? "+" : "−"} {change.name}
          </li>
        ))}
      </ul>
    </>
  );
}
