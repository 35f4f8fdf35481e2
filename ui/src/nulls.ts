// The effect of the largest leaves among the effects of sets that are like them in all but the share.
import type { Plot } from "./figure.ts";
import type { Nulls } from "./payload.ts";
import { frame, linear, stroke } from "./plot.ts";
import { figure, percent } from "./text.ts";

const HEIGHT = 250;

export function nulls(data: Nulls): Plot {
  const values = data.nulls.filter((value): value is number => value !== null);
  const p = data.p == null ? "" : `; p = ${figure(data.p)}`;
  const matched = data.matched == null ? "" : ` ${figure(100 * data.matched)} % of the members match in layer and type`;
  const distinct = data.distinct == null ? "" : `${matched && ","} ${figure(data.distinct)} of the sets differ`;
  return {
    title: "The largest leaves against matched sets",
    says: `Removing the ${data.set.length} largest leaves moves ${percent(data.effect)} of \u0394, against ${spread(values)} for ${values.length} matched sets${p}.${matched || distinct ? `${matched}${distinct}.` : ""}`,
    keys: [["total", "matched sets"], ["line-effect", "the largest leaves"]],
    sheet: {
      name: "null-sets",
      columns: ["set", "effect, part of \u0394"],
      rows: () => [["the largest leaves", data.effect ?? null] as const, ...data.nulls.map((value, i) => [`matched set ${i + 1}`, value] as const)],
    },
    draw: (canvas, width) => draw(canvas, width, values, data.effect ?? null),
  };
}

function spread(values: readonly number[]): string {
  if (!values.length) return "\u2013";
  return `${figure(100 * Math.min(...values))} to ${figure(100 * Math.max(...values))} %`;
}

export interface Bin {
  from: number;
  to: number;
  count: number;
}

/** As many equal bins as the square root of the count asks for; every value lies in exactly one. */
export function histogram(values: readonly number[]): Bin[] {
  if (!values.length) return [];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const size = high > low ? Math.ceil(Math.sqrt(values.length)) : 1;
  const wide = (high - low) / size || Math.max(Math.abs(low) * 0.1, 1e-6);
  const bins = Array.from({ length: size }, (_, k) => ({ from: low + k * wide, to: low + (k + 1) * wide, count: 0 }));
  for (const value of values) bins[Math.min(size - 1, Math.floor((value - low) / wide))]!.count++;
  return bins;
}

function draw(canvas: HTMLCanvasElement, width: number, values: readonly number[], effect: number | null): void {
  const bins = histogram(values);
  const reach = [0, ...bins.flatMap((bin) => [bin.from, bin.to]), ...(effect === null ? [] : [effect])];
  const tallest = Math.max(1, ...bins.map((bin) => bin.count));
  const made = frame(canvas, width, HEIGHT, linear("effect of removing, part of \u0394", reach, width / 80, true), linear("sets", [0, tallest], 4));
  if (!made) return;
  const { context, colours } = made;
  context.fillStyle = colours.total;
  for (const bin of bins) {
    const [left, right, top, floor] = [made.x(bin.from), made.x(bin.to), made.y(bin.count), made.y(0)];
    context.fillRect(left, top, Math.max(1, right - left - (right - left > 4 ? 1 : 0)), floor - top);
  }
  if (effect === null) return;
  const x = made.x(effect);
  context.lineWidth = 2.5;
  stroke(context, colours.positive, [x, made.top], [x, made.bottom]);
}
