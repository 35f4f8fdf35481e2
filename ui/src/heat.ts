// Source tokens at every layer boundary: where in the prompt the difference still is, and when it has moved.
import type { Boundaries } from "./closer.ts";
import type { Plot } from "./figure.ts";
import { cellAt, drawGrid, type Grid } from "./grid.ts";
import { figure, tokenLabel } from "./text.ts";

const LEFT = 26;
const MOST = 220;

export function heatPlot(contrast: string, rows: Boundaries, tokens: readonly string[], point: (token: number | null) => void): Plot {
  const most = rows.share.reduce((size, share) => Math.max(size, Math.abs(share)), 0) || 1;
  const largest = (row: number) => {
    let at = 0;
    for (let t = 1; t < rows.tokens; t++) if (Math.abs(rows.share[row * rows.tokens + t]!) > Math.abs(rows.share[row * rows.tokens + at]!)) at = t;
    return `\u201c${tokenLabel(tokens[at] ?? "?")}\u201d`;
  };
  const last = rows.layers.length - 1;
  const grid: Grid = {
    rows: rows.layers.map(String),
    columns: rows.tokens,
    left: LEFT,
    row: 16,
    most: MOST,
    label: (t, wide) => (t % Math.max(1, Math.ceil(26 / wide / 5) * 5) === 0 ? String(t) : ""),
    tint: (l, t) => {
      const share = rows.share[l * rows.tokens + t]!;
      return Math.sign(share) * Math.sqrt(Math.abs(share) / most);
    },
  };
  return {
    title: "Source tokens by layer",
    says: `Rows: the boundary before a layer. Columns: clean tokens. Largest at first: ${largest(0)}; at last: ${largest(last)}.`,
    sheet: {
      name: `source-tokens-by-layer-${contrast}`,
      columns: ["boundary before layer", "place", "token", "share, nats"],
      rows: () => rows.layers.flatMap((layer, l) => Array.from({ length: rows.tokens }, (_, t) => [layer, t, tokens[t] ?? "", rows.share[l * rows.tokens + t]!] as const)),
    },
    draw: (canvas, width) => drawGrid(canvas, width, grid),
    over: (place, width) => {
      const found = cellAt(grid, width, place);
      point(found ? found[1] : null);
      return found ? `before layer ${rows.layers[found[0]]}, ${tokenLabel(tokens[found[1]] ?? "?")}: ${figure(rows.share[found[0] * rows.tokens + found[1]]!)} nats` : "";
    },
  };
}
