// Each sampled leaf's share against what exact patching of it does.
import type { Plot } from "./figure.ts";
import type { Parity, Point } from "./payload.ts";
import { dot, type Frame, frame, linear, straight } from "./plot.ts";
import { figured, visible } from "./text.ts";

const HEIGHT = 300;
const NAMED = 3;

export function parity(data: Parity): Plot {
  const measured = data.points.filter((point) => point.share !== null);
  return {
    title: "Share against exact patching",
    says: `${measured.length} leaves, sampled by deciles of their share. Pearson ${figured(data.pearson)}, Spearman ${figured(data.spearman)}. On the line, a share is what patching the leaf does.`,
    keys: [["mark-disc", "removed from the clean run"], ["mark-square", "restored in the reference run"]],
    sheet: {
      name: "parity",
      columns: ["site", "share, nats", "removed, nats", "restored, nats", "decile"],
      rows: () => data.points.map((point) => [point.site, point.share, point.removed, point.restored, point.decile]),
    },
    draw: (canvas, width) => draw(canvas, width, measured),
  };
}

function draw(canvas: HTMLCanvasElement, width: number, points: readonly Point[]): void {
  const shares = points.map((point) => point.share!);
  const effects = points.flatMap((point) => [point.removed, point.restored]).filter((value): value is number => value !== null);
  const x = linear("share, nats", [0, ...shares], width / 80);
  const made = frame(canvas, width, HEIGHT, x, linear("effect of patching, nats", [0, ...effects], 6));
  if (!made) return;
  const { context, colours } = made;
  diagonal(made, [...shares, ...effects, 0]);
  for (const point of points) {
    if (point.restored !== null) dot(context, "square", colours.negative, made.x(point.share!), made.y(point.restored), 3.2);
    if (point.removed !== null) dot(context, "disc", colours.positive, made.x(point.share!), made.y(point.removed), 3);
  }
  names(made, points);
}

/** The line on which both are equal, inside the axes. */
function diagonal(made: Frame, values: readonly number[]): void {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  straight(made, made.colours.soft, [4, 3], [2 * low - high, 2 * high - low]);
}

/** The largest leaves by name, where the name has room. */
function names(made: Frame, points: readonly Point[]): void {
  const { context } = made;
  const largest = [...points].filter((point) => point.removed !== null).sort((a, b) => Math.abs(b.share!) - Math.abs(a.share!)).slice(0, NAMED);
  const taken: [number, number, number][] = [];
  context.fillStyle = made.colours.ink;
  context.textBaseline = "bottom";
  for (const point of largest) {
    const text = visible(point.site, 24);
    const wide = context.measureText(text).width;
    const at = made.x(point.share!);
    const x = at + wide + 8 > made.right ? at - wide - 7 : at + 7;
    const y = made.y(point.removed!) - 2;
    if (y - 12 < made.top || taken.some(([left, right, line]) => x < right && x + wide > left && Math.abs(y - line) < 13)) continue;
    context.textAlign = "left";
    context.fillText(text, x, y);
    taken.push([x, x + wide, y]);
  }
}
