// How much of an angle it takes: the own share over its strength, one small plot an angle, with the dose that breaks it.
import { fitted, sharpened } from "./draw.ts";
import type { Dose, FaceData, Maybe } from "./face-data.ts";
import type { Plot } from "./figure.ts";
import type { Selection } from "./selection.ts";
import { figure, visible } from "./text.ts";
import { type Ink, ink } from "./theme.ts";

const MOST = 24;
const HIGH = 128;
const LEAST = 150;
const COLUMNS = 6;
const GAP = 22;
const MARGIN = { left: 30, top: 22, bottom: 20 };

interface Facet {
  x: number;
  y: number;
  wide: number;
}

export function dosePlot(data: FaceData, selection: Selection): Plot {
  const doses = [...data.doses].sort((a, b) => (a.dose?.value ?? Infinity) - (b.dose?.value ?? Infinity) || 0);
  const listed = doses.slice(0, MOST);
  const broken = doses.filter((dose) => dose.dose?.value != null);
  const first = broken[0] ? ` First: ${visible(broken[0].angle, 60)} at ${figure(broken[0].dose!.value!)}.` : "";
  const more = doses.length > MOST ? ` The ${MOST} that break first are drawn.` : "";
  const under = (x: number, y: number, width: number) => facets(width, listed.length).findIndex((facet) => x >= facet.x && x < facet.x + facet.wide && y >= facet.y && y < facet.y + HIGH);
  return {
    room: "wide",
    title: "Dose",
    says: `Own share over an angle's strength, with 95 % intervals. ${broken.length} of ${doses.length} angles break at some strength.${first}${more}`,
    keys: [["line-keep", "own share"], ["band-own", "95 % interval"], ["line-break", "dose that breaks it"]],
    sheet: {
      name: "doses",
      columns: ["angle", "strength", "own", "low", "high", "breaks at", "breaks at, low", "breaks at, high"],
      rows: () => doses.flatMap((dose) => (dose.strengths ?? []).map((strength, k) => [dose.angle, strength, dose.own?.[k] ?? null, dose.low?.[k] ?? null, dose.high?.[k] ?? null, dose.dose?.value ?? null, dose.dose?.low ?? null, dose.dose?.high ?? null] as const)),
    },
    draw: (canvas, width) => {
      const places = facets(width, listed.length);
      const context = sharpened(canvas, width, (places.at(-1)?.y ?? 0) + HIGH + 4);
      if (!context) return;
      const colours = ink();
      listed.forEach((dose, k) => drawFacet(context, colours, places[k]!, dose, selection.index !== null && selection.angles[selection.index]!.angle === dose.angle));
    },
    over: ({ x, y }, width) => {
      const dose = listed[under(x, y, width)];
      return dose ? `${visible(dose.angle, 60)}: ${doseText(dose)}` : "";
    },
    press: ({ x, y }, width) => {
      const dose = listed[under(x, y, width)];
      if (dose) selection.named(dose.angle);
    },
  };
}

function doseText({ dose }: Dose): string {
  if (dose?.value == null) return "does not break at any strength that was tried";
  return `breaks at ${figure(dose.value)}${dose.low === null || dose.high === null ? "" : ` (95 %: ${figure(dose.low)} \u2026 ${figure(dose.high)})`}`;
}

function facets(width: number, count: number): Facet[] {
  const columns = Math.max(1, Math.min(COLUMNS, Math.floor((width + GAP) / (LEAST + GAP))));
  const wide = (width - GAP * (columns - 1)) / columns;
  return Array.from({ length: count }, (_, k) => ({ x: (k % columns) * (wide + GAP), y: Math.floor(k / columns) * (HIGH + 14), wide }));
}

function drawFacet(context: CanvasRenderingContext2D, colours: Ink, facet: Facet, dose: Dose, chosen: boolean): void {
  const [left, right, top, bottom] = [facet.x + MARGIN.left, facet.x + facet.wide - 4, facet.y + MARGIN.top, facet.y + HIGH - MARGIN.bottom];
  const strengths = dose.strengths ?? [];
  const known = strengths.filter((s): s is number => s !== null);
  const [least, most] = [Math.min(0, ...known), Math.max(1, ...known)];
  const x = (s: number) => left + ((s - least) / (most - least)) * (right - left);
  const y = (own: number) => bottom - Math.max(0, Math.min(1, own)) * (bottom - top);
  drawAxes(context, colours, { left, right, top, bottom }, most);
  context.font = `${chosen ? "600 " : ""}11.5px ${getComputedStyle(document.body).fontFamily}`;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.fillStyle = chosen ? colours.focus : colours.ink;
  context.fillText(fitted(context, visible(dose.angle, 60), facet.wide - 6), facet.x, facet.y + 12);
  context.save();
  context.beginPath();
  context.rect(left, top - 3, right - left + 4, bottom - top + 4);
  context.clip();
  drawBreak(context, colours, dose, (s) => Math.min(right, x(s)), top, bottom);
  band(context, colours, points(strengths, dose.low, x, y), points(strengths, dose.high, x, y));
  const line = points(strengths, dose.own, x, y);
  context.strokeStyle = colours.positive;
  context.lineWidth = 2;
  path(context, line);
  context.stroke();
  context.fillStyle = colours.positive;
  for (const [px, py] of line) {
    context.beginPath();
    context.arc(px, py, 2.4, 0, 2 * Math.PI);
    context.fill();
  }
  context.restore();
  context.lineWidth = 1;
}

function drawAxes(context: CanvasRenderingContext2D, colours: Ink, { left, right, top, bottom }: { left: number; right: number; top: number; bottom: number }, most: number): void {
  context.font = `10px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = "middle";
  context.textAlign = "right";
  context.lineWidth = 1;
  for (const [value, text] of [[0, "0"], [0.5, "50"], [1, "100 %"]] as const) {
    const line = Math.round(bottom - value * (bottom - top)) + 0.5;
    context.strokeStyle = value === 0 ? colours.soft : colours.rule;
    context.beginPath();
    context.moveTo(left, line);
    context.lineTo(right, line);
    context.stroke();
    context.fillStyle = colours.soft;
    if (value < 1) context.fillText(text, left - 4, line);
    else context.fillText("100", left - 4, line);
  }
  context.textBaseline = "top";
  context.textAlign = "left";
  context.fillText("0", left, bottom + 5);
  context.textAlign = "right";
  context.fillText(figure(most), right, bottom + 5);
  context.textAlign = "center";
  context.fillText("strength", (left + right) / 2, bottom + 5);
}

/** The dose that breaks the face, and its interval. */
function drawBreak(context: CanvasRenderingContext2D, colours: Ink, { dose }: Dose, x: (s: number) => number, top: number, bottom: number): void {
  if (dose?.value == null) return;
  if (dose.low !== null && dose.high !== null) {
    context.fillStyle = colours.negative;
    context.globalAlpha = 0.13;
    context.fillRect(x(dose.low), top, Math.max(1, x(dose.high) - x(dose.low)), bottom - top);
    context.globalAlpha = 1;
  }
  context.strokeStyle = colours.negative;
  context.lineWidth = 1.5;
  context.setLineDash([4, 3]);
  context.beginPath();
  context.moveTo(x(dose.value), top);
  context.lineTo(x(dose.value), bottom);
  context.stroke();
  context.setLineDash([]);
}

type Points = [number, number][];

function points(xs: readonly Maybe[], ys: readonly Maybe[] | null, x: (s: number) => number, y: (own: number) => number): Points {
  return xs.flatMap((s, k): Points => (s === null || ys?.[k] == null ? [] : [[x(s), y(ys[k])]]));
}

function path(context: CanvasRenderingContext2D, line: Points): void {
  context.beginPath();
  line.forEach(([px, py], k) => (k ? context.lineTo(px, py) : context.moveTo(px, py)));
}

export function band(context: CanvasRenderingContext2D, colours: Ink, low: Points, high: Points): void {
  if (!low.length || !high.length) return;
  path(context, [...low, ...high.reverse()]);
  context.closePath();
  context.fillStyle = colours.positive;
  context.globalAlpha = 0.16;
  context.fill();
  context.globalAlpha = 1;
}
