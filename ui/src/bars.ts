// Layout of a waterfall: which parts are listed, where each bar begins and ends, where the axis has its ticks.
import { count } from "./text.ts";

/** One part of a parent before layout. */
export interface Part {
  label: string;
  value: number;
  low?: number | null;
  high?: number | null;
  direct?: number | null;
  /** Where opening it leads: a site, a contrast, or nowhere. */
  opens?: string;
  mark?: string;
  position?: number;
}

export interface Bar extends Part {
  kind: "part" | "larger" | "others" | "total";
  from: number;
  to: number;
}

export interface Window {
  first: number;
  count: number;
}

/**
 * Bars that run from 0 through every part to the parent's total, which is the last bar. Parts outside the window of
 * ranks by size are added up in one bar of larger and one of other parts, so nothing is ever left out of the run.
 */
export function waterfall(parts: readonly Part[], total: Part, window: Window, bySize: boolean): Bar[] {
  const ranks = parts.map((_, i) => i).sort((a, b) => Math.abs(parts[b]!.value) - Math.abs(parts[a]!.value) || a - b);
  const end = window.first + window.count;
  const listed = ranks.slice(window.first, end);
  if (!bySize) listed.sort((a, b) => a - b);
  const bars: Bar[] = [];
  let at = 0;
  const add = (part: Part, kind: Bar["kind"]) => {
    bars.push({ ...part, kind, from: at, to: at + part.value });
    at += part.value;
  };
  const rest = (chosen: number[], kind: "larger" | "others") => {
    if (chosen.length) add({ label: `${count(chosen.length)} ${kind}`, value: sum(chosen, parts) }, kind);
  };
  rest(ranks.slice(0, window.first), "larger");
  for (const i of listed) add(parts[i]!, "part");
  rest(ranks.slice(end), "others");
  bars.push({ ...total, kind: "total", from: 0, to: total.value });
  return bars;
}

function sum(chosen: readonly number[], parts: readonly Part[]): number {
  return chosen.reduce((so_far, i) => so_far + parts[i]!.value, 0);
}

/** What the axis must span: zero, both ends of every bar, and every interval. */
export function extent(bars: readonly Bar[]): [number, number] {
  let low = 0;
  let high = 0;
  for (const bar of bars) {
    const reach = [bar.from, bar.to];
    if (bar.low != null && bar.high != null) reach.push(bar.from + bar.low, bar.from + bar.high);
    for (const x of reach) {
      low = Math.min(low, x);
      high = Math.max(high, x);
    }
  }
  return low === high ? [low - 1, high + 1] : [low, high];
}

/** Round numbers between the ends, about `count` of them. */
export function ticks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10) * power;
  const out: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) out.push(k * step);
  return out;
}

/** Decimals that give the largest of `values` four figures. */
export function decimals(values: readonly number[]): number {
  const largest = Math.max(0, ...values.map(Math.abs));
  return largest === 0 ? 3 : Math.min(9, Math.max(2, 3 - Math.floor(Math.log10(largest))));
}
