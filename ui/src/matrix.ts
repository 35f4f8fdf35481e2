// Whose leaves are removed, and on whose contrasts that is felt.
import { h } from "./dom.ts";
import type { Plot } from "./figure.ts";
import type { Matrix } from "./payload.ts";
import { figure, visible } from "./text.ts";

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
  const most = Math.max(1e-300, ...data.effects.flat().map((value) => Math.abs(value ?? 0)));
  const rows = names.map((name, i) => {
    const cells = names.map((_, j) => shaded(data.effects[i]?.[j] ?? null, most, i === j));
    return h("tr", {}, h("th", { scope: "row" }, name), ...cells);
  });
  const head = names.map((name, j) => h("th", { scope: "col" }, name, data.sizes?.[j] != null && h("span", { class: "soft" }, ` (${data.sizes[j]})`)));
  return h("table", { class: "matrix" }, h("caption", { class: "unseen" }, "Effect of removing a row's leaves on a column's contrasts"), h("thead", {}, h("tr", {}, h("td", {}), ...head)), h("tbody", {}, ...rows));
}

function shaded(value: number | null, most: number, own: boolean): HTMLElement {
  const text = value === null ? "\u2013" : `${figure(100 * value)} %`;
  const cell = h("td", { class: `num shade ${(value ?? 0) < 0 ? "minus" : "plus"} ${own ? "own" : ""}` }, text);
  cell.style.setProperty("--strength", (Math.abs(value ?? 0) / most).toFixed(3));
  return cell;
}
