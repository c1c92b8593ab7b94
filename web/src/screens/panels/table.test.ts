import { describe, expect, it } from "vitest";

import { table, type TableWords } from "./table";

const WORDS: TableWords = { name: "Name", known: "Known by", from: "From", until: "Until", minutes: "Minutes", typed: "typed this name", signedIn: "signed in", domain: (domain) => `from ${domain}` };
const NINE = Date.UTC(2026, 10, 26, 9);
const stay = (name: string, more: object = {}) => ({ epoch: 1, from: NINE, incarnation: "i", key: "k", name, participant: "p", ...more });

describe("The table for a spreadsheet", () => {
  it("has one row for each stay, with the time zone named", () => {
    const rows = table([stay("Alice", { account: "a" }), stay("Bob", { until: NINE + 90_000 }), stay("Zoé", { domain: "school.example" })], NINE + 600_000, WORDS, "en", "Europe/Paris").split("\r\n");
    expect(rows).toEqual([
      '\u{feff}"Name","Known by","From (Europe/Paris)","Until","Minutes"',
      '"Alice","signed in","2026-11-26 10:00:00","","10"',
      '"Bob","typed this name","2026-11-26 10:00:00","2026-11-26 10:01:30","2"',
      '"Zoé","from school.example","2026-11-26 10:00:00","","10"',
      "",
    ]);
    expect(table([], NINE, WORDS, "fr", "UTC")).toContain('"Name";"Known by"');
  });

  it("makes no formula of a name, and lets none out of its cell (ATT-3)", () => {
    for (const name of ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", " =1", "＝1", "\t=1"]) {
      expect(table([stay(name)], NINE, WORDS, "en", "UTC")).toContain(`\r\n"'${name}",`);
    }
    expect(table([stay('a","=1')], NINE, WORDS, "en", "UTC")).toContain('"a"",""=1",');
  });
});
