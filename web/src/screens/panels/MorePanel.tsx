import { Keyboard } from "lucide-react";
import { useState } from "react";
import { Button as AriaButton } from "react-aria-components";
import { useTranslation } from "react-i18next";

import { CONTROLS } from "../../controls";
import { setLanguage } from "../../i18n";
import { isLanguage, LANGUAGES, OWN_NAMES } from "../../i18n/languages";
import { Button } from "../../ui/Button";
import { Glyph } from "../../ui/Glyph";
import { Segments } from "../../ui/Segments";
import { setTheme, theme } from "../../ui/theme";
import { DeviceChoice } from "../lobby/DeviceChoice";
import { DeviceTrouble } from "../lobby/DeviceTrouble";
import { ProtectionLink } from "../ProtectionLink";
import { useScene } from "../useScene";
import { useView } from "../view";

const CODES = Object.keys(LANGUAGES).filter(isLanguage);

/** Devices, language, colours; on a phone also the controls for which the bar has no room. */
export function MorePanel() {
  const { t } = useTranslation();
  const { openAsk } = useView();
  return (
    <div className="panel-body">
      <Overflow />
      <section className="panel-section">
        <h3>{t("more.devices")}</h3>
        <DeviceTrouble lobby={false} />
        <DeviceChoice />
      </section>
      <Looks />
      <section className="panel-section keyboard-only">
        <Button
          icon={Keyboard}
          onPress={() => {
            openAsk({ kind: "shortcuts" });
          }}
        >
          {t("more.shortcuts")}
        </Button>
      </section>
      <p>
        <ProtectionLink />
      </p>
    </div>
  );
}

/** The controls that stand in no bar here, as rows. */
function Overflow() {
  const { t } = useTranslation();
  const scene = useScene();
  const { closePanel } = useView();
  return (
    <section className="overflow" aria-label={t("more.controls")}>
      {CONTROLS.filter((control) => control.phone === "sheet" && control.available(scene)).map((control) => {
        const pressed = control.pressed(scene) === true;
        const barred = control.barred?.(scene) ?? null;
        return (
          <AriaButton
            key={control.id}
            className="choice"
            data-place={control.place}
            data-control={control.id}
            isDisabled={barred !== null || control.held?.(scene) === true}
            data-tone={control.id === "end" ? "danger" : undefined}
            onPress={() => {
              closePanel();
              control.act(scene);
            }}
          >
            <Glyph of={control.icon(scene)} />
            <span className="chosen">
              {t(`controls.${control.id}.${pressed ? "off" : "on"}`)}
              {barred === null ? null : <span className="help">{t(`rights.why.${barred}`)}</span>}
            </span>
          </AriaButton>
        );
      })}
    </section>
  );
}

function Looks() {
  const { t, i18n } = useTranslation();
  const [colours, choose] = useState(theme);
  const language = isLanguage(i18n.language) ? i18n.language : "en";
  return (
    <section className="panel-section">
      <h3>{t("more.look")}</h3>
      <Segments
        label={t("common.language")}
        segments={CODES.map((id) => ({ id, label: OWN_NAMES[id], lang: id }))}
        chosen={language}
        onChoose={(next) => void setLanguage(next)}
      />
      <Segments
        label={t("common.theme")}
        segments={[
          { id: "system", label: t("common.themes.system") },
          { id: "light", label: t("common.themes.light") },
          { id: "dark", label: t("common.themes.dark") },
        ]}
        chosen={colours}
        onChoose={(next) => {
          setTheme(next);
          choose(next);
        }}
      />
    </section>
  );
}
