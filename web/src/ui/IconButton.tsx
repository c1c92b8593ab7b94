import type { LucideIcon } from "lucide-react";
import { Button, type ButtonProps, TooltipTrigger } from "react-aria-components";

import { Tip } from "./Tip";

interface IconButtonProps extends Omit<ButtonProps, "className" | "children" | "style"> {
  readonly icon: LucideIcon;
  readonly label: string;
}

/** An icon with a name: read out, and shown on hover and focus. */
export function IconButton({ icon: Icon, label, ...rest }: IconButtonProps) {
  return (
    <TooltipTrigger delay={400}>
      <Button {...rest} className="button" data-tone="bare" data-icon-only aria-label={label}>
        <Icon size={20} aria-hidden />
      </Button>
      <Tip>{label}</Tip>
    </TooltipTrigger>
  );
}
