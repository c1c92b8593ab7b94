import { CircleAlert } from "lucide-react";
import type { Ref } from "react";
import { FieldError, Input, Label, Text, TextField as AriaTextField, type TextFieldProps as AriaTextFieldProps } from "react-aria-components";

interface TextFieldProps extends Omit<AriaTextFieldProps, "className" | "children" | "style" | "isInvalid"> {
  readonly label: string;
  readonly help?: string | undefined;
  readonly placeholder?: string;
  /** A sentence: what is wrong and what to do. */
  readonly error?: string | null;
  readonly inputRef?: Ref<HTMLInputElement>;
}

/** A line of text with its label above and its help or error below. */
export function TextField({ label, help, placeholder = "", error = null, inputRef, ...rest }: TextFieldProps) {
  return (
    <AriaTextField {...rest} className="field" isInvalid={error !== null} validationBehavior="aria">
      <Label>{label}</Label>
      <Input className="input" ref={inputRef ?? null} placeholder={placeholder} />
      {help && error === null ? (
        <Text slot="description" className="help">
          {help}
        </Text>
      ) : null}
      <FieldError className="error">
        <CircleAlert size={20} aria-hidden />
        <span>{error}</span>
      </FieldError>
    </AriaTextField>
  );
}
