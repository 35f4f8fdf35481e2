// Source tokens at every layer boundary: where in the prompt the difference still is, and when it has moved.
import type { Boundaries } from "./closer.ts";
import { sharpened } from "./draw.ts";
import type { Plot } from "./figure.ts";
import { figure, tokenLabel } from "./text.ts";
import { ink } from "./theme.ts";

const LEFT = 26;
const TOP = 16;
const MOST = 220;

export function heatPlot(contrast: string, rows: Boundaries, tokens: readonly string[], point: (token: number | null) => void): Plot {
  const most = rows.share.reduce((size, share) => Math.max(size, Math.abs(share)), 0) || 1;
  const largest = (row: number) => {
    let at = 0;
    for (let t = 1; t < rows.tokens; t++) if (Math.abs(rows.share[row * rows.tokens + t]!) > Math.abs(rows.share[row * rows.tokens + at]!)) at = t;
    return `\u201c${tokenLabel(tokens[at] ?? "?")}\u201d`;
  };
  const last = rows.layers.length - 1;
  const cell = (width: number) => ({ wide: (width - LEFT) / Math.max(1, rows.tokens), high: Math.min(16, MOST / rows.layers.length) });
  const at = (width: number, x: number, y: number): [layer: number, token: number] | null => {
    const { wide, high } = cell(width);
    const found: [number, number] = [Math.floor((y - TOP) / high), Math.floor((x - LEFT) / wide)];
    return found[0] >= 0 && found[0] <= last && found[1] >= 0 && found[1] < rows.tokens ? found : null;
  };
  return {
    title: "Source tokens by layer",
    says: `Rows: the boundary before a layer. Columns: clean tokens. Largest at first: ${largest(0)}; at last: ${largest(last)}.`,
    sheet: {
      name: `source-tokens-by-layer-${contrast}`,
      columns: ["boundary before layer", "place", "token", "share, nats"],
      rows: () => rows.layers.flatMap((layer, l) => Array.from({ length: rows.tokens }, (_, t) => [layer, t, tokens[t] ?? "", rows.share[l * rows.tokens + t]!] as const)),
    },
    draw: (canvas, width) => draw(canvas, width, rows, most, cell(width)),
    over: ({ x, y }, width) => {
      const found = at(width, x, y);
      point(found ? found[1] : null);
      return found ? `before layer ${rows.layers[found[0]]}, ${tokenLabel(tokens[found[1]] ?? "?")}: ${figure(rows.share[found[0] * rows.tokens + found[1]]!)} nats` : "";
    },
  };
}

function draw(canvas: HTMLCanvasElement, width: number, rows: Boundaries, most: number, { wide, high }: { wide: number; high: number }): void {
  const context = sharpened(canvas, width, TOP + rows.layers.length * high + 2);
  if (!context) return;
  const colours = ink();
  context.font = `10.5px ${getComputedStyle(document.body).fontFamily}`;
  context.fillStyle = colours.soft;
  context.textBaseline = "middle";
  context.textAlign = "right";
  const every = Math.max(1, Math.ceil(12 / high));
  rows.layers.forEach((layer, l) => l % every === 0 && context.fillText(String(layer), LEFT - 6, TOP + (l + 0.5) * high));
  context.textBaseline = "top";
  context.textAlign = "center";
  const step = Math.max(1, Math.ceil(26 / wide / 5) * 5);
  for (let t = 0; t < rows.tokens; t += step) context.fillText(String(t), LEFT + (t + 0.5) * wide, 1);
  context.strokeStyle = colours.rule;
  context.strokeRect(LEFT - 0.5, TOP - 0.5, rows.tokens * wide + 1, rows.layers.length * high + 1);
  rows.share.forEach((share, k) => {
    context.fillStyle = share < 0 ? colours.negative : colours.positive;
    context.globalAlpha = Math.sqrt(Math.abs(share) / most);
    context.fillRect(LEFT + (k % rows.tokens) * wide, TOP + Math.floor(k / rows.tokens) * high, wide - 0.5, high - 0.5);
  });
  context.globalAlpha = 1;
}
