// Shares below each other: a name, a dot with its interval, and where there is one the mark that it is held against.
import type { Plot } from "./figure.ts";
import { type Axis, dot, type Frame, frame, linear, stroke, whisker } from "./plot.ts";
import type { Sheet } from "./sheet.ts";
import { visible } from "./text.ts";

const ROW = 42;
const EMPTY: Axis = { title: "", place: (value) => value, marks: [] };

type Maybe = number | null;

export interface ShareRow {
  label: string;
  /** What stands beside the label. */
  text: string;
  value: Maybe;
  low: Maybe;
  high: Maybe;
  /** What the share is held against, or what part of it there is besides. */
  tick?: Maybe;
  /** What the pointer is told. */
  over: string;
}

interface Asked {
  title: string;
  says: string;
  axis: string;
  /** Values that the axis holds besides those of the rows. */
  ends: readonly number[];
  rows: readonly ShareRow[];
  keys: NonNullable<Plot["keys"]>;
  room?: "wide";
  sheet: Sheet;
}

export function sharesPlot({ rows, axis, ends, room, ...asked }: Asked): Plot {
  const known = rows.flatMap(({ value, low, high, tick }) => [value, low, high, tick ?? null]).filter((value) => value !== null);
  return {
    ...asked,
    ...(room ? { room } : {}),
    draw: (canvas, width) => {
      const made = frame(canvas, width, ROW * rows.length + 64, linear(axis, [...ends, ...known], Math.min(10, width / 60), true), EMPTY);
      if (!made) return;
      const zero = known.some((value) => value < 0);
      rows.forEach((row, k) => drawRow(made, row, made.top + 4 + ROW * k, width, zero));
    },
    over: ({ y }) => rows[Math.floor((y - 26) / ROW)]?.over ?? "",
  };
}

function drawRow(made: Frame, row: ShareRow, top: number, width: number, zero: boolean): void {
  const { context, colours } = made;
  const middle = top + 26;
  const font = getComputedStyle(document.body).fontFamily;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.font = `600 12px ${font}`;
  context.fillStyle = colours.ink;
  const label = visible(row.label, Math.max(12, Math.floor(width / 18)));
  context.fillText(label, made.left + 6, top + 12);
  const after = made.left + 16 + context.measureText(label).width;
  context.font = `12px ${font}`;
  context.fillStyle = colours.soft;
  context.fillText(visible(row.text, Math.max(8, Math.floor((made.right - after) / 6.4))), after, top + 12);
  stroke(context, colours.rule, [made.left, middle], [made.right, middle]);
  if (zero) stroke(context, colours.soft, [made.x(0), middle - 7], [made.x(0), middle + 7]);
  if (row.tick != null) {
    context.lineWidth = 2;
    stroke(context, colours.ink, [made.x(row.tick), middle - 7], [made.x(row.tick), middle + 7]);
  }
  context.lineWidth = 1.5;
  if (row.low !== null && row.high !== null) whisker(context, colours, [made.x(row.low), middle], [made.x(row.high), middle]);
  context.lineWidth = 1;
  if (row.value !== null) dot(context, "disc", colours.positive, made.x(row.value), middle, 4);
}
