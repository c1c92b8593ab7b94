import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { LANGUAGES } from "../i18n/languages";
import { CONTROLS } from ".";
import type { Scene } from "./control";
import { controlFor, SHEET_KEY } from "./keyboard";

const docs = readFileSync(new URL("../../../docs/use.md", import.meta.url), "utf8");
const scene = { hosting: false, canShowScreen: true } as unknown as Scene;
const stroke = { key: "m", shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };

describe("every control", () => {
  it.each(CONTROLS)("$id says in each language what it does", (control) => {
    for (const language of Object.values(LANGUAGES)) {
      for (const words of Object.values(language.controls[control.id])) expect(words.trim()).not.toBe("");
    }
  });

  it.each(CONTROLS)("$id can be called by the word one sees (WCAG 2.5.3)", (control) => {
    for (const language of Object.values(LANGUAGES)) {
      const { short, on, off } = language.controls[control.id];
      for (const label of [on, off]) expect(label.toLowerCase()).toContain(short.toLowerCase());
    }
  });

  it.each(CONTROLS)("$id has its heading in docs/use.md", (control) => {
    expect(docs).toMatch(new RegExp(`^#+ ${control.docs}$`, "m"));
  });

  it("has a shortcut of its own", () => {
    const shortcuts = CONTROLS.map((control) => control.shortcut);
    expect(new Set([...shortcuts, SHEET_KEY]).size).toBe(shortcuts.length + 1);
  });

  it("is listed once", () => {
    expect(new Set(CONTROLS.map((control) => control.id)).size).toBe(CONTROLS.length);
  });
});

describe("a key stroke", () => {
  it("finds its control, with the letter in either case", () => {
    expect(controlFor(stroke, CONTROLS, scene)?.id).toBe("microphone");
    expect(controlFor({ ...stroke, key: "Q", shiftKey: true }, CONTROLS, scene)?.id).toBe("leave");
  });

  it("with a modifier belongs to the browser", () => {
    expect(controlFor({ ...stroke, ctrlKey: true }, CONTROLS, scene)).toBeNull();
    expect(controlFor({ ...stroke, key: "q" }, CONTROLS, scene)).toBeNull();
  });

  it("does nothing for a control that is not available", () => {
    expect(controlFor({ ...stroke, key: "E", shiftKey: true }, CONTROLS, scene)).toBeNull();
  });
});
