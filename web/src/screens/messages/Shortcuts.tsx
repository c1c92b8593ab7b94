import { useTranslation } from "react-i18next";

import { CONTROLS } from "../../controls";
import { keysOf, SHEET_KEY } from "../../controls/keyboard";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { useScene } from "../useScene";
import { useView } from "../view";

/** Every key at one glance. */
export function Shortcuts() {
  const { t } = useTranslation();
  const scene = useScene();
  const { closeAsk } = useView();
  return (
    <Dialog title={t("more.shortcuts")} open wide onClose={closeAsk}>
      <p className="quiet">{t("more.shortcutsText")}</p>
      <dl className="keys">
        {CONTROLS.filter((control) => control.available(scene)).map((control) => (
          <Row key={control.id} keys={keysOf(control.shortcut)} label={t(`controls.${control.id}.${control.pressed(scene) === true ? "off" : "on"}`)} />
        ))}
        <Row keys={[SHEET_KEY]} label={t("more.sheet")} />
        <Row keys={["escape"]} label={t("more.closePanel")} />
      </dl>
      <div className="actions">
        <Button autoFocus onPress={closeAsk}>
          {t("common.close")}
        </Button>
      </div>
    </Dialog>
  );
}

function Row({ keys, label }: { readonly keys: readonly string[]; readonly label: string }) {
  const { t } = useTranslation();
  const words: Record<string, string> = { shift: t("more.shift"), escape: t("more.escape") };
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {keys.map((key) => (
          <kbd key={key}>{words[key] ?? key.toUpperCase()}</kbd>
        ))}
      </dd>
    </div>
  );
}
