// Which leaves stay among the largest when templates are drawn anew, and how many are called when labels are shuffled.
import { h } from "./dom.ts";
import type { Plot } from "./figure.ts";
import type { Shuffled, Stability } from "./payload.ts";
import { figured, interval, percent, visible } from "./text.ts";

const LISTED = 16;

export function stability(data: Stability, go: (site: string) => void): Plot {
  const members = [...data.members].sort((a, b) => (b.frequency ?? 0) - (a.frequency ?? 0));
  const bars = members.slice(0, LISTED).map(({ site, frequency }) => {
    const name = visible(site, 40);
    return bar(h("button", { type: "button", class: "link", click: () => go(site) }, name), frequency);
  });
  const more = members.length > LISTED ? ` The ${LISTED} most frequent of ${members.length} are shown.` : "";
  return {
    title: "Do the largest leaves stay the largest?",
    says: `Templates drawn anew: Jaccard ${figured(data.jaccard)}${interval(data.low, data.high)} between the ${data.size ?? "\u2013"} largest leaves of each draw and those found.${more}`,
    body: barTable("How often a leaf is among the largest", "leaf", "among the largest", bars),
    sheet: { name: "stability", columns: ["site", "among the largest, part of draws"], rows: () => members.map(({ site, frequency }) => [site, frequency]) },
  };
}

export function shuffled(data: Shuffled): Plot {
  const rows: [string, number | null | undefined][] = [["true labels", data.called_true], ["shuffled, mean", data.called], ["shuffled, worst draw", data.worst]];
  return {
    title: "Leaves called when labels are shuffled",
    says: `A leaf is called when its share differs from zero beyond chance. With shuffled labels ${percent(data.called)} are called on average over ${data.draws ?? "\u2013"} draws; the bar is ${percent(data.bar)}.`,
    body: barTable("Leaves called", "labels", "leaves called", rows.map(([name, value]) => bar(name, value ?? null))),
    sheet: { name: "called", columns: ["site called with true labels"], rows: () => (data.called_sites ?? []).map((site) => [site]) },
  };
}

function bar(name: HTMLElement | string, part: number | null): HTMLElement {
  const fill = h("span", { class: "fill" });
  fill.style.width = `${Math.max(0, Math.min(1, part ?? 0)) * 100}%`;
  return h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "gauge" }, fill), h("td", { class: "num" }, percent(part)));
}

function barTable(caption: string, first: string, value: string, rows: HTMLElement[]): HTMLElement {
  const head = h("tr", {}, h("th", { scope: "col" }, first), h("td", {}), h("th", { scope: "col", class: "num" }, value));
  return h("table", { class: "bars" }, h("caption", { class: "unseen" }, caption), h("thead", {}, head), h("tbody", {}, ...rows));
}
