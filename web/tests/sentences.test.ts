import { describe, expect, it } from "vitest";

import type { DeviceState, EndReason, Lock, Toast } from "../src/call/contract";
import { en } from "../src/i18n/en";
import { LANGUAGES } from "../src/i18n/languages";

type Tree = { readonly [key: string]: string | Tree };

/** Every key with its sentence. */
function flat(tree: Tree, at = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "string") found.set(at + key, value);
    else for (const [inner, text] of flat(value, `${at}${key}.`)) found.set(inner, text);
  }
  return found;
}
const placeholders = (text: string): string[] => [...text.matchAll(/\{\{\w+\}\}/g)].map(([name]) => name).sort();

const english = flat(en);

describe.each(Object.entries(LANGUAGES))("%s", (code, language) => {
  const sentences = flat(language);

  it("has exactly the keys of English", () => {
    expect([...sentences.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it("leaves no sentence empty and no English one untouched", () => {
    for (const [key, text] of sentences) {
      expect(text.trim(), key).not.toBe("");
      if (code !== "en" && /\w+ \w+ \w+ \w+/.test(text) && !key.endsWith("Value")) expect(text, key).not.toBe(english.get(key));
    }
  });

  it("fills in the same names as English", () => {
    for (const [key, text] of sentences) {
      // "one person" may be a word in one language and a digit in another.
      const wanted = placeholders(english.get(key) ?? "").filter((name) => name !== "{{count}}");
      expect(placeholders(text).filter((name) => name !== "{{count}}").filter((name, i, all) => all.indexOf(name) === i), key).toEqual(
        wanted.filter((name, i, all) => all.indexOf(name) === i),
      );
    }
  });
});

// The types make these lists complete: a code that is added to the contract fails to compile here.
describe("the contract's codes", () => {
  it("have sentences", () => {
    const ended: Record<EndReason, string> = en.ended;
    const next: Record<EndReason, string> = en.endedNext;
    const toasts: Record<Exclude<Toast["kind"], "ordered_out"> | `ordered_out_${"one" | "other"}`, string> = en.toasts;
    const locks: Record<Lock, string> = en.call.lock;
    const microphone: Record<DeviceState, string> = en.lobby.microphoneState;
    const camera: Record<DeviceState, string> = en.lobby.cameraState;
    for (const sentences of [ended, next, toasts, locks, microphone, camera]) {
      for (const text of Object.values(sentences)) expect(text).toMatch(/[.?…]$/);
    }
  });
});

it("sets French signs apart from their word, and never at the beginning of a line", () => {
  for (const [key, text] of flat(LANGUAGES.fr)) expect(text, key).not.toMatch(/[\p{L}\p{N})»}][;?!:](?=\s|$)|«(?!\u00a0)|(?<!\u00a0)»| [:;?!»]|« /u);
});
