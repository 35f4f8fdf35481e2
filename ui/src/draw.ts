// The waterfall's bars on a canvas that lies over one column of the table, row for row.
import { type Bar, extent, ticks } from "./bars.ts";
import { signed } from "./text.ts";
import type { Ink } from "./theme.ts";

const PAD = 12;
const MOST_PIXELS = 16000;

/** A context in CSS pixels on a canvas that has the screen's own resolution. */
export function sharpened(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const scale = Math.min(devicePixelRatio || 1, MOST_PIXELS / Math.max(width, height, 1));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context?.scale(scale, scale);
  return context;
}

/** As much of a text as has room, with an ellipsis where it is cut. */
export function fitted(context: CanvasRenderingContext2D, text: string, room: number): string {
  let cut = text;
  while (cut.length > 1 && context.measureText(cut).width > room) cut = `${cut.slice(0, cut.endsWith("\u2026") ? -2 : -1)}\u2026`;
  return cut;
}

/** Where a row's middle is, and how thick its bar may be. */
export interface Row {
  y: number;
  height: number;
}

export function drawBars(
  canvas: HTMLCanvasElement,
  size: { width: number; height: number; head: number },
  bars: readonly Bar[],
  rows: readonly Row[],
  colours: Ink,
): void {
  const context = sharpened(canvas, size.width, size.height);
  if (!context) return;
  const [low, high] = extent(bars);
  const x = (value: number) => PAD + ((value - low) / (high - low)) * (size.width - 2 * PAD);
  drawAxis(context, size, low, high, x, colours);
  bars.forEach((bar, i) => {
    const row = rows[i];
    if (!row) return;
    const next = rows[i + 1];
    if (next) drawStep(context, x(bar.to), row, next, colours);
    drawBar(context, bar, row, x, colours);
    drawInterval(context, bar, row, x, colours);
  });
}

function drawAxis(
  context: CanvasRenderingContext2D,
  size: { width: number; height: number; head: number },
  low: number,
  high: number,
  x: (value: number) => number,
  colours: Ink,
): void {
  const marks = ticks(low, high, Math.max(2, Math.floor(size.width / 90)));
  const step = marks.length > 1 ? marks[1]! - marks[0]! : 1;
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  for (const mark of marks) {
    const at = Math.round(x(mark)) + 0.5;
    const zero = Math.abs(mark) < step / 1e6;
    context.strokeStyle = zero ? colours.soft : colours.rule;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(at, size.head - 4);
    context.lineTo(at, size.height);
    context.stroke();
    context.fillStyle = colours.soft;
    const text = zero ? "0" : signed(mark, places);
    const half = context.measureText(text).width / 2 + 1;
    context.fillText(text, Math.min(size.width - half, Math.max(half, at)), size.head - 9);
  }
}

function drawStep(context: CanvasRenderingContext2D, at: number, row: Row, next: Row, colours: Ink): void {
  context.strokeStyle = colours.soft;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(Math.round(at) + 0.5, row.y + row.height / 2);
  context.lineTo(Math.round(at) + 0.5, next.y - next.height / 2);
  context.stroke();
}

function drawBar(
  context: CanvasRenderingContext2D,
  bar: Bar,
  row: Row,
  x: (value: number) => number,
  colours: Ink,
): void {
  const left = Math.min(x(bar.from), x(bar.to));
  const width = Math.max(1, Math.abs(x(bar.to) - x(bar.from)));
  const colour = bar.kind === "total" ? colours.total : bar.value < 0 ? colours.negative : colours.positive;
  context.fillStyle = colour;
  context.strokeStyle = colour;
  const [top, height] = [row.y - row.height / 2, row.height];
  if (bar.kind === "part" || bar.kind === "total") {
    context.fillRect(left, top, width, height);
    return;
  }
  context.globalAlpha = 0.35;
  context.fillRect(left, top, width, height);
  context.globalAlpha = 1;
  context.lineWidth = 1;
  context.strokeRect(left + 0.5, top + 0.5, Math.max(0, width - 1), height - 1);
}

function drawInterval(
  context: CanvasRenderingContext2D,
  bar: Bar,
  row: Row,
  x: (value: number) => number,
  colours: Ink,
): void {
  if (bar.low == null || bar.high == null) return;
  const [left, right] = [x(bar.from + bar.low), x(bar.from + bar.high)];
  for (const [colour, width] of [[colours.paper, 3], [colours.ink, 1.25]] as const) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(left, row.y);
    context.lineTo(right, row.y);
    for (const end of [left, right]) {
      context.moveTo(end, row.y - 3);
      context.lineTo(end, row.y + 3);
    }
    context.stroke();
  }
}
