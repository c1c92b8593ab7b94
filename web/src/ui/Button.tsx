import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components";

export interface ButtonProps extends Omit<AriaButtonProps, "className" | "children" | "style"> {
  readonly tone?: "keep" | "stop" | "danger" | "bare" | undefined;
  readonly big?: boolean;
  readonly icon?: LucideIcon | undefined;
  readonly children: ReactNode;
}

/** A press with words on it; `tone` says what it means, never colour alone. */
export function Button({ tone, big = false, icon: Icon, children, ...rest }: ButtonProps) {
  return (
    <AriaButton {...rest} className="button" data-tone={tone} data-big={big || undefined}>
      {Icon ? <Icon size={20} aria-hidden /> : null}
      <span>{children}</span>
    </AriaButton>
  );
}
