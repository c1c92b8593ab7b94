import { describe, expect, it } from "vitest";

import { feature, gallery, GAP } from "./layout";

const STAGES = [
  { width: 344, height: 560 },
  { width: 740, height: 300 },
  { width: 900, height: 1100 },
  { width: 1264, height: 620 },
  { width: 1900, height: 960 },
  { width: 3400, height: 1300 },
];
const COUNTS = Array.from({ length: 50 }, (_, index) => index + 1);

describe.each(STAGES)("a stage of $width × $height", (stage) => {
  it("holds 1 to 50 tiles of 16:9 inside its width, and inside its height unless it scrolls", () => {
    for (const count of COUNTS) {
      const { columns, rows, tile, scrolls } = gallery(stage, count);
      expect(columns * rows).toBeGreaterThanOrEqual(count);
      expect(columns * (rows - 1)).toBeLessThan(count);
      expect(columns * tile.width + GAP * (columns - 1)).toBeLessThanOrEqual(stage.width);
      if (!scrolls) expect(rows * tile.height + GAP * (rows - 1)).toBeLessThanOrEqual(stage.height);
      expect(Math.abs(tile.width / tile.height - 16 / 9)).toBeLessThan(0.03);
      expect(tile.width).toBeGreaterThanOrEqual(130);
    }
  });

  it("gives no notably larger tile to more people", () => {
    const widths = COUNTS.map((count) => gallery(stage, count)).filter((grid) => !grid.scrolls).map((grid) => grid.tile.width);
    for (const [index, width] of widths.slice(1).entries()) expect(width * 0.94).toBeLessThanOrEqual(widths[index] ?? 0);
  });

  it("gives most of itself to what is shown large", () => {
    const { main, thumb, side } = feature(stage, 4);
    expect(main.width * main.height).toBeGreaterThan(stage.width * stage.height * 0.45);
    expect(side === "right" ? main.width + thumb.width + GAP : main.height + thumb.height + GAP).toBeLessThanOrEqual(side === "right" ? stage.width : stage.height);
  });
});

it("puts two people side by side on a wide stage and one above the other on a phone", () => {
  expect(gallery({ width: 1264, height: 620 }, 2).columns).toBe(2);
  expect(gallery({ width: 1184, height: 680 }, 2).columns).toBe(2);
  expect(gallery({ width: 344, height: 560 }, 2).columns).toBe(1);
});
