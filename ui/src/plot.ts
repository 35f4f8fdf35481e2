// Axes on a canvas: where a value lies, where the ticks stand, and what they are called.
import { ticks } from "./bars.ts";
import { sharpened } from "./draw.ts";
import { count, figure } from "./text.ts";
import { type Ink, ink } from "./theme.ts";

/** One axis: from a value to a place between 0 and 1, with its ticks and its title (the unit included). */
export interface Axis {
  title: string;
  place(value: number): number;
  marks: readonly { value: number; text: string }[];
}

export interface Frame {
  context: CanvasRenderingContext2D;
  colours: Ink;
  x(value: number): number;
  y(value: number): number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const MARGIN = { left: 54, right: 14, top: 22, bottom: 38 };

/** A linear axis that holds all of `values`; `most` is about how many ticks it may have. */
export function linear(title: string, values: readonly number[], most: number, percent = false): Axis {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(high > low)) [low, high] = high === low ? [low - 1, high + 1] : [0, 1];
  const room = (high - low) * 0.04;
  [low, high] = [low - room, high + room];
  const text = (value: number) => (percent ? `${figure(round(100 * value))} %` : figure(round(value)));
  return { title, place: (value) => (value - low) / (high - low), marks: ticks(low, high, most).map((value) => ({ value, text: text(value) })) };
}

/** Rounding that takes away what binary fractions leave behind. */
function round(value: number): number {
  return Number(value.toPrecision(9));
}

/** Counts 0, 1, 2, 4 … on a logarithmic axis, on which 0 lies one doubling to the left of 1. */
export function counts(title: string, largest: number, most: number): Axis {
  const top = 1 + Math.log2(Math.max(1, largest));
  const place = (value: number) => (value <= 0 ? 0 : (1 + Math.log2(value)) / top);
  const step = Math.max(1, Math.ceil(top / most));
  const marks = [{ value: 0, text: "0" }];
  for (let k = 0; 2 ** k <= largest; k += step) marks.push({ value: 2 ** k, text: count(2 ** k) });
  return { title, place, marks };
}

/** Numbers above zero on a logarithmic axis from the least to the largest; ticks at 1, 2 and 5 times powers of ten. */
export function decades(title: string, values: readonly number[], most: number): Axis {
  const known = values.filter((value) => value > 0);
  const [least, largest] = [Math.min(...known, Infinity), Math.max(...known, -Infinity)];
  if (!(largest > least)) return linear(title, values, most);
  const [low, high] = [Math.log(least), Math.log(largest)];
  const room = (high - low) * 0.04;
  const steps: number[] = [];
  for (let power = Math.floor(Math.log10(least)); 10 ** power <= largest; power++) steps.push(...[1, 2, 5].map((m) => m * 10 ** power));
  const inside = steps.filter((value) => value >= least * 0.999 && value <= largest * 1.001);
  const marks = inside.length > most ? inside.filter((value) => Number.isInteger(Math.log10(value))) : inside;
  return { title, place: (value) => (Math.log(value) - low + room) / (high - low + 2 * room), marks: marks.map((value) => ({ value, text: value >= 1 ? count(value) : figure(value) })) };
}

/** An empty plot with its axes drawn, or null where the browser has no canvas. */
export function frame(canvas: HTMLCanvasElement, width: number, height: number, x: Axis, y: Axis): Frame | null {
  const context = sharpened(canvas, width, height);
  if (!context) return null;
  const colours = ink();
  const [left, right, top, bottom] = [MARGIN.left, width - MARGIN.right, MARGIN.top, height - MARGIN.bottom];
  const made: Frame = {
    context,
    colours,
    left,
    right,
    top,
    bottom,
    x: (value) => left + x.place(value) * (right - left),
    y: (value) => bottom - y.place(value) * (bottom - top),
  };
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  context.lineWidth = 1;
  drawMarks(made, x, y);
  drawTitles(made, x.title, y.title);
  return made;
}

function drawMarks({ context, colours, left, right, top, bottom, ...at }: Frame, x: Axis, y: Axis): void {
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const { value, text } of y.marks) {
    const line = Math.round(at.y(value)) + 0.5;
    stroke(context, value === 0 ? colours.soft : colours.rule, [left, line], [right, line]);
    context.fillStyle = colours.soft;
    context.fillText(text, left - 7, line);
  }
  context.textBaseline = "top";
  context.textAlign = "center";
  let free = -Infinity;
  for (const { value, text } of x.marks) {
    const place = Math.round(at.x(value)) + 0.5;
    stroke(context, colours.soft, [place, bottom], [place, bottom + 4]);
    const half = context.measureText(text).width / 2;
    if (place - half < free) continue;
    context.fillStyle = colours.soft;
    context.fillText(text, Math.min(place, right + MARGIN.right - half), bottom + 7);
    free = place + half + 6;
  }
  stroke(context, colours.soft, [left, bottom + 0.5], [right, bottom + 0.5]);
  stroke(context, colours.soft, [left + 0.5, top], [left + 0.5, bottom]);
}

function drawTitles({ context, colours, left, right, bottom }: Frame, x: string, y: string): void {
  context.fillStyle = colours.soft;
  context.textBaseline = "top";
  context.textAlign = "right";
  context.fillText(x, right, bottom + 22);
  context.textAlign = "left";
  context.fillText(y, Math.max(0, left - 46), 3);
}

export function stroke(context: CanvasRenderingContext2D, colour: string, ...points: [number, number][]): void {
  context.strokeStyle = colour;
  context.beginPath();
  points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
}

/** The straight line y = slope · x + intercept between two values of x, cut where the axes end. */
export function straight(made: Frame, colour: string, dash: number[], [from, to]: readonly [number, number], slope = 1, intercept = 0): void {
  const { context } = made;
  context.save();
  context.beginPath();
  context.rect(made.left, made.top, made.right - made.left, made.bottom - made.top);
  context.clip();
  context.setLineDash(dash);
  stroke(context, colour, [made.x(from), made.y(slope * from + intercept)], [made.x(to), made.y(slope * to + intercept)]);
  context.restore();
}

/** An interval: a line with a stroke across each end. */
export function whisker(context: CanvasRenderingContext2D, colours: Ink, from: [number, number], to: [number, number]): void {
  const across = from[1] === to[1] ? [0, 4] : [4, 0];
  stroke(context, colours.ink, from, to);
  for (const [x, y] of [from, to]) stroke(context, colours.ink, [x - across[0]!, y - across[1]!], [x + across[0]!, y + across[1]!]);
}

export type Mark = "disc" | "square" | "ring";

/** A mark whose form tells as much as its colour does. */
export function dot(context: CanvasRenderingContext2D, mark: Mark, colour: string, x: number, y: number, size: number): void {
  context.fillStyle = context.strokeStyle = colour;
  context.beginPath();
  if (mark === "square") context.rect(x - size, y - size, 2 * size, 2 * size);
  else context.arc(x, y, size, 0, 2 * Math.PI);
  if (mark === "disc") context.fill();
  else context.stroke();
}
