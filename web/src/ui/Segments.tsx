import type { LucideIcon } from "lucide-react";
import { ToggleButton, ToggleButtonGroup } from "react-aria-components";

interface Segment<Id extends string> {
  readonly id: Id;
  readonly label: string;
  readonly icon?: LucideIcon;
  readonly lang?: string;
}

interface SegmentsProps<Id extends string> {
  readonly label: string;
  readonly segments: readonly Segment<Id>[];
  readonly chosen: Id;
  readonly onChoose: (id: Id) => void;
}

/** Two or three choices side by side, exactly one of them taken. */
export function Segments<Id extends string>({ label, segments, chosen, onChoose }: SegmentsProps<Id>) {
  return (
    <ToggleButtonGroup
      className="segments"
      aria-label={label}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[chosen]}
      onSelectionChange={(keys) => {
        const next = segments.find((segment) => keys.has(segment.id));
        if (next) onChoose(next.id);
      }}
    >
      {segments.map(({ id, label: text, icon: Icon, lang }) => (
        <ToggleButton key={id} id={id} className="segment">
          {Icon ? <Icon size={20} aria-hidden /> : null}
          <span lang={lang}>{text}</span>
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}
