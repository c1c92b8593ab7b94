import { Label, RadioButton, RadioField, RadioGroup } from "react-aria-components";
import { useTranslation } from "react-i18next";

import type { Preset } from "../api/meetings";
import { PRESETS } from "../api/presets.gen";

interface PresetChoiceProps {
  readonly chosen: Preset;
  /** Those that an organisation's policy leaves to choose. */
  readonly only?: readonly Preset[] | undefined;
  readonly onChoose: (preset: Preset) => void;
}

const NAMES = Object.keys(PRESETS) as Preset[];

/** Who comes in: each preset with what it means. */
export function PresetChoice({ chosen, only = NAMES, onChoose }: PresetChoiceProps) {
  const { t } = useTranslation();
  return (
    <RadioGroup
      className="field presets"
      value={chosen}
      onChange={(value) => {
        onChoose(value as Preset);
      }}
    >
      <Label>{t("meetings.preset")}</Label>
      {NAMES.filter((name) => only.includes(name)).map((name) => (
        <RadioField key={name} value={name}>
          <RadioButton className="preset" data-preset={name}>
            <strong>{t(`meetings.presets.${name}.name`)}</strong>
            <span className="help">{t(`meetings.presets.${name}.text`)}</span>
          </RadioButton>
        </RadioField>
      ))}
    </RadioGroup>
  );
}
