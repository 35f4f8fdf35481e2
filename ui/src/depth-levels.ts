// Shares over steps, difficulty or place: a line with intervals over its floor, and where half of it is left.
import type { Curve, Maybe, Planning, Rate } from "./depth-data.ts";
import { line } from "./curves.ts";
import type { Plot } from "./figure.ts";
import { type Frame, frame, linear, stroke, whisker } from "./plot.ts";
import type { Sheet } from "./sheet.ts";
import { figure, figured, interval, percent, visible } from "./text.ts";

const HEIGHT = 270;

interface Point {
  x: number;
  value: Maybe;
  low: Maybe;
  high: Maybe;
  floor: Maybe;
}

interface Asked {
  title: string;
  says: string;
  axis: string;
  series: string;
  floor: string;
  points: readonly Point[];
  /** Where half is left, with its interval. */
  half?: { value: Maybe; low: Maybe; high: Maybe };
  sheet: Sheet;
}

function levelsPlot({ title, says, axis, series, floor, points, half, sheet }: Asked): Plot {
  const ranged = points.some(({ low }) => low !== null);
  let drawn: Frame | null = null;
  return {
    title,
    says,
    keys: [["line-keep", series], ...(ranged ? [["interval", "95 % interval"] as const] : []), ["line-random", floor], ...(half?.value != null ? [["line-break", "k50, with its interval"] as const] : [])],
    sheet,
    draw: (canvas, width) => {
      const across = linear(axis, points.map(({ x }) => x), Math.min(points.length, width / 50));
      const made = frame(canvas, width, HEIGHT, { ...across, marks: points.every(({ x }) => Number.isInteger(x)) ? across.marks.filter(({ value }) => Number.isInteger(value)) : across.marks }, linear("share", [0, 1], 5, true));
      drawn = made;
      if (!made) return;
      if (half?.value != null) halfLine(made, half.value, half.low, half.high);
      const places = points.map(({ x }) => x);
      line(made, places, points.map((point) => point.floor), made.colours.soft, [4, 3]);
      made.context.lineWidth = 1.5;
      for (const { x, low, high } of points) if (low !== null && high !== null) whisker(made.context, made.colours, [made.x(x), made.y(low)], [made.x(x), made.y(high)]);
      line(made, places, points.map((point) => point.value), made.colours.positive, [], "disc");
    },
    over: ({ x, y }) => {
      if (!drawn || y < 0) return "";
      const near = points.reduce<Point | null>((best, point) => (!best || Math.abs(drawn!.x(point.x) - x) < Math.abs(drawn!.x(best.x) - x) ? point : best), null);
      return near ? `${figure(near.x)}: ${percent(near.value)}${interval(near.low, near.high, percent)}, ${floor} ${percent(near.floor)}` : "";
    },
  };
}

/** The place where half is left: a pale band for its interval, which ends with the axis where it has no end. */
function halfLine(made: Frame, value: number, low: Maybe, high: Maybe): void {
  const { context, colours, left, right, top, bottom } = made;
  const inside = (x: number) => Math.max(left, Math.min(right, x));
  const [from, to] = [low === null ? left : inside(made.x(low)), high === null ? right : inside(made.x(high))];
  context.globalAlpha = 0.13;
  context.fillStyle = colours.negative;
  context.fillRect(from, top, Math.max(1, to - from), bottom - top);
  context.globalAlpha = 1;
  context.lineWidth = 1.5;
  context.setLineDash([4, 3]);
  stroke(context, colours.negative, [inside(made.x(value)), top], [inside(made.x(value)), bottom]);
  context.setLineDash([]);
  context.lineWidth = 1;
}

/** Accuracy over the steps that are needed, in one presentation. */
export function curvePlot(curve: Curve, number = 1): Plot {
  const name = visible(curve.presentation, 60) || "items";
  const rows = curve.curve.filter((row) => row.k !== null).sort((a, b) => a.k! - b.k!);
  return levelsPlot({
    title: name,
    says: `${visible(curve.says, 300) || "the reading does not say where half is left"}${curve.k50 === null ? "; there is no k50" : ""}.`,
    axis: "k, serial steps that are needed",
    series: "accuracy",
    floor: "elimination floor",
    points: rows.map(({ k, accuracy, low, high, chance }) => ({ x: k!, value: accuracy, low, high, floor: chance })),
    half: { value: curve.k50, low: curve.low, high: curve.high },
    sheet: { name: `depth-k50-${number}-${name}`, columns: ["k, steps", "items", "accuracy", "low", "high", "elimination floor"], rows: () => rows.map((row) => [row.k, row.n, row.accuracy, row.low, row.high, row.chance]) },
  });
}

/** The plain condition's solve rate over difficulty: a score counts only where it falls. */
export function difficultyPlot(family: string, rows: readonly Rate[], slope: { value: Maybe; low: Maybe; high: Maybe } | null): Plot {
  const known = rows.filter((row) => row.difficulty !== null).sort((a, b) => a.difficulty! - b.difficulty!);
  const falls = slope?.value == null ? "No slope: the reading gives none." : `Slope ${figured(slope.value)}${interval(slope.low, slope.high)} in log-odds a step of difficulty.`;
  return levelsPlot({
    title: "Accuracy by difficulty",
    says: falls,
    axis: "difficulty",
    series: "plain condition",
    floor: "guessing",
    points: known.map(({ difficulty, accuracy, low, high, guessing }) => ({ x: difficulty!, value: accuracy, low, high, floor: guessing })),
    sheet: { name: `depth-difficulty-${family}`, columns: ["difficulty", "items", "accuracy", "low", "high", "guessing"], rows: () => known.map((row) => [row.difficulty, row.n, row.accuracy, row.low, row.high, row.guessing]) },
  });
}

/** How early what will be said can be told from the model, and from n-grams alone. */
export function commitmentPlot({ commitment }: Pick<Planning, "commitment">): Plot {
  const rows = commitment.filter((row) => row.position !== null).sort((a, b) => a.position! - b.position!);
  const parts = rows.every(({ position }) => position! >= 0 && position! <= 1);
  return levelsPlot({
    title: "Commitment",
    says: "How likely the last word already is at a place, by the model, and by an n-gram baseline of the last tokens alone.",
    axis: parts ? "place, part of the reply" : "place, tokens",
    series: "the model",
    floor: "n-gram baseline",
    points: rows.map(({ position, model, low, high, baseline }) => ({ x: position!, value: model, low, high, floor: baseline })),
    sheet: { name: "depth-commitment", columns: [parts ? "place, part of the reply" : "place, tokens", "model", "low", "high", "baseline", "p"], rows: () => rows.map((row) => [row.position, row.model, row.low, row.high, row.baseline, row.p]) },
  });
}
