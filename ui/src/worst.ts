// The search for the worst angle beside a random one, and what the tail of angles lets one expect.
import type { Maybe, Search, Tail } from "./face-data.ts";
import { band } from "./doses.ts";
import type { Plot } from "./figure.ts";
import { decades, frame, linear, stroke } from "./plot.ts";
import { count, percent, visible } from "./text.ts";

const HEIGHT = 250;

export function searchPlot(search: Search): Plot {
  const { trace, random_trace } = search;
  const cost = (n: Maybe) => (n === null ? "\u2013" : count(n));
  const all = [...known(trace), ...known(random_trace)];
  return {
    title: "Search for the worst natural angle",
    says: `The worst that was found is ${visible(search.best, 160) || "\u2013"}, which leaves ${percent(search.own)} in the own voice, after ${cost(search.evaluations)} evaluations; a random search took ${cost(search.random_evaluations)}.`,
    keys: [["line-keep", "the search"], ["line-random", "random compositions"]],
    sheet: {
      name: "search",
      columns: ["search", "evaluations", "least own share so far"],
      rows: () => [...trace.map(([n, own]) => ["halving", n, own] as const), ...random_trace.map(([n, own]) => ["random", n, own] as const)],
    },
    draw: (canvas, width) => {
      const x = linear("evaluations", [0, ...all.map(([n]) => n)], width / 80);
      const made = frame(canvas, width, HEIGHT, x, linear("least own share so far", [0, 1], 5, true));
      if (!made) return;
      const steps = (points: readonly [number, number][]) => points.flatMap(([n, own], k): [number, number][] => [...(k ? [[made.x(n), made.y(points[k - 1]![1])] as [number, number]] : []), [made.x(n), made.y(own)]]);
      made.context.lineWidth = 1.75;
      made.context.setLineDash([4, 3]);
      stroke(made.context, made.colours.soft, ...steps(known(random_trace)));
      made.context.setLineDash([]);
      made.context.lineWidth = 2.25;
      stroke(made.context, made.colours.positive, ...steps(known(trace)));
    },
  };
}

function known(trace: readonly [Maybe, Maybe][]): [number, number][] {
  return trace.filter((pair): pair is [number, number] => pair[0] !== null && pair[1] !== null);
}

export function tailPlot(tail: Tail): Plot {
  const draws = tail.draws ?? [];
  const line = (values: readonly Maybe[] | null) => draws.flatMap((n, k): [number, number][] => (n === null || values?.[k] == null ? [] : [[n, values[k]]]));
  return {
    title: "How much worse it may get",
    says: `${visible(tail.says, 400)} Observed: ${percent(tail.observed)} in the own voice.`,
    keys: [["line-keep", "forecast of the worst"], ["band-own", "95 % interval"], ["line-observed", "observed"]],
    sheet: {
      name: "tail",
      columns: ["angles drawn", "forecast of the least own share", "low", "high", "observed"],
      rows: () => draws.map((n, k) => [n, tail.forecast?.[k] ?? null, tail.low?.[k] ?? null, tail.high?.[k] ?? null, tail.observed] as const),
    },
    draw: (canvas, width) => {
      const made = frame(canvas, width, HEIGHT, decades("angles drawn", draws.filter((n) => n !== null), width / 60), linear("least own share", [0, 1], 5, true));
      if (!made) return;
      const { context, colours } = made;
      const place = (points: [number, number][]) => points.map(([n, own]): [number, number] => [made.x(n), made.y(own)]);
      band(context, colours, place(line(tail.low)), place(line(tail.high)));
      context.lineWidth = 2.25;
      stroke(context, colours.positive, ...place(line(tail.forecast)));
      if (tail.observed === null) return;
      context.lineWidth = 1.75;
      context.setLineDash([2, 3]);
      stroke(context, colours.negative, [made.left, made.y(tail.observed)], [made.right, made.y(tail.observed)]);
      context.setLineDash([]);
      context.fillStyle = colours.negative;
      context.textAlign = "left";
      context.textBaseline = "bottom";
      context.fillText(`observed ${percent(tail.observed)}`, made.left + 6, made.y(tail.observed) - 3);
    },
  };
}
