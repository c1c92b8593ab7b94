import { MicOff } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { CallState } from "../../call/contract";
import { Button } from "../../ui/Button";
import { Picker } from "../../ui/Picker";
import { useActions, useCall } from "../context";

type Rights = CallState["rights"];
type Setting = "all" | "few" | "one" | "hosts" | "off";

/** What each right can be set to; the first is the default. */
const SETTINGS: Readonly<Record<keyof Rights, readonly Setting[]>> = {
  unmute: ["all", "hosts"],
  video: ["all", "hosts"],
  share: ["all", "few", "one", "hosts"],
  chat: ["all", "hosts", "off"],
  reactions: ["all", "hosts", "off"],
  pictures: ["all", "hosts"],
  rename: ["all", "hosts"],
};
const RIGHTS = Object.keys(SETTINGS) as readonly (keyof Rights)[];

/** What everybody may do; hosts change it, the others read it. */
export function Rights() {
  const { t } = useTranslation();
  const call = useActions();
  const hosting = useCall((state) => state.people.some((person) => person.self && person.hosting));
  const rights = useCall((state) => state.rights);
  return (
    <section className="panel-section rights" aria-labelledby="rights">
      <h3 id="rights">{t("rights.title")}</h3>
      <p className="quiet">{t(hosting ? "rights.text" : "rights.readonly")}</p>
      {hosting ? (
        <>
          <Button icon={MicOff} onPress={() => void call.mute(null)}>
            {t("rights.muteAll")}
          </Button>
          {RIGHTS.map((right) => (
            <div key={right} data-right={right}>
              <Picker
                label={t(`rights.of.${right}`)}
                options={SETTINGS[right].map((id) => ({ id, label: t(`rights.who.${id}`) }))}
                chosen={rights[right] ?? "all"}
                empty=""
                onChoose={(setting) => {
                  call.setRights({ [right]: setting });
                }}
              />
            </div>
          ))}
        </>
      ) : (
        <dl className="facts-table">
          {RIGHTS.map((right) => (
            <div key={right}>
              <dt>{t(`rights.of.${right}`)}</dt>
              <dd>{t(`rights.who.${rights[right] ?? "all"}`)}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}
