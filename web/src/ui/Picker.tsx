import { Check, ChevronDown, type LucideIcon } from "lucide-react";
import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue, Text } from "react-aria-components";

interface Option {
  readonly id: string;
  readonly label: string;
}

interface PickerProps {
  readonly label: string;
  readonly icon?: LucideIcon;
  readonly options: readonly Option[];
  readonly chosen: string | null;
  /** Shown when there is nothing to choose from. */
  readonly empty: string;
  /** What can be done about it. */
  readonly help?: string | undefined;
  readonly onChoose: (id: string) => void;
}

/** One choice out of a few named things. */
export function Picker({ label, icon: Icon, options, chosen, empty, help, onChoose }: PickerProps) {
  return (
    <Select
      className="field"
      value={chosen}
      isDisabled={options.length === 0}
      placeholder={options.length === 0 ? empty : (options[0]?.label ?? empty)}
      onChange={(key) => {
        if (key !== null) onChoose(String(key));
      }}
    >
      <Label>{label}</Label>
      <Button className="picker">
        {Icon ? <Icon size={20} aria-hidden /> : null}
        <SelectValue className="chosen">{({ selectedText, defaultChildren }) => (selectedText === "" ? defaultChildren : selectedText)}</SelectValue>
        <ChevronDown size={20} aria-hidden />
      </Button>
      {help === undefined ? null : (
        <Text slot="description" className="help">
          {help}
        </Text>
      )}
      <Popover className="popover" offset={4}>
        <ListBox items={options}>
          {(option) => (
            <ListBoxItem id={option.id} textValue={option.label} className="choice">
              <span className="chosen">{option.label}</span>
              <Check className="tick" size={20} aria-hidden />
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}
