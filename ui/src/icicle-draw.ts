// The icicle on a canvas: net share as the shade, what cancels as a hatched notch, and lines from a node to its enlargement.
import { sharpened } from "./draw.ts";
import { cancelled, type Icicle, LEVELS, type Span } from "./icicle.ts";
import { stroke } from "./plot.ts";
import type { Ink } from "./theme.ts";
import { path, type Tree } from "./tree.ts";
import { count } from "./text.ts";

const BAND = 22;
const NOTCH = 5;
const GAPS = [2, 8, 8];
const TOPS = Array.from({ length: LEVELS }, (_, level) => GAPS.slice(0, level).reduce((y, gap) => y + gap + BAND, 0));

export const ICICLE_HEIGHT = TOPS[LEVELS - 1]! + BAND;

export function drawIcicle(canvas: HTMLCanvasElement, width: number, tree: Tree, laid: Icicle, open: number, colours: Ink): void {
  const context = sharpened(canvas, width, ICICLE_HEIGHT);
  if (!context) return;
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = "middle";
  const most = largestByLevel(laid.spans);
  const opened = new Set(path(tree, open));
  for (const span of laid.spans) drawSpan(context, width, tree, span, most[span.level]!, colours);
  for (const span of laid.spans) if (span.level > 0 && !span.rest && opened.has(span.node)) outline(context, width, span, colours.ink);
  for (let level = 2; level < LEVELS; level++) drawEnlargement(context, width, laid, level, colours);
}

function drawSpan(context: CanvasRenderingContext2D, width: number, tree: Tree, span: Span, most: number, colours: Ink): void {
  const [x, y, wide] = box(span, width);
  const strength = span.level === 0 ? 1 : 0.1 + 0.9 * Math.sqrt(Math.abs(span.net) / most);
  const colour = span.level === 0 ? colours.total : span.net < 0 ? colours.negative : colours.positive;
  context.globalAlpha = strength;
  context.fillStyle = colour;
  context.fillRect(x, y, wide, BAND);
  context.globalAlpha = 1;
  if (wide < 6) return;
  const ground = clearest(colour, strength, colours);
  notch(context, x, y, wide, cancelled(span.net, span.gross), ground);
  label(context, tree, span, x, y, wide, ground);
}

/** At the foot of a part, hatched from the right: how much of its leaves' sizes cancels. */
function notch(context: CanvasRenderingContext2D, x: number, y: number, wide: number, part: number, colour: string): void {
  const long = part * wide;
  if (long < 3) return;
  const [left, top] = [x + wide - long, y + BAND - NOTCH];
  context.save();
  context.beginPath();
  context.rect(left, top, long, NOTCH);
  context.clip();
  context.globalAlpha = 0.75;
  context.lineWidth = 1;
  for (let at = left - NOTCH; at < x + wide; at += 4) stroke(context, colour, [at, top + NOTCH], [at + NOTCH, top]);
  context.restore();
}

function label(context: CanvasRenderingContext2D, tree: Tree, span: Span, x: number, y: number, wide: number, colour: string): void {
  const text = span.rest ? `${count(span.rest)} small` : shortName(tree.name(span.node), span.level);
  if (wide < 18 || context.measureText(text).width > wide - 6) return;
  context.fillStyle = colour;
  context.textAlign = "left";
  context.fillText(text, x + 4, y + (BAND - NOTCH) / 2 + 1.5);
}

/** A site without what the strips above it say already. */
function shortName(site: string, level: number): string {
  return level < 2 ? site : site.slice(site.lastIndexOf(".") + 1);
}

function outline(context: CanvasRenderingContext2D, width: number, span: Span, colour: string): void {
  const [x, y, wide] = box(span, width);
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.strokeRect(x + 1, y + 1, Math.max(1, wide - 2), BAND - 2);
}

/** Lines from the ends of a node to the ends of the strip in which it is enlarged. */
function drawEnlargement(context: CanvasRenderingContext2D, width: number, laid: Icicle, level: number, colours: Ink): void {
  const scope = laid.scopes[level]!;
  if (scope === laid.scopes[level - 1]) return;
  const from = laid.spans.find((span) => !span.rest && span.node === scope);
  if (!from) return;
  const [x, y, wide] = box(from, width);
  context.lineWidth = 1;
  stroke(context, colours.soft, [x + 0.5, y + BAND], [0.5, TOPS[level]!]);
  stroke(context, colours.soft, [x + wide - 0.5, y + BAND], [width - 0.5, TOPS[level]!]);
}

function box(span: Span, width: number): [x: number, y: number, wide: number] {
  const x = span.left * width;
  const space = (span.right - span.left) * width;
  return [x, TOPS[span.level]!, Math.max(0.5, space > 4 ? space - 1 : space)];
}

/** The level at a height of the canvas, or −1 between two. */
export function levelAt(y: number): number {
  return TOPS.findIndex((top) => top <= y && y < top + BAND);
}

/** Where a span lies on the canvas. */
export function placeOf(span: Span, width: number): { left: number; top: number; width: number; height: number } {
  const [left, top, wide] = box(span, width);
  return { left, top, width: wide, height: BAND };
}

/** Ink or paper, whichever stands out more on `colour` laid over paper at this strength. */
function clearest(colour: string, strength: number, { ink, paper }: Ink): string {
  const [over, under] = [channels(colour), channels(paper)];
  const ground = luminance(over.map((value, k) => strength * value + (1 - strength) * under[k]!));
  const contrast = (text: string) => {
    const [low, high] = [ground, luminance(channels(text))].sort((a, b) => a - b);
    return (high! + 0.05) / (low! + 0.05);
  };
  return contrast(ink) > contrast(paper) ? ink : paper;
}

/** Red, green and blue of a `#rrggbb` colour, from 0 to 1. */
function channels(colour: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
}

/** Relative luminance as WCAG 2 has it. */
function luminance(colour: readonly number[]): number {
  const [red, green, blue] = colour.map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function largestByLevel(spans: readonly Span[]): number[] {
  const most = new Array<number>(LEVELS).fill(1e-300);
  for (const { net, level } of spans) most[level] = Math.max(most[level]!, Math.abs(net));
  return most;
}
