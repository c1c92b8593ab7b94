export interface Box {
  readonly width: number;
  readonly height: number;
}

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly tile: Box;
  /** The rows do not fit: the stage scrolls. */
  readonly scrolls: boolean;
}

export interface Feature {
  readonly side: "right" | "below";
  readonly main: Box;
  readonly thumb: Box;
}

const RATIO = 16 / 9;
export const GAP = 8;
/** Below this a face is a smudge: rather scroll. */
const LEAST_WIDTH = 136;
const NEARLY = 0.95;
const whole = (box: Box): Box => ({ width: Math.floor(box.width), height: Math.floor(box.height) });

/** The largest 16:9 tile of which `count` fit, over every number of columns; scrolls when that would be too small. */
export function gallery(stage: Box, count: number): Grid {
  const shown = Math.max(1, count);
  const widths = Array.from({ length: shown }, (_, index) => widthIn(stage, shown, index + 1));
  const widest = Math.max(...widths);
  // Side by side reads better than one above the other when it costs almost nothing.
  const best = widths.findLastIndex((width) => width >= widest * NEARLY);
  if (widest >= Math.min(LEAST_WIDTH, stage.width)) return grid(shown, best + 1, widths[best] ?? 0, false);
  const columns = Math.max(1, Math.floor((stage.width + GAP) / (LEAST_WIDTH + GAP)));
  const width = Math.max(0, (stage.width - GAP * (columns - 1)) / columns);
  return grid(shown, columns, width, true);
}

function grid(count: number, columns: number, width: number, scrolls: boolean): Grid {
  return { columns, rows: Math.ceil(count / columns), tile: whole({ width, height: width / RATIO }), scrolls };
}

/** How wide a 16:9 tile can be in that many columns. */
function widthIn(stage: Box, count: number, columns: number): number {
  const rows = Math.ceil(count / columns);
  const across = (stage.width - GAP * (columns - 1)) / columns;
  const down = ((stage.height - GAP * (rows - 1)) / rows) * RATIO;
  return Math.max(0, Math.min(across, down));
}

/** One large area, the others as thumbnails at the longer side. */
export function feature(stage: Box, others: number): Feature {
  const side = stage.width > stage.height * 1.15 ? "right" : "below";
  if (others === 0) return { side, main: whole(stage), thumb: { width: 0, height: 0 } };
  const width = side === "right" ? clamp(stage.width * 0.2, 144, 288) : clamp(stage.width * 0.36, 128, 224);
  const thumb = whole({ width, height: width / RATIO });
  const main =
    side === "right"
      ? { width: stage.width - thumb.width - GAP, height: stage.height }
      : { width: stage.width, height: stage.height - thumb.height - GAP };
  return { side, main: whole({ width: Math.max(0, main.width), height: Math.max(0, main.height) }), thumb };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
