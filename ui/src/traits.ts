// How far each angle moves each trait: a square a cell, a dot where it was called, hatching where a trait was refused.
import { fitted, sharpened } from "./draw.ts";
import { CALLED, type Cells, type FaceData, type Maybe, PRESENT, RELIABLE } from "./face-data.ts";
import type { Plot } from "./figure.ts";
import type { Selection } from "./selection.ts";
import { count, figure, visible } from "./text.ts";
import { type Ink, ink } from "./theme.ts";

const LEAST_LABELLED = 13;
const MOST_CELL = 26;

interface Grid {
  left: number;
  top: number;
  wide: number;
  high: number;
}

export function traitPlot(data: FaceData, cells: Cells, selection: Selection): Plot {
  const order = byFamily(data);
  const { traits } = data;
  const refused = new Map(data.reliability.filter((row) => row.refused).map((row) => [row.trait, row.value]));
  const called = cells.state.reduce((sum, state) => sum + (state & CALLED), 0);
  const under = (x: number, y: number, width: number): [trait: number, angle: number] | null => {
    const { left, top, wide, high } = gridOf(width, traits.length, order.length);
    const [t, k] = [Math.floor((y - top) / high), Math.floor((x - left) / wide)];
    return t >= 0 && t < traits.length && k >= 0 && k < order.length ? [t, order[k]!] : null;
  };
  const lost = refused.size ? ` Refused for a reliability below 0.7: ${[...refused].map(([trait, value]) => `${visible(trait, 30)} (${value === null ? "\u2013" : figure(value)})`).join(", ")}.` : "";
  return {
    room: "wide",
    title: "Traits by angle",
    says: `How far an angle moves a trait's score, in log-odds, against the clean prompts. ${count(called)} of ${count(present(cells))} cells are called (dot).${lost}`,
    keys: [["plus", "more of the trait"], ["minus", "less of it"], ["mark-dot", "called"], ["notch", "refused or not reliable"]],
    sheet: {
      name: "traits-by-angle",
      columns: ["trait", "angle", "shift, log-odds", "low", "high", "p", "called", "reliable"],
      rows: () => rows(data, cells),
    },
    draw: (canvas, width) => draw(canvas, width, data, cells, order, selection, refused),
    over: ({ x, y }, width) => {
      const found = under(x, y, width);
      return found ? cellText(data, cells, ...found) : "";
    },
    press: ({ x, y }, width) => selection.select(under(x, y, width)?.[1]),
  };
}

function present(cells: Cells): number {
  return cells.state.reduce((sum, state) => sum + Number((state & PRESENT) !== 0), 0);
}

function cellText({ traits, angles }: FaceData, { shift, low, high, state }: Cells, t: number, a: number): string {
  const at = t * angles.length + a;
  const name = `${visible(traits[t]!, 40)}, ${visible(angles[a]!.angle, 60)}`;
  if (Number.isNaN(shift[at]!)) return `${name}: no figure`;
  const ends = Number.isNaN(low[at]!) || Number.isNaN(high[at]!) ? "" : ` (95 %: ${figure(low[at]!)} \u2026 ${figure(high[at]!)})`;
  return `${name}: ${figure(shift[at]!)}${ends}${state[at]! & CALLED ? ", called" : ""}${state[at]! & RELIABLE ? "" : ", not reliable"}`;
}

function* rows({ traits, angles }: FaceData, { shift, low, high, p, state }: Cells) {
  const known = (value: number) => (Number.isNaN(value) ? null : value);
  for (let t = 0; t < traits.length; t++)
    for (let a = 0; a < angles.length; a++) {
      const at = t * angles.length + a;
      if (state[at]! & PRESENT) yield [traits[t]!, angles[a]!.angle, known(shift[at]!), known(low[at]!), known(high[at]!), known(p[at]!), state[at]! & CALLED ? "yes" : "no", state[at]! & RELIABLE ? "yes" : "no"] as const;
    }
}

/** The angles with those of one family side by side, families as they come; controls first. */
function byFamily({ angles }: FaceData): number[] {
  const first = new Map<string, number>();
  angles.forEach(({ family }) => first.has(family) || first.set(family, first.size));
  const rank = (k: number) => (angles[k]!.control ? -1 : first.get(angles[k]!.family)!);
  return [...angles.keys()].sort((a, b) => rank(a) - rank(b) || a - b);
}

function gridOf(width: number, traits: number, angles: number): Grid {
  const left = Math.min(108, width * 0.27);
  const wide = Math.min(MOST_CELL, (width - left - 4) / Math.max(1, angles));
  return { left, top: wide >= LEAST_LABELLED ? 112 : 34, wide, high: Math.max(15, Math.min(22, 320 / Math.max(1, traits))) };
}

function draw(canvas: HTMLCanvasElement, width: number, data: FaceData, cells: Cells, order: readonly number[], selection: Selection, refused: ReadonlyMap<string, Maybe>): void {
  const { traits, angles } = data;
  const grid = gridOf(width, traits.length, order.length);
  const context = sharpened(canvas, width, grid.top + grid.high * traits.length + 6);
  if (!context) return;
  const colours = ink();
  const most = cells.shift.reduce((size, shift) => (Number.isNaN(shift) ? size : Math.max(size, Math.abs(shift))), 0) || 1;
  const gap = grid.wide > 5 ? 1 : 0;
  traits.forEach((trait, t) => {
    const y = grid.top + t * grid.high;
    order.forEach((a, k) => {
      const at = t * angles.length + a;
      const x = grid.left + k * grid.wide;
      const shift = cells.shift[at]!;
      if (Number.isNaN(shift)) return;
      context.fillStyle = shift < 0 ? colours.negative : colours.positive;
      context.globalAlpha = 0.06 + 0.94 * Math.sqrt(Math.abs(shift) / most);
      context.fillRect(x, y, grid.wide - gap, grid.high - 1);
      context.globalAlpha = 1;
      if (cells.state[at]! & CALLED) dotted(context, colours, x + (grid.wide - gap) / 2, y + (grid.high - 1) / 2, Math.min(2.6, grid.wide * 0.3));
      if (!refused.has(trait) && !(cells.state[at]! & RELIABLE)) hatched(context, colours, x, y, grid.wide - gap, grid.high - 1);
    });
    if (!refused.has(trait)) return;
    hatched(context, colours, grid.left, y, grid.wide * order.length - gap, grid.high - 1);
    const value = refused.get(trait);
    note(context, colours, value == null ? "refused" : `refused, reliability ${figure(value)}`, grid.left + (grid.wide * order.length) / 2, y + grid.high / 2);
  });
  drawNames(context, colours, data, order, grid, selection, refused);
}

function dotted(context: CanvasRenderingContext2D, colours: Ink, x: number, y: number, size: number): void {
  context.fillStyle = colours.ink;
  context.strokeStyle = colours.paper;
  context.beginPath();
  context.arc(x, y, Math.max(1, size), 0, 2 * Math.PI);
  if (size > 1.6) context.stroke();
  context.fill();
}

function hatched(context: CanvasRenderingContext2D, colours: Ink, x: number, y: number, wide: number, high: number): void {
  context.save();
  context.beginPath();
  context.rect(x, y, wide, high);
  context.clip();
  context.fillStyle = colours.paper;
  context.globalAlpha = 0.62;
  context.fillRect(x, y, wide, high);
  context.globalAlpha = 0.7;
  context.strokeStyle = colours.soft;
  context.lineWidth = 0.8;
  context.beginPath();
  for (let d = Math.floor((x - high) / 5) * 5; d < x + wide; d += 5) {
    context.moveTo(d, y + high);
    context.lineTo(d + high, y);
  }
  context.stroke();
  context.restore();
}

/** A word over a hatched row, on a breath of paper. */
function note(context: CanvasRenderingContext2D, colours: Ink, text: string, x: number, y: number): void {
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 5;
  context.strokeStyle = colours.paper;
  context.strokeText(text, x, y);
  context.lineWidth = 1;
  context.fillStyle = colours.soft;
  context.fillText(text, x, y);
}

function drawNames(context: CanvasRenderingContext2D, colours: Ink, { traits, angles }: FaceData, order: readonly number[], grid: Grid, selection: Selection, refused: ReadonlyMap<string, Maybe>): void {
  const family = getComputedStyle(document.body).fontFamily;
  const { left, top, wide, high } = grid;
  context.textBaseline = "middle";
  context.textAlign = "right";
  traits.forEach((trait, t) => {
    context.font = `11.5px ${family}`;
    context.fillStyle = refused.has(trait) ? colours.soft : colours.ink;
    context.fillText(fitted(context, visible(trait, 40), left - 12), left - 8, top + (t + 0.5) * high);
  });
  const named = wide >= LEAST_LABELLED;
  order.forEach((a, k) => {
    const chosen = a === selection.index;
    const x = left + (k + 0.5) * wide;
    if (chosen) frameColumn(context, colours, left + k * wide, top, wide, high * traits.length);
    if (!named) return;
    context.save();
    context.translate(x, top - 6);
    context.rotate(-Math.PI / 2);
    context.textAlign = "left";
    context.font = `${chosen ? "600 " : ""}11px ${family}`;
    context.fillStyle = colours.ink;
    context.fillText(fitted(context, visible(angles[a]!.angle, 40), top - 12), 0, 0);
    context.restore();
  });
  if (!named) drawFamilies(context, colours, angles, order, grid);
}

/** The families over their columns where the angles' own names have no room. */
function drawFamilies(context: CanvasRenderingContext2D, colours: Ink, angles: FaceData["angles"], order: readonly number[], { left, top, wide }: Grid): void {
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  context.textAlign = "left";
  context.textBaseline = "bottom";
  for (let from = 0, to = 0; from < order.length; from = to) {
    const { family, control } = angles[order[from]!]!;
    const same = (k: number) => angles[order[k]!]!.control === control && (control || angles[order[k]!]!.family === family);
    while (to < order.length && same(to)) to++;
    const [x, room] = [left + from * wide, (to - from) * wide];
    context.strokeStyle = colours.strong;
    context.beginPath();
    context.moveTo(x + 0.5, top - 5.5);
    context.lineTo(x + room - 1.5, top - 5.5);
    context.stroke();
    context.fillStyle = colours.soft;
    if (room > 24) context.fillText(fitted(context, control ? "controls" : visible(family, 40), room - 4), x, top - 9);
  }
}

function frameColumn(context: CanvasRenderingContext2D, colours: Ink, x: number, y: number, wide: number, high: number): void {
  context.strokeStyle = colours.focus;
  context.lineWidth = 2;
  context.strokeRect(x - 1, y - 1.5, Math.max(3, wide + 1), high + 2);
  context.lineWidth = 1;
}
