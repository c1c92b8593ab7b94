const PRESS_STYLE_ID = "react-aria-pressable-style";

/**
 * React Aria adds a style element for touch unless one with this id stands in the head; our CSP allows none, and base.css
 * holds the same rule.
 */
export function standInForPressStyle(): void {
  if (document.getElementById(PRESS_STYLE_ID)) return;
  const marker = document.createElement("meta");
  marker.id = PRESS_STYLE_ID;
  document.head.append(marker);
}
