import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { announcements } from "./announcements";
import { useCall } from "./context";

/** Says joins, leaves and hands to screen readers. */
export function Announcer() {
  const { t } = useTranslation();
  const people = useCall((state) => state.people);
  const before = useRef(people);
  const [text, say] = useState("");
  useEffect(() => {
    const said = announcements(before.current, people);
    before.current = people;
    if (said.length > 0) say(said.map(({ what, name, reaction }) => t(`call.said.${what}`, { name, what: reaction ? t(`reactions.${reaction}`) : "" })).join(" "));
  }, [people, t]);
  return (
    <div className="unseen" role="log" aria-live="polite">
      {text}
    </div>
  );
}
