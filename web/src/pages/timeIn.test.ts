import { expect, it } from "vitest";

import { timeIn } from "./timeIn";

const AT = Date.UTC(2026, 10, 26, 9, 30);

it("tells a time by the wall of its zone", () => {
  expect(timeIn(AT, "America/New_York", "en").text).toContain("4:30");
  expect(timeIn(AT, "America/New_York", "en").text).toMatch(/\(America\/New York\)$/);
});

it("tells it in UTC, and says so, where the browser does not know the zone", () => {
  const { text } = timeIn(AT, "Europe/Atlantis", "en");
  expect(text).toContain("9:30");
  expect(text).toMatch(/\(UTC\)$/);
});
