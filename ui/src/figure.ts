// A figure: a drawing, what it says in a sentence, the numbers as a table, and the table as a file.
import { h } from "./dom.ts";
import { type Cell, download, type Sheet } from "./sheet.ts";
import { count, figure, visible } from "./text.ts";

const LISTED = 200;

export interface Plot {
  title: string;
  /** What a reader who sees no drawing should know. */
  says: string;
  sheet: Sheet;
  /** What the colours and marks mean. */
  keys?: readonly (readonly [kind: string, text: string])[];
  /** Room beside others: as tall as three, or as wide as the page. */
  room?: "tall" | "wide";
  draw?(canvas: HTMLCanvasElement, width: number): void;
  /** What stands at a place of the drawing, or nothing. */
  over?(place: { x: number; y: number }, width: number): string;
  /** What a click at a place of the drawing does. */
  press?(place: { x: number; y: number }, width: number): void;
  /** Controls above the drawing. */
  tools?: HTMLElement;
  /** Instead of a drawing: a table that is its own text. */
  body?: HTMLElement;
}

export interface Box {
  element: HTMLElement;
  redraw(): void;
}

export function figureBox(plot: Plot): Box {
  const canvas = plot.draw && h("canvas", { class: `plot-canvas ${plot.press ? "press" : ""}`, "aria-hidden": "true" });
  const keys = plot.keys && h("p", { class: "legend" }, ...plot.keys.map(([kind, text]) => h("span", { class: `key ${kind}` }, text)));
  const element = h(
    "figure",
    { class: `plot-box ${plot.room ?? ""}` },
    h("figcaption", {}, h("h4", {}, plot.title), h("p", {}, plot.says)),
    plot.tools,
    keys,
    canvas,
    plot.body,
    h("div", { class: "under" }, plot.body ? null : numbers(plot.sheet), download(() => plot.sheet)),
  );
  if (canvas && plot.over) canvas.after(follow(canvas, plot.over));
  if (canvas && plot.press) canvas.addEventListener("click", (event) => plot.press!({ x: event.offsetX, y: event.offsetY }, canvas.clientWidth));
  const redraw = () => {
    const width = element.clientWidth;
    if (canvas && width > 0) plot.draw!(canvas, width);
  };
  new ResizeObserver(redraw).observe(element);
  return { element, redraw };
}

/** A line under a drawing that says what the pointer is over. */
function follow(canvas: HTMLCanvasElement, over: NonNullable<Plot["over"]>): HTMLElement {
  const line = h("p", { class: "over soft small", "aria-hidden": "true" }, "\u00a0");
  const say = (text: string) => void (line.textContent = text || "\u00a0");
  canvas.addEventListener("mousemove", (event) => say(over({ x: event.offsetX, y: event.offsetY }, canvas.clientWidth)));
  canvas.addEventListener("mouseleave", () => say(over({ x: -1, y: -1 }, canvas.clientWidth)));
  return line;
}

/** The numbers behind a figure, laid out when somebody opens them. */
export function numbers(sheet: Sheet): HTMLElement {
  const details = h("details", { class: "facts" }, h("summary", {}, "Numbers"));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(sheetTable(sheet));
  });
  return details;
}

function sheetTable(sheet: Sheet): HTMLElement {
  const rows: HTMLElement[] = [];
  let left = 0;
  for (const row of sheet.rows()) {
    if (rows.length < LISTED) rows.push(h("tr", {}, ...row.map(shown)));
    else left++;
  }
  const head = h("thead", {}, h("tr", {}, ...sheet.columns.map((name) => h("th", { scope: "col" }, name))));
  const table = h("table", {}, h("caption", { class: "unseen" }, sheet.name), head, h("tbody", {}, ...rows));
  const more = left > 0 && h("p", { class: "soft small" }, `and ${count(left)} more in the file`);
  return h("div", { class: "scroll sheet", tabindex: 0, role: "region", "aria-label": `Numbers of ${sheet.name}` }, table, more);
}

function shown(value: Cell): HTMLElement {
  if (typeof value === "number") return h("td", { class: "num" }, figure(value));
  return h("td", {}, value === null ? "\u2013" : visible(value, 60));
}
