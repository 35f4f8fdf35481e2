// What stands around the waterfall: the way down, the check of its sum, the list of contrasts, and what was left out.
import { type Bar, decimals, type Part } from "./bars.ts";
import { h } from "./dom.ts";
import { contrastName } from "./level.ts";
import type { MiddleData } from "./payload.ts";
import type { Pick, View } from "./route.ts";
import type { Ledger } from "./shares.ts";
import { count, figure, signed, visible } from "./text.ts";

const LISTED = 200;

export function crumbs(ledger: Ledger, view: View, nodes: readonly number[], go: (view: View) => void): HTMLElement {
  const steps = nodes.map((node, i) => {
    const site = ledger.tree.name(node);
    if (i === nodes.length - 1) return h("li", {}, h("span", { "aria-current": "location" }, site));
    return h("li", {}, h("button", { type: "button", class: "link", click: () => go({ ...view, site }) }, site));
  });
  return h("ol", {}, ...steps);
}

/** Says that the bars end on the parent, with the figures. */
export function checkLine(ledger: Ledger, view: View, bars: readonly Bar[]): HTMLElement {
  const measured = view.pick.kind === "contrast" && view.site === "model" ? ledger.data.items[view.pick.index]!.delta : null;
  return sumLine(bars, Math.abs(bars[bars.length - 1]!.value), measured);
}

/** The sum of the bars beside the parent's own figure; they agree when they differ by at most 1e-6 of `size`. */
export function sumLine(bars: readonly Bar[], size: number, measured: number | null, unit = "nats"): HTMLElement {
  const total = bars[bars.length - 1]!;
  const end = bars.length > 1 ? bars[bars.length - 2]!.to : 0;
  const off = Math.abs(end - total.value);
  const holds = off <= 1e-6 * Math.max(size, 1e-9) || off < 1e-12;
  const delta = measured === null ? "" : `; measured \u0394 ${signed(measured, 6)}`;
  return h(
    "p",
    { class: `sum ${holds ? "holds" : "fails"}`, role: "status" },
    h("span", { class: "mark" }, holds ? "adds up" : "does not add up"),
    ` \u03A3 of bars ${signed(end, 9)}, ${total.label} ${signed(total.value, 9)} ${unit}, difference ${figure(off)}${delta}`,
  );
}

/** What the colours and marks mean. */
export function legend(bars: readonly Bar[]): HTMLElement {
  const key = (kind: string, text: string) => h("span", { class: `key ${kind}` }, text);
  const interval = bars.some((bar) => bar.low != null) && key("interval", "95 % interval");
  return h("p", { class: "legend" }, key("plus", "towards the target"), key("minus", "away from it"), key("total", "the parent"), interval);
}

/** Every contrast with its measured Δ, as a list to pick from. */
export function contrastList(ledger: Ledger, pick: Pick, choose: (index: number) => void): HTMLElement {
  const all = pick.kind === "template" ? ledger.templates[pick.index]!.items : [...ledger.data.items.keys()];
  const shown = all.slice(0, LISTED);
  const deltas = shown.map((index) => ledger.data.items[index]!.delta ?? 0);
  const places = decimals(deltas);
  const rows = shown.map((index) => {
    const { delta } = ledger.data.items[index]!;
    const name = contrastName(ledger, index);
    const open = ledger.listed.has(index) ? h("button", { type: "button", class: "link", click: () => choose(index) }, name) : name;
    return h("tr", {}, h("th", { scope: "row" }, open), h("td", { class: "num" }, delta === null ? "\u2013" : signed(delta, places)));
  });
  const more = all.length > shown.length && h("p", { class: "soft small" }, `and ${all.length - shown.length} more`);
  const head = h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "contrast"), h("th", { scope: "col", class: "num" }, "\u0394, nats")));
  const region = { class: "scroll list", tabindex: 0, role: "region", "aria-label": "Contrasts and their measured differences" };
  return h("div", region, h("table", {}, head, h("tbody", {}, ...rows)), more);
}

export function nothing(pick: Pick, part: Part): HTMLElement {
  const why =
    pick.kind === "contrast"
      ? "Source tokens are kept for heads, the embedding and the largest neurons of each writer; those of this part were not read."
      : "Source tokens belong to one contrast: pick one to see what this part read.";
  return h("p", { class: "empty" }, h("b", {}, `${part.label}: ${signed(part.value, decimals([part.value]))} nats. `), why);
}

/** What the page does not carry, said plainly. */
export function notes(data: MiddleData): HTMLElement[] {
  const { leaves = 0, contrasts = 0 } = data.left_out ?? {};
  const texts: string[] = [];
  if (leaves) texts.push(`${count(leaves)} small neurons are not listed one by one; each writer's are added up in its part named rest, so every sum stays exact.`);
  if (contrasts) texts.push(`${count(contrasts)} contrasts are in the mean, but not shown one by one.`);
  if (texts.length) texts.push("The run folder's tables hold them all.");
  if (data.source_tokens && data.source_tokens !== "read") texts.push(`Source tokens: ${visible(data.source_tokens, 400)}.`);
  return texts.length ? [h("p", { class: "note" }, texts.join(" "))] : [];
}
