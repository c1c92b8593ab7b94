import type { Control, Scene } from "./control";

/** The sheet of shortcuts; not a control, since it stands in no bar. */
export const SHEET_KEY = "?";

interface Stroke {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** The keys of a shortcut, in the order in which they are shown. */
export function keysOf(shortcut: string): readonly string[] {
  return shortcut.split("+");
}

/** The control a stroke asks for, or null; a modifier other than shift belongs to the browser. */
export function controlFor(stroke: Stroke, controls: readonly Control[], scene: Scene): Control | null {
  if (stroke.ctrlKey || stroke.metaKey || stroke.altKey) return null;
  const pressed = (stroke.shiftKey ? "shift+" : "") + stroke.key.toLowerCase();
  const works = (control: Control): boolean => control.available(scene) && control.held?.(scene) !== true && !control.barred?.(scene);
  return controls.find((control) => control.shortcut === pressed && works(control)) ?? null;
}

/** True where a letter is text: fields, and lists that search by typing. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return target.closest("input, textarea, select, [contenteditable], [role=listbox], [role=menu]") !== null;
}
