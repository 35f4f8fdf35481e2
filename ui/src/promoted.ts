// The tokens that a leaf's change pushes up, and those that it pushes down.
import { decimals } from "./bars.ts";
import type { Promoted } from "./closer.ts";
import { h } from "./dom.ts";
import type { Plot } from "./figure.ts";
import { signed, tokenLabel } from "./text.ts";

export function promotedPlot(site: string, rows: readonly Promoted[]): Plot {
  const up = rows.filter((row) => row.rank >= 0).sort((a, b) => a.rank - b.rank);
  const down = rows.filter((row) => row.rank < 0).sort((a, b) => b.rank - a.rank);
  return {
    title: "Promoted tokens",
    says: "What this part's mean change, clean minus reference, adds to the logits through the final norm, in logit units.",
    body: promotedPair(up, down),
    sheet: { name: `promoted-${site}`, columns: ["rank", "token", "logit units"], rows: () => [...up, ...down].map((row) => [row.rank, row.token, row.value] as const) },
  };
}

/** What is pushed up beside what is pushed down, to one scale. */
export function promotedPair(up: readonly Pushed[], down: readonly Pushed[]): HTMLElement {
  const values = [...up, ...down].map((row) => row.value);
  const most = Math.max(1e-300, ...values.map(Math.abs));
  const places = decimals(values);
  return h("div", { class: "pair" }, list("pushed up", up, most, places), list("pushed down", down, most, places));
}

type Pushed = Pick<Promoted, "token" | "value">;

function list(title: string, rows: readonly Pushed[], most: number, places: number): HTMLElement {
  const lines = rows.map((row) => h("tr", {}, h("th", { scope: "row", class: "tok" }, tokenLabel(row.token)), length(row.value / most), h("td", { class: "num" }, signed(row.value, places))));
  const head = h("tr", {}, h("th", { scope: "col" }, title), h("td", {}), h("th", { scope: "col", class: "num" }, "logits"));
  return h("table", { class: "bars" }, h("thead", {}, head), h("tbody", {}, ...lines));
}

/** A bar as long as a part of the longest, coloured by its sign. */
export function length(part: number): HTMLElement {
  const fill = h("span", { class: `fill ${part < 0 ? "minus" : "plus"}` });
  fill.style.width = `${100 * Math.min(1, Math.abs(part))}%`;
  return h("td", { class: "gauge" }, fill);
}
