// How much of the difference the k largest leaves keep alone, and how much is left without them.
import type { Plot } from "./figure.ts";
import type { Curves } from "./payload.ts";
import { counts, dot, frame, linear, type Frame, type Mark, stroke } from "./plot.ts";
import { count, figured, percent, visible } from "./text.ts";

const HEIGHT = 270;
const RANDOM: readonly [string, string][] = [["line-random", "in random order"]];

type Values = readonly (number | null)[] | undefined;

export function curves(data: Curves): Plot {
  const half = data.sizes.findIndex((_, i) => (data.keep[i] ?? -Infinity) >= 0.5);
  const enough = half < 0 ? "No number of leaves alone keeps half of it." : `The ${count(data.sizes[half]!)} largest leaves alone keep ${percent(data.keep[half]!)}.`;
  const held = data.held?.length ? ` Held throughout: ${data.held.map((site) => visible(site, 40)).join(", ")}.` : "";
  return {
    title: "Keep and remove the k largest leaves",
    says: `${enough} Areas over log k: ${area(data.keep_area, data.random_keep_area)} kept, ${area(data.remove_area, data.random_remove_area)} removed.${held}`,
    keys: [["line-keep", "only the k largest live"], ["line-remove", "the k largest held at the reference"], ...RANDOM.slice(data.random_keep ? 0 : 1)],
    sheet: {
      name: "keep-and-remove",
      columns: ["k", "kept, part of \u0394", "removed, part of \u0394", "kept, random order", "removed, random order"],
      rows: () => data.sizes.map((k, i) => [k, at(data.keep, i), at(data.remove, i), at(data.random_keep, i), at(data.random_remove, i)]),
    },
    draw: (canvas, width) => draw(canvas, width, data),
  };
}

function draw(canvas: HTMLCanvasElement, width: number, data: Curves): void {
  const all = [data.keep, data.remove, data.random_keep, data.random_remove].flatMap((values) => values ?? []);
  const known = all.filter((value): value is number => value !== null);
  const made = frame(canvas, width, HEIGHT, counts("k, leaves", Math.max(...data.sizes), width / 60), linear("part of \u0394", [0, 1, ...known], 5, true));
  if (!made) return;
  const { colours } = made;
  for (const values of [data.random_keep, data.random_remove]) line(made, data.sizes, values, colours.soft, [4, 3]);
  line(made, data.sizes, data.keep, colours.positive, [], "disc");
  line(made, data.sizes, data.remove, colours.negative, [], "square");
}

/** One series over k, with gaps where a figure is missing. */
export function line(made: Frame, sizes: readonly number[], values: Values, colour: string, dash: number[], mark?: Mark): void {
  const points = sizes.flatMap((k, i): [number, number][] => (values?.[i] == null ? [] : [[made.x(k), made.y(values[i])]]));
  made.context.lineWidth = mark ? 2 : 1.5;
  made.context.setLineDash(dash);
  stroke(made.context, colour, ...points);
  made.context.setLineDash([]);
  if (mark) for (const [x, y] of points) dot(made.context, mark, colour, x, y, mark === "disc" ? 3 : 3.2);
}

function at(values: Values, i: number): number | null {
  return values?.[i] ?? null;
}

function area(value: number | null | undefined, random: number | null | undefined): string {
  return `${figured(value)}${random == null ? "" : ` (${figured(random)} in random order)`}`;
}
