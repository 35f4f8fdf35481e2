// Cells on a canvas, row by column, each tinted by its signed strength; what is not known is crossed out.
import { sharpened } from "./draw.ts";
import { ink } from "./theme.ts";

const TOP = 16;

export interface Grid {
  rows: readonly string[];
  columns: number;
  /** Pixels for the names of rows. */
  left: number;
  /** Most pixels of a row, and of all rows together. */
  row: number;
  most: number;
  /** What stands over a column of some width; nothing where it is not named. */
  label(column: number, wide: number): string;
  /** From −1 to 1, or null where nothing is known. */
  tint(row: number, column: number): number | null;
  /** What stands in a cell that has room for it. */
  text?(row: number, column: number): string;
}

function cell({ rows, columns, left, row, most }: Grid, width: number): { wide: number; high: number } {
  return { wide: (width - left) / Math.max(1, columns), high: Math.min(row, most / Math.max(1, rows.length)) };
}

/** The cell at a place of the drawing. */
export function cellAt(grid: Grid, width: number, { x, y }: { x: number; y: number }): [row: number, column: number] | null {
  const { wide, high } = cell(grid, width);
  const found: [number, number] = [Math.floor((y - TOP) / high), Math.floor((x - grid.left) / wide)];
  return found[0] >= 0 && found[0] < grid.rows.length && found[1] >= 0 && found[1] < grid.columns ? found : null;
}

export function drawGrid(canvas: HTMLCanvasElement, width: number, grid: Grid): void {
  const { wide, high } = cell(grid, width);
  const context = sharpened(canvas, width, TOP + grid.rows.length * high + 2);
  if (!context) return;
  const colours = ink();
  context.font = `10.5px ${getComputedStyle(document.body).fontFamily}`;
  context.fillStyle = colours.soft;
  names(context, grid, wide, high);
  context.strokeStyle = colours.rule;
  context.strokeRect(grid.left - 0.5, TOP - 0.5, grid.columns * wide + 1, grid.rows.length * high + 1);
  const written = grid.text && high >= 13 && wide >= 34;
  context.textBaseline = "middle";
  for (let r = 0; r < grid.rows.length; r++) {
    for (let c = 0; c < grid.columns; c++) {
      const [x, y, tint] = [grid.left + c * wide, TOP + r * high, grid.tint(r, c)];
      if (tint === null) {
        cross(context, colours.soft, [x, y, wide - 0.5, high - 0.5]);
        continue;
      }
      context.fillStyle = tint < 0 ? colours.negative : colours.positive;
      context.globalAlpha = Math.abs(tint);
      context.fillRect(x, y, wide - 0.5, high - 0.5);
      context.globalAlpha = 1;
      if (!written) continue;
      context.fillStyle = colours.ink;
      context.fillText(grid.text!(r, c), x + wide / 2, y + high / 2 + 0.5);
    }
  }
}

/** A line through a cell in which nothing was measured. */
function cross(context: CanvasRenderingContext2D, colour: string, [x, y, wide, high]: readonly [number, number, number, number]): void {
  context.strokeStyle = colour;
  context.globalAlpha = 0.45;
  context.beginPath();
  context.moveTo(x + 2, y + high - 2);
  context.lineTo(x + wide - 2, y + 2);
  context.stroke();
  context.globalAlpha = 1;
}

function names(context: CanvasRenderingContext2D, grid: Grid, wide: number, high: number): void {
  context.textBaseline = "middle";
  context.textAlign = "right";
  const every = Math.max(1, Math.ceil(12 / high));
  grid.rows.forEach((name, r) => r % every === 0 && context.fillText(name, grid.left - 6, TOP + (r + 0.5) * high));
  context.textBaseline = "top";
  context.textAlign = "center";
  let free = -Infinity;
  for (let c = 0; c < grid.columns; c++) {
    const [text, place] = [grid.label(c, wide), grid.left + (c + 0.5) * wide];
    const half = context.measureText(text).width / 2;
    if (!text || place - half < free) continue;
    context.fillText(text, place, 1);
    free = place + half + 4;
  }
}
