// Whose leaves are removed, and on whose contrasts that is felt.
import { h } from "./dom.ts";
import type { Plot } from "./figure.ts";
import type { Matrix } from "./payload.ts";
import { figure, visible } from "./text.ts";

/** A cell that is tinted by its value, with what stands in it. */
export interface Shade {
  /** Null where the cell is not tinted. */
  value: number | null;
  text: string;
  own?: boolean;
  /** What a mark before the text means; no mark where there is none. */
  mark?: string | false;
  href?: string;
}

export function matrix(data: Matrix): Plot {
  const names = data.traits.map((name) => visible(name, 40));
  return {
    title: "Own and other traits",
    says: "Row: the trait whose largest leaves are removed. Column: the trait whose contrasts feel it, in parts of that trait's own \u0394.",
    body: h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Own and other traits" }, grid(data, names)),
    sheet: {
      name: "own-and-other",
      columns: ["leaves removed of", "felt by", "effect, part of \u0394"],
      rows: () => data.traits.flatMap((row, i) => data.traits.map((column, j) => [row, column, data.effects[i]?.[j] ?? null] as const)),
    },
  };
}

function grid(data: Matrix, names: readonly string[]): HTMLElement {
  const rows = names.map((name, i): [string, Shade[]] => [name, names.map((_, j) => ({ ...part(data.effects[i]?.[j] ?? null), own: i === j }))]);
  const head = names.map((name, j) => h("th", { scope: "col" }, name, data.sizes?.[j] != null && h("span", { class: "soft" }, ` (${data.sizes[j]})`)));
  return shaded("Effect of removing a row's leaves on a column's contrasts", head, rows);
}

/** A part of a whole as a cell. */
export function part(value: number | null): Shade {
  return { value, text: value === null ? "\u2013" : `${figure(100 * value)} %` };
}

/** A table whose cells are tinted by their signed values, the largest the most. */
export function shaded(caption: string, head: readonly HTMLElement[], rows: readonly (readonly [name: string, cells: readonly Shade[]])[]): HTMLElement {
  const most = rows.reduce((size, [, cells]) => Math.max(size, ...cells.map(({ value }) => Math.abs(value ?? 0))), 1e-300);
  const lines = rows.map(([name, cells]) => h("tr", {}, h("th", { scope: "row" }, name), ...cells.map((cell) => shade(cell, most))));
  return h("table", { class: "matrix" }, h("caption", { class: "unseen" }, caption), h("thead", {}, h("tr", {}, h("td", {}), ...head)), h("tbody", {}, ...lines));
}

function shade({ value, text, own, mark, href }: Shade, most: number): HTMLElement {
  const shown = href === undefined ? text : h("a", { href }, text);
  const marked = mark && h("span", { class: "marked" }, h("span", { class: "unseen" }, `${mark}: `));
  const cell = h("td", { class: `num shade ${value === null ? "" : value < 0 ? "minus" : "plus"} ${own ? "own" : ""}` }, marked, shown);
  cell.style.setProperty("--strength", (Math.abs(value ?? 0) / most).toFixed(3));
  return cell;
}
