// What all chapters have in common: the heading, the verdict, the protocol in small print.
import { h } from "./dom.ts";
import type { Fact, Reading } from "./payload.ts";
import { visible } from "./text.ts";

/** Verdicts that say that something was found wanting. */
const BAD = new Set(["refused", "breaks", "strangers", "unstable"]);
/** Verdicts that say that nothing can be said. */
const OPEN = new Set(["diffuse", "not determined", "cannot", "skipped"]);

export function renderPlain(name: string, reading: Reading): HTMLElement {
  return h("section", { class: "chapter", id: visible(name) }, heading(name, reading), protocol(reading));
}

export function heading(name: string, reading: Reading): HTMLElement {
  const tone = BAD.has(reading.verdict) ? "bad" : OPEN.has(reading.verdict) ? "open-ended" : "";
  const verdict = h("span", { class: `verdict ${tone}` }, visible(reading.verdict, 40));
  return h(
    "header",
    { class: "chapter-head" },
    h("h2", {}, visible(name, 40)),
    verdict,
    h("p", { class: "sentence" }, visible(reading.sentence, 600)),
  );
}

export function protocol(reading: Reading): HTMLElement {
  return h("details", { class: "facts" }, h("summary", {}, "Protocol"), factTable(reading.protocol, "Protocol of the numbers"));
}

export function factTable(facts: readonly Fact[], caption: string): HTMLElement {
  const rows = facts.map(([name, value]) =>
    h("tr", {}, h("th", { scope: "row" }, visible(name, 120)), h("td", {}, visible(value, 2000))),
  );
  return h("div", { class: "scroll" }, h("table", {}, h("caption", { class: "unseen" }, caption), h("tbody", {}, ...rows)));
}
