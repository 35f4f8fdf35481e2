// The waterfall: a table that says everything in text, and a canvas over one of its columns that draws the same rows.
import { type Bar, decimals } from "./bars.ts";
import { h } from "./dom.ts";
import { drawBars, type Row } from "./draw.ts";
import { signed } from "./text.ts";
import { ink } from "./theme.ts";

export interface Actions {
  open(bar: Bar): void;
  up(): void;
  hover(bar: Bar | null): void;
}

export interface Chart {
  element: HTMLElement;
  draw(): void;
  focus(row: number): void;
}

/** What a bar's length is called, in what unit, and the head of the column of percentages, where there is one. */
export interface Words {
  value: string;
  unit: string;
  part: string | null;
}

const NATS: Words = { value: "share, nats", unit: "nats", part: "of total" };

interface Columns {
  interval: boolean;
  direct: boolean;
  places: number;
  whole: number;
  words: Words;
}

/** A chart of `bars` of one kind, the last of which is the parent; `whole` is the model's total, for percentages. */
export function chart(bars: readonly Bar[], kind: string, caption: string, whole: number, actions: Actions, words = NATS): Chart {
  const parts = bars.slice(0, -1);
  const columns: Columns = {
    interval: parts.some((bar) => bar.low != null),
    direct: parts.some((bar) => bar.direct != null),
    places: decimals(bars.map((bar) => bar.value)),
    whole,
    words,
  };
  const rows = bars.map((bar) => tableRow(bar, columns, actions));
  const plot = h("th", { scope: "col", class: "plot" }, h("span", { class: "unseen" }, `runs from \u2013 to, ${words.unit}`));
  const head = h(
    "tr",
    {},
    h("th", { scope: "col", class: "part" }, kind),
    plot,
    h("th", { scope: "col", class: "num" }, words.value),
    columns.interval && h("th", { scope: "col", class: "num wide" }, "95 % interval"),
    columns.direct && h("th", { scope: "col", class: "num wide" }, "direct"),
    words.part && h("th", { scope: "col", class: "num mid" }, words.part),
  );
  const body = h("tbody", {}, ...rows);
  const canvas = h("canvas", { "aria-hidden": "true" });
  const table = h("table", { class: "waterfall" }, h("caption", { class: "unseen" }, caption), h("thead", {}, head), body);
  const element = h("div", { class: "stage" }, table, canvas);
  body.addEventListener("keydown", (event) => keys(event, rows, bars, actions));
  body.addEventListener("mouseleave", () => actions.hover(null));
  return {
    element,
    draw: () => draw(canvas, element, plot, rows, bars),
    focus: (row) => button(rows[Math.min(row, rows.length - 1)])?.focus({ preventScroll: false }),
  };
}

function tableRow(bar: Bar, columns: Columns, actions: Actions): HTMLTableRowElement {
  const { places, words } = columns;
  const opens = bar.kind !== "total" && (bar.opens !== undefined || bar.kind !== "part");
  const name = h("button", { type: "button", tabindex: -1, class: "open", "aria-label": spoken(bar, places, words.unit, opens) }, h("span", { class: "label" }, bar.label));
  if (bar.mark && bar.mark !== "contrast") name.prepend(h("span", { class: "mark" }, bar.mark));
  const share = bar.value / columns.whole;
  const row = h(
    "tr",
    { class: `${bar.kind} ${opens ? "opens" : ""} ${bar.value < 0 ? "minus" : "plus"}` },
    h("th", { scope: "row", class: "part" }, name),
    h("td", { class: "plot" }, h("span", { class: "unseen" }, `${signed(bar.from, places)} to ${signed(bar.to, places)}`)),
    h("td", { class: "num" }, signed(bar.value, places)),
    columns.interval && h("td", { class: "num wide soft" }, bar.low != null && bar.high != null ? `${signed(bar.low, places)} \u2026 ${signed(bar.high, places)}` : ""),
    columns.direct && h("td", { class: "num wide soft" }, bar.direct != null ? signed(bar.direct, places) : ""),
    words.part && h("td", { class: "num mid soft" }, Number.isFinite(share) ? `${signed(100 * share, 1)} %` : ""),
  );
  row.addEventListener("click", () => opens && actions.open(bar));
  row.addEventListener("mouseenter", () => actions.hover(bar));
  name.addEventListener("focus", () => actions.hover(bar));
  return row;
}

function spoken(bar: Bar, places: number, unit: string, opens: boolean): string {
  const what = bar.kind === "total" ? `${bar.label}, the total` : bar.mark ? `${bar.label}, ${bar.mark === "contrast" ? "contrast" : `token ${bar.mark}`}` : bar.label;
  return `${what}: ${signed(bar.value, places).trim()} ${unit}${opens ? ", open" : ""}`;
}

function keys(event: KeyboardEvent, rows: readonly HTMLTableRowElement[], bars: readonly Bar[], actions: Actions): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const at = rows.findIndex((row) => row.contains(event.target as Node));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1, PageDown: at + 10, PageUp: at - 10 }[event.key];
  if (to !== undefined) move(rows, Math.max(0, Math.min(rows.length - 1, to)));
  else if (event.key === "ArrowLeft" || event.key === "Backspace") actions.up();
  else if (event.key === "ArrowRight" || event.key === "Enter") {
    if (rows[at]?.classList.contains("opens")) actions.open(bars[at]!);
  } else return;
  event.preventDefault();
}

function move(rows: readonly HTMLTableRowElement[], to: number): void {
  rows.forEach((row, i) => button(row)?.setAttribute("tabindex", i === to ? "0" : "-1"));
  button(rows[to])?.focus();
}

function button(row: HTMLTableRowElement | undefined): HTMLButtonElement | null {
  return row?.querySelector("button") ?? null;
}

function draw(
  canvas: HTMLCanvasElement,
  stage: HTMLElement,
  plot: HTMLElement,
  rows: readonly HTMLTableRowElement[],
  bars: readonly Bar[],
): void {
  const frame = stage.getBoundingClientRect();
  const column = plot.getBoundingClientRect();
  const places = rows.map((row): Row => {
    const at = row.getBoundingClientRect();
    return { y: at.top - frame.top + at.height / 2, height: Math.min(16, at.height - 10) };
  });
  canvas.style.left = `${column.left - frame.left}px`;
  drawBars(canvas, { width: column.width, height: frame.height, head: column.height }, bars, places, ink());
}
