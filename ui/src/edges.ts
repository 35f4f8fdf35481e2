// Who feeds a leaf, and whom it feeds: parts of shares by the reader through which they flow.
import { decimals } from "./bars.ts";
import type { Edge } from "./closer.ts";
import { h } from "./dom.ts";
import type { Plot } from "./figure.ts";
import { signed, visible } from "./text.ts";

const LISTED = 8;

const SIDES = {
  into: { title: "Fed by", head: "source", says: "How much of each other leaf's share flows through this one, in nats" },
  out: { title: "Feeds", head: "reader", says: "Where this leaf's own share goes, in nats; with the direct path the parts sum to it" },
};

export function edgePlot(side: "into" | "out", site: string, edges: readonly Edge[], whose: string, go: (site: string) => void): Plot {
  const { title, head, says } = SIDES[side];
  const total = edges.reduce((sum, edge) => sum + edge.share, 0);
  const places = decimals(edges.map((edge) => edge.share));
  const sum = edges.length ? ` Sum ${signed(total, places)}.` : " None of the opened leaves.";
  return {
    title,
    says: `${says}; ${visible(whose, 60)}.${sum}`,
    body: signedBars(
      head,
      edges.slice(0, LISTED).map((edge) => ({ name: nameOf(edge.site, go), value: edge.share })),
      edges.slice(LISTED).reduce((left, edge) => left + edge.share, 0),
      Math.max(0, edges.length - LISTED),
      places,
    ),
    sheet: { name: `${side === "into" ? "fed-by" : "feeds"}-${site}`, columns: [head, "share, nats"], rows: () => edges.map((edge) => [edge.site, edge.share] as const) },
  };
}

function nameOf(site: string, go: (site: string) => void): HTMLElement | string {
  if (site === "readout") return "direct path";
  const rest = /^(.*)\.rest$/.exec(site)?.[1];
  if (rest) return h("button", { type: "button", class: "link", click: () => go(rest) }, `${visible(rest, 40)}, its others`);
  return h("button", { type: "button", class: "link", click: () => go(site) }, visible(site, 40));
}

export interface Row {
  name: HTMLElement | string;
  value: number;
}

/** Names with signed bars from a common middle, and what is not listed in one line. */
export function signedBars(head: string, rows: readonly Row[], rest: number, folded: number, places: number): HTMLElement {
  const most = Math.max(1e-300, ...rows.map((row) => Math.abs(row.value)));
  const lines = rows.map(({ name, value }) => h("tr", {}, h("th", { scope: "row" }, name), gauge(value / most), h("td", { class: "num" }, signed(value, places))));
  if (folded) lines.push(h("tr", { class: "soft" }, h("th", { scope: "row" }, `${folded} more`), h("td", {}), h("td", { class: "num" }, signed(rest, places))));
  const top = h("tr", {}, h("th", { scope: "col" }, head), h("td", {}), h("th", { scope: "col", class: "num" }, "nats"));
  return h("table", { class: "bars" }, h("thead", {}, top), h("tbody", {}, ...lines));
}

/** A bar from the middle to the right for what is positive, to the left for what is not. */
export function gauge(part: number): HTMLElement {
  const fill = h("span", { class: `fill ${part < 0 ? "minus" : "plus"}` });
  fill.style.width = `${50 * Math.min(1, Math.abs(part))}%`;
  fill.style.marginLeft = part < 0 ? `${50 - 50 * Math.min(1, Math.abs(part))}%` : "50%";
  return h("td", { class: "gauge centred" }, fill);
}
