// The whole model at once: a strip a level, each part as wide as the sum of its leaves' sizes, tinted by its own share.
import { sharpened } from "./draw.ts";
import type { Ink } from "./theme.ts";
import { path, type Tree } from "./tree.ts";

const BAND = 17;
const GAP = 2;
const LEVELS = 4;
export const MAP_HEIGHT = LEVELS * (BAND + GAP);

export interface Cell {
  node: number;
  level: number;
  left: number;
  right: number;
}

/** Where every part lies, from 0 to 1; parts narrower than `finest` are left to their parent. */
export function cells(tree: Tree, values: Float64Array, finest: number): Cell[] {
  const size = new Float64Array(tree.size);
  for (let node = tree.size - 1; node > 0; node--) {
    if (node >= tree.inner.length) size[node] = Math.abs(values[node]!);
    size[tree.parent[node]!]! += size[node]!;
  }
  const whole = size[0] || 1;
  const out: Cell[] = [];
  const lay = (node: number, level: number, left: number) => {
    const right = left + size[node]! / whole;
    if (right - left < finest) return;
    out.push({ node, level, left, right });
    let at = left;
    for (const child of tree.children[node] ?? []) {
      lay(child, level + 1, at);
      at += size[child]! / whole;
    }
  };
  lay(0, 0, 0);
  return out;
}

export function drawMap(
  canvas: HTMLCanvasElement,
  width: number,
  tree: Tree,
  laid: readonly Cell[],
  values: Float64Array,
  open: number,
  colours: Ink,
): void {
  const context = sharpened(canvas, width, MAP_HEIGHT);
  if (!context) return;
  const most = largestByLevel(laid, values);
  const opened = new Set(path(tree, open));
  context.font = `10.5px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = "middle";
  for (const cell of laid) {
    const value = values[cell.node]!;
    const [x, y] = [cell.left * width, cell.level * (BAND + GAP)];
    const wide = Math.max(0.5, (cell.right - cell.left) * width - (cell.level < 3 ? 1 : 0.5));
    const strength = cell.level === 0 ? 1 : 0.12 + 0.88 * Math.sqrt(Math.abs(value) / most[cell.level]!);
    const colour = cell.level === 0 ? colours.total : value < 0 ? colours.negative : colours.positive;
    context.globalAlpha = strength;
    context.fillStyle = colour;
    context.fillRect(x, y, wide, BAND);
    context.globalAlpha = 1;
    context.fillStyle = clearest(colour, strength, colours);
    label(context, tree, cell, x, y, wide);
    if (!opened.has(cell.node) || cell.level === 0) continue;
    context.strokeStyle = colours.ink;
    context.lineWidth = 2;
    context.strokeRect(x + 1, y + 1, Math.max(1, wide - 2), BAND - 2);
  }
}

function label(
  context: CanvasRenderingContext2D,
  tree: Tree,
  cell: Cell,
  x: number,
  y: number,
  wide: number,
): void {
  if (cell.level > 2 || wide < 30) return;
  const site = tree.name(cell.node);
  const text = cell.level === 2 ? site.slice(site.indexOf(".") + 1) : site;
  if (context.measureText(text).width > wide - 8) return;
  context.fillText(text, x + 5, y + BAND / 2 + 0.5);
}

/** Ink or paper, whichever stands out more on `colour` laid over paper at this strength. */
function clearest(colour: string, strength: number, { ink, paper }: Ink): string {
  const ground = strength * light(colour) + (1 - strength) * light(paper);
  return Math.abs(light(ink) - ground) > Math.abs(light(paper) - ground) ? ink : paper;
}

/** How light a `#rrggbb` colour looks, from 0 to 1. */
function light(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  return 0.3 * red! + 0.59 * green! + 0.11 * blue!;
}

/** The part under a point of the map, or null. */
export function cellAt(laid: readonly Cell[], x: number, y: number): Cell | null {
  const level = Math.floor(y / (BAND + GAP));
  return laid.find((cell) => cell.level === level && cell.left <= x && x < cell.right) ?? null;
}

function largestByLevel(laid: readonly Cell[], values: Float64Array): number[] {
  const most = new Array<number>(LEVELS + 1).fill(1e-300);
  for (const { node, level } of laid) most[level] = Math.max(most[level]!, Math.abs(values[node]!));
  return most;
}
