// Who answers from each angle, as a place in a triangle whose corners are the own voice, another voice, and no one.
import { sharpened } from "./draw.ts";
import { type Angle, type Share, SHARES } from "./face-data.ts";
import type { Plot } from "./figure.ts";
import { familyKeys, halo, look, nearest, sizeOf, stamp, type Tone } from "./glyph.ts";
import { labelled } from "./labels.ts";
import type { Selection } from "./selection.ts";
import { HEIGHT, placed, type Place, type Three, within } from "./simplex.ts";
import { percent, visible } from "./text.ts";
import { type Ink, ink } from "./theme.ts";

const MOST = 430;
const ROOM = { left: 34, right: 34, top: 24, bottom: 42 };
const NAMED = 4;
const STEPS = [0.2, 0.4, 0.6, 0.8];

interface Triangle {
  left: number;
  top: number;
  side: number;
}

export function ternaryPlot(selection: Selection, forms: ReadonlyMap<string, number>, tone: () => Tone, tools: HTMLElement, own: string): Plot {
  const { angles } = selection;
  const known = angles.flatMap((angle, k): [number, Three][] => {
    const shares = SHARES.map((share) => angle[share]?.value ?? null);
    return shares.every((share) => share !== null) ? [[k, shares as unknown as Three]] : [];
  });
  const marksOn = (width: number) => {
    const triangle = triangleOf(width);
    return known.map(([k, shares]) => [k, ...at(triangle, placed(shares))] as const);
  };
  return {
    title: "Who answers",
    says: said(angles, known.map(([k]) => angles[k]!)),
    keys: familyKeys(forms),
    tools,
    sheet: {
      name: "face-shares",
      columns: ["angle", "family", "control", "called", ...SHARES.flatMap((share) => [share, `${share}, low`, `${share}, high`])],
      rows: () => angles.map((angle) => [angle.angle, angle.family, angle.control ? "yes" : "no", angle.called ? "yes" : "no", ...SHARES.flatMap((share) => [angle[share]?.value ?? null, angle[share]?.low ?? null, angle[share]?.high ?? null])] as const),
    },
    draw: (canvas, width) => draw(canvas, width, selection, marksOn(width), forms, tone(), own),
    over: ({ x, y }, width) => {
      const k = nearest(marksOn(width), x, y);
      return k === null ? "" : `${visible(angles[k]!.angle, 60)}: ${shareText(angles[k]!)}`;
    },
    press: ({ x, y }, width) => selection.select(nearest(marksOn(width), x, y, 16)),
  };
}

const NAMES: Record<Share, string> = { own: "own", other: "another", nobody: "no one" };

export function shareText(angle: Angle): string {
  return SHARES.map((share) => `${NAMES[share]} ${percent(angle[share]?.value)}`).join(", ");
}

function said(angles: readonly Angle[], known: readonly Angle[]): string {
  const tested = known.filter((angle) => !angle.control);
  const middle = (of: readonly Angle[]) => percent([...of.map((angle) => angle.own!.value!)].sort((a, b) => a - b)[Math.floor(of.length / 2)]);
  const controls = known.filter((angle) => angle.control);
  const called = tested.filter((angle) => angle.called).length;
  const parts = [`Each mark is an angle; the nearer it lies to a corner, the more replies end there. Filled: called (${called} of ${tested.length}).`];
  if (tested.length) parts.push(`The middle angle keeps ${middle(tested)} of replies in the own voice${controls.length ? `, the middle control ${middle(controls)}` : ""}.`);
  if (known.length < angles.length) parts.push(`${angles.length - known.length} have no figures and are not drawn.`);
  return parts.join(" ");
}

function triangleOf(width: number): Triangle {
  const side = Math.max(40, Math.min(MOST, width - ROOM.left - ROOM.right));
  return { left: (width - side) / 2, top: ROOM.top, side };
}

function at({ left, top, side }: Triangle, [x, y]: Place): [number, number] {
  return [left + side * x, top + side * y];
}

function draw(canvas: HTMLCanvasElement, width: number, selection: Selection, marks: readonly (readonly [number, number, number])[], forms: ReadonlyMap<string, number>, tone: Tone, own: string): void {
  const triangle = triangleOf(width);
  const context = sharpened(canvas, width, triangle.top + triangle.side * HEIGHT + ROOM.bottom);
  if (!context) return;
  const colours = ink();
  const { angles, index } = selection;
  drawGrid(context, triangle, colours, own);
  drawReach(context, triangle, index === null ? null : angles[index]!, colours);
  const rank = (k: number) => Number(angles[k]!.called) + 2 * Number(k === index);
  for (const [k, x, y] of [...marks].sort(([a], [b]) => rank(a) - rank(b))) {
    stamp(context, look(angles[k]!, forms, tone, colours), x, y, sizeOf(angles.length), colours.paper);
    if (k === index) halo(context, colours.focus, x, y);
  }
  const first = [...marks].filter(([k]) => k === index || angles[k]!.called).sort(([a], [b]) => rank(b) - rank(a) || angles[a]!.own!.value! - angles[b]!.own!.value!);
  const ticks = STEPS.flatMap((s) => [[placed([1 - s, 0, s]), 12], [placed([s, 1 - s, 0]), -12]] as const).map(([place, away]) => [null, at(triangle, place)[0] + away, at(triangle, place)[1]] as const);
  labelled(context, colours, first.slice(0, NAMED + 1).map(([k, x, y]) => ({ text: visible(angles[k]!.angle, 22), x, y, strong: k === index })), [...marks, ...ticks], { left: 2, right: width - 2, top: triangle.top - 10, bottom: triangle.top + triangle.side * HEIGHT + 4 });
}

/** The triangle, its lines of equal shares, and what its corners are. */
function drawGrid(context: CanvasRenderingContext2D, triangle: Triangle, colours: Ink, own: string): void {
  const line = (from: Three, to: Three, colour: string) => {
    context.strokeStyle = colour;
    context.beginPath();
    context.moveTo(...at(triangle, placed(from)));
    context.lineTo(...at(triangle, placed(to)));
    context.stroke();
  };
  context.lineWidth = 1;
  for (const s of STEPS) {
    line([s, 1 - s, 0], [s, 0, 1 - s], colours.rule);
    line([1 - s, s, 0], [0, s, 1 - s], colours.rule);
    line([1 - s, 0, s], [0, 1 - s, s], colours.rule);
  }
  line([1, 0, 0], [0, 1, 0], colours.soft);
  line([0, 1, 0], [0, 0, 1], colours.soft);
  line([0, 0, 1], [1, 0, 0], colours.soft);
  const family = getComputedStyle(document.body).fontFamily;
  context.font = `10.5px ${family}`;
  const tick = (shares: Three, value: number, align: CanvasTextAlign, dx: number, dy: number) => {
    const [x, y] = at(triangle, placed(shares));
    context.textAlign = align;
    context.textBaseline = "middle";
    context.fillStyle = colours.soft;
    context.fillText(`${Math.round(100 * value)}`, x + dx, y + dy);
  };
  for (const s of STEPS) {
    tick([s, 1 - s, 0], s, "right", -6, 0);
    tick([0, s, 1 - s], s, "center", 0, 10);
    tick([1 - s, 0, s], s, "left", 6, 0);
  }
  context.font = `600 12px ${family}`;
  const corner = (shares: Three, text: string, colour: string, align: CanvasTextAlign, dx: number, dy: number) => {
    const [x, y] = at(triangle, placed(shares));
    context.textAlign = align;
    context.textBaseline = "alphabetic";
    context.fillStyle = colour;
    context.fillText(text, Math.max(2, x + dx), y + dy);
  };
  corner([1, 0, 0], `own voice${own ? ` (${visible(own, 16)})` : ""}, %`, colours.positive, "center", 0, -8);
  corner([0, 1, 0], "another voice, %", colours.negative, "left", -24, 34);
  corner([0, 0, 1], "no one, %", colours.total, "right", 24, 34);
}

/** Where the selected angle may lie by its three intervals. */
function drawReach(context: CanvasRenderingContext2D, triangle: Triangle, angle: Angle | null, colours: Ink): void {
  const ends = (end: "low" | "high") => SHARES.map((share) => angle?.[share]?.[end] ?? NaN) as unknown as Three;
  const [low, high] = [ends("low"), ends("high")];
  if (![...low, ...high].every(Number.isFinite)) return;
  const corners = within(low, high).map((shares) => at(triangle, placed(shares)));
  if (corners.length < 3) return;
  context.beginPath();
  corners.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
  context.fillStyle = context.strokeStyle = colours.focus;
  context.globalAlpha = 0.13;
  context.fill();
  context.globalAlpha = 0.5;
  context.stroke();
  context.globalAlpha = 1;
}
