// A head's attention in one contrast: which place reads from which, as a square of places by places.
import { fitted, sharpened } from "./draw.ts";
import { h } from "./dom.ts";
import type { Pattern } from "./closer.ts";
import type { Plot } from "./figure.ts";
import { figure, tokenLabel } from "./text.ts";
import { type Ink, ink } from "./theme.ts";

const MOST = 480;
const LABELLED = 10;
const LABEL = 76;

interface Grid {
  cell: number;
  left: number;
  top: number;
}

export function attentionPlot(site: string, contrast: string, pattern: Pattern, tokens: readonly string[], note: string): Plot {
  const order = [...pattern.weight.keys()].sort((a, b) => pattern.weight[b]! - pattern.weight[a]!);
  const label = (place: number) => tokenLabel(tokens[place] ?? "?");
  const strongest = order.find((k) => pattern.source[k] !== pattern.destination[k] && pattern.source[k] !== 0) ?? order[0];
  const example = strongest === undefined ? "" : ` Strongest beside itself and the first token: place ${pattern.destination[strongest]} (\u201c${label(pattern.destination[strongest]!)}\u201d) reads ${figure(pattern.weight[strongest]!)} from place ${pattern.source[strongest]} (\u201c${label(pattern.source[strongest]!)}\u201d).`;
  return {
    room: "tall",
    title: `Attention in ${contrast}`,
    says: `Rows read, columns are read from, on the clean prompt; weights below 0.005 are not kept.${example}${note}`,
    keys: [["shade-attention", "weight 0 to 1, shaded by its square root"]],
    sheet: {
      name: `attention-${site}-${contrast}`,
      columns: ["destination", "destination token", "source", "source token", "weight"],
      rows: () => order.map((k) => [pattern.destination[k]!, tokens[pattern.destination[k]!] ?? "", pattern.source[k]!, tokens[pattern.source[k]!] ?? "", pattern.weight[k]!] as const),
    },
    draw: (canvas, width) => draw(canvas, width, pattern, tokens),
    over: (place, width) => said(place, grid(width, tokens.length), pattern, label),
  };
}

function grid(width: number, count: number): Grid {
  const labelled = Math.floor(Math.min(MOST, width - LABEL - 4) / Math.max(1, count));
  if (labelled >= LABELLED) return { cell: Math.min(20, labelled), left: LABEL, top: LABEL };
  return { cell: Math.max(1, Math.min(MOST, width - 34) / count), left: 30, top: 18 };
}

function draw(canvas: HTMLCanvasElement, width: number, pattern: Pattern, tokens: readonly string[]): void {
  const count = tokens.length;
  const { cell, left, top } = grid(width, count);
  const context = sharpened(canvas, width, top + cell * count + 4);
  if (!context) return;
  const colours = ink();
  drawLabels(context, tokens, { cell, left, top }, colours);
  context.strokeStyle = colours.rule;
  context.strokeRect(left - 0.5, top - 0.5, cell * count + 1, cell * count + 1);
  context.fillStyle = colours.positive;
  const gap = cell > 5 ? 1 : 0;
  pattern.weight.forEach((weight, k) => {
    context.globalAlpha = Math.sqrt(Math.min(1, weight));
    context.fillRect(left + pattern.source[k]! * cell, top + pattern.destination[k]! * cell, cell - gap, cell - gap);
  });
  context.globalAlpha = 1;
}

function drawLabels(context: CanvasRenderingContext2D, tokens: readonly string[], { cell, left, top }: Grid, colours: Ink): void {
  const words = cell >= LABELLED;
  context.font = `${words ? 10 : 10.5}px ${getComputedStyle(document.body).fontFamily}`;
  context.fillStyle = colours.soft;
  const every = words ? 1 : Math.max(1, Math.ceil(24 / cell / 5) * 5);
  for (let place = 0; place < tokens.length; place += every) {
    const text = words ? fitted(context, tokenLabel(tokens[place]!), LABEL - 8) : String(place);
    const at = (place + 0.5) * cell;
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillText(text, left - 5, top + at);
    context.save();
    context.translate(left + at, top - 5);
    if (words) context.rotate(-Math.PI / 2);
    context.textAlign = words ? "left" : "center";
    context.textBaseline = words ? "middle" : "alphabetic";
    context.fillText(text, 0, 0);
    context.restore();
  }
}

/** What stands under the pointer. */
function said({ x, y }: { x: number; y: number }, { cell, left, top }: Grid, pattern: Pattern, label: (place: number) => string): string {
  const [source, destination] = [Math.floor((x - left) / cell), Math.floor((y - top) / cell)];
  for (let k = 0; k < pattern.weight.length; k++)
    if (pattern.source[k] === source && pattern.destination[k] === destination)
      return `place ${destination} (${label(destination)}) reads ${figure(pattern.weight[k]!)} from place ${source} (${label(source)})`;
  return "";
}

/** Said in the place of a pattern that is not there. */
export function notOpened(title: string, words: string, ...links: HTMLElement[]): HTMLElement {
  return h("figure", { class: "plot-box" }, h("figcaption", {}, h("h4", {}, title), h("p", {}, words)), links.length > 0 && h("p", { class: "links" }, ...links));
}
