import { describe, expect, it } from "vitest";

import { linkify } from "./linkify";

const links = (text: string): string[] => linkify(text).filter((piece) => piece.link).map((piece) => piece.text);

describe("SAY-4: text", () => {
  it("is kept whole", () => {
    const text = "See https://example.org/a?b=c, then (http://localhost:8000/m/x#y.z)… « fin »";
    expect(linkify(text).map((piece) => piece.text).join("")).toBe(text);
  });

  it("links http and https without the sentence's own signs", () => {
    expect(links("See https://example.org/a?b=c, then (http://localhost:8000/x).")).toEqual(["https://example.org/a?b=c", "http://localhost:8000/x"]);
  });

  it.each(["javascript:alert(1)", "data:text/html,<b>x</b>", "ftp://example.org", "<a href='x'>y</a>", "http://"])("makes no link of %s", (text) => {
    expect(links(text)).toEqual([]);
  });
});
