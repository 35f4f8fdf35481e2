// Where the average joins the face: whether the face breaks, and twins part, where the corpus knows little of the context.
import type { Bin, Maybe } from "./average-data.ts";
import { HEIGHT } from "./average-plots.ts";
import { line } from "./curves.ts";
import { h } from "./dom.ts";
import type { Plot } from "./figure.ts";
import { type Axis, type Frame, frame, linear } from "./plot.ts";
import { count, figure, percent } from "./text.ts";

/** Bits below which an axis of divergences does not go, so that rounding does not look like a difference. */
const LEAST_BITS = 0.01;

const WHY = {
  broken: "Not measured: among the texts there is no reply under an angle that breaks the face. Give the average the run of a face to have them.",
  divergence: "Not measured: no second model that was trained alike was asked at the same places.",
};

interface Asked {
  of: "broken" | "divergence";
  title: string;
  /** What the vertical axis is called. */
  axis: string;
  series: string;
  percent: boolean;
  sheet: string;
}

/** Broken replies' share of the tokens in each bin of support. */
export function brokenPlot(bins: readonly Bin[]): Plot {
  return joined(bins, { of: "broken", title: "Breakage by support", axis: "share of tokens", series: "tokens of broken replies", percent: true, sheet: "average-breakage" });
}

/** How far twins' next-token distributions are apart in each bin of support. */
export function divergencePlot(bins: readonly Bin[]): Plot {
  return joined(bins, { of: "divergence", title: "Twins apart by support", axis: "divergence, bits", series: "twins\u2019 divergence", percent: false, sheet: "average-divergence" });
}

function joined(bins: readonly Bin[], asked: Asked): Plot {
  const rows = bins.filter((bin) => bin.low !== null);
  const values = rows.map((bin) => bin[asked.of]);
  const known = values.filter((value) => value !== null);
  const says = (value: Maybe) => (value === null ? "\u2013" : asked.percent ? percent(value) : `${figure(value)} bits`);
  const sheet = {
    name: asked.sheet,
    columns: ["context known, tokens from", "to", "tokens", "share W", asked.series],
    rows: () => rows.map((bin) => [bin.low, bin.high, bin.tokens, bin.overlap, bin[asked.of]] as const),
  };
  if (!known.length) return { title: asked.title, says: "Against the length of the longest context that the corpus knows.", body: h("p", { class: "empty" }, WHY[asked.of]), sheet };
  const gaps = known.length < values.length ? ` Without a figure: ${rows.filter((_, k) => values[k] === null).map(reach).join(", ")}.` : "";
  const [first, last] = [values.findIndex((value) => value !== null), values.map((value) => value !== null).lastIndexOf(true)];
  let made: Frame | null = null;
  return {
    title: asked.title,
    says: `By the length of the longest context that the corpus knows before a token: ${says(values[first]!)} at ${reach(rows[first]!)}, ${says(values[last]!)} at ${reach(rows[last]!)}; over all ${says(overAll(rows, values))}.${gaps}`,
    keys: [["line-keep", asked.series], ...(asked.percent ? [["line-random", "share W with the average"] as const] : []), ["nobody", "how many tokens"]],
    sheet,
    draw: (canvas, width) => (made = draw(canvas, width, rows, values, asked)),
    over: ({ x, y }) => {
      const at = made && y >= 0 ? rows.findIndex((_, k) => Math.abs(made!.x(k) - x) <= (made!.right - made!.left) / rows.length / 2) : -1;
      const bin = rows[at];
      return bin ? `length ${reach(bin)}: ${says(bin[asked.of])}, share W ${percent(bin.overlap)}, ${bin.tokens === null ? "\u2013" : count(bin.tokens)} tokens` : "";
    },
  };
}

/** The mean over all tokens whose bin has a figure. */
function overAll(rows: readonly Bin[], values: readonly Maybe[]): Maybe {
  const known = rows.flatMap(({ tokens }, k) => (values[k] == null || !tokens ? [] : [[tokens, values[k]] as const]));
  const tokens = known.reduce((sum, [size]) => sum + size, 0);
  return tokens ? known.reduce((sum, [size, value]) => sum + size * value, 0) / tokens : null;
}

function draw(canvas: HTMLCanvasElement, width: number, rows: readonly Bin[], values: readonly Maybe[], asked: Asked): Frame | null {
  const known = values.filter((value) => value !== null);
  const made = frame(canvas, width, HEIGHT, lengths(rows), linear(asked.axis, asked.percent ? [0, 1] : [0, LEAST_BITS, ...known], 5, asked.percent));
  if (!made) return null;
  columns(made, rows);
  const places = rows.map((_, k) => k);
  if (asked.percent) line(made, places, rows.map((bin) => bin.overlap), made.colours.soft, [4, 3]);
  line(made, places, values, made.colours.positive, [], "disc");
  return made;
}

/** Pale columns as high as a bin has tokens, the largest a third of the figure. */
function columns(made: Frame, rows: readonly Bin[]): void {
  const { context, colours } = made;
  const most = Math.max(1, ...rows.map((bin) => bin.tokens ?? 0));
  const half = (made.right - made.left) / rows.length / 3;
  context.globalAlpha = 0.28;
  context.fillStyle = colours.nobody;
  rows.forEach((bin, k) => {
    const high = ((made.bottom - made.top) / 3) * ((bin.tokens ?? 0) / most);
    context.fillRect(made.x(k) - half, made.y(0) - high, 2 * half, high);
  });
  context.globalAlpha = 1;
}

/** Bins side by side, each as wide as the others. */
function lengths(rows: readonly Bin[]): Axis {
  return { title: "longest context that the corpus knows, tokens", place: (k) => (k + 0.5) / Math.max(1, rows.length), marks: rows.map((bin, k) => ({ value: k, text: reach(bin) })) };
}

function reach({ low, high }: Bin): string {
  return high === null || high === low ? count(low!) : `${count(low!)}\u2013${count(high)}`;
}
