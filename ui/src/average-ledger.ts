// The bits ledger: what each rung of the average adds to log2 p, and what only the model knows. The rows are an identity,
// so the bars end on log2 p for the mean of all tokens and for every token by itself.
import type { AverageData, SaidText } from "./average-data.ts";
import { type Bar, type Part, waterfall } from "./bars.ts";
import { h } from "./dom.ts";
import { type Box, figureBox } from "./figure.ts";
import { sumLine } from "./margin.ts";
import { type Chart, chart, type Words } from "./table.ts";
import { visible } from "./text.ts";

const BITS = { value: "bits", unit: "bits", part: null };
const STILL = { open: () => undefined, up: () => undefined, hover: () => undefined };

/** The bars of the mean ledger; the total is as measured where the reading has it, and else the sum itself. */
export function ledgerBars({ ledger, bits }: AverageData): Bar[] {
  const parts = ledger.map(({ rung, bits: value, low, high }): Part => ({ label: visible(rung, 40), value: value ?? 0, low, high }));
  const sum = parts.reduce((so_far, { value }) => so_far + value, 0);
  return waterfall(parts, { label: "mean log2 p", value: bits ?? sum }, { first: 0, count: parts.length }, false);
}

/** The bars of one token, from nothing to its log2 p. */
export function tokenBars(text: SaidText, token: number, rungs: readonly string[]): Bar[] {
  const parts = rungs.map((rung, k): Part => ({ label: visible(rung, 40), value: known(text.ledger[token * rungs.length + k]) }));
  return waterfall(parts, { label: "log2 p", value: known(text.p[token]) }, { first: 0, count: parts.length }, false);
}

function known(value: number | undefined): number {
  return value === undefined || Number.isNaN(value) ? 0 : value;
}

/** Bars with their sum beside the parent's own figure. */
export function summed(bars: readonly Bar[], kind: string, caption: string, words: Words = BITS): Box & { chart: Chart; sum: HTMLElement } {
  const made = chart(bars, kind, caption, NaN, STILL, words);
  const size = bars.reduce((most, { value }) => Math.max(most, Math.abs(value)), 0);
  const sum = sumLine(bars, size, null, words.unit);
  return { chart: made, sum, element: h("div", {}, made.element, sum), redraw: made.draw };
}

/** The ledger of the mean as a figure. */
export function ledgerBox(data: AverageData): Box {
  const bars = ledgerBars(data);
  const made = summed(bars, "rung", "Mean bits a token by rung");
  const ends = data.bits === null ? "; their sum is formed in this page" : "";
  const box = figureBox({
    room: "wide",
    title: "Bits ledger",
    says: `What each rung of the average adds to the log-probability of what was said, mean bits a token. From the base rate to what the model alone knows, the rows add up to mean log2 p${ends}.`,
    keys: [["plus", "makes what was said more likely"], ["minus", "less likely"], ["total", "log2 p"], ["interval", "95 % interval"]],
    body: made.element,
    sheet: { name: "average-ledger", columns: ["rung", "bits a token", "low", "high"], rows: () => [...data.ledger.map((row) => [row.rung, row.bits, row.low, row.high] as const), ["mean log2 p", bars.at(-1)!.value, null, null] as const] },
  });
  made.chart.element.querySelector("tbody button")?.setAttribute("tabindex", "0");
  new ResizeObserver(made.redraw).observe(box.element);
  return { element: box.element, redraw: made.redraw };
}
