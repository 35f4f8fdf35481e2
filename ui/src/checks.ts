// The checks, each with its figure and the bar against which it was held.
import { h } from "./dom.ts";
import type { Check, Figure } from "./payload.ts";
import { figure, visible } from "./text.ts";

/** A bar's text with its number as the figures are written: `≤ 1e-06` is ≤ 1e−6. */
function limit(bar: string): string {
  return visible(bar, 24).replace(/[\d.]+(?:e[-+]?\d+)?/, (number) => figure(Number(number)));
}

export function checksPanel(checks: readonly Check[]): HTMLElement {
  const tiles = checks.map((check) => {
    const value = check.text !== undefined ? visible(check.text, 24) : check.value == null ? "\u2013" : figure(check.value);
    const mark = check.holds === null ? "" : check.holds ? "holds" : "fails";
    return h(
      "div",
      { class: `check ${mark}` },
      h("dt", {}, check.name),
      h("dd", {}, h("span", { class: "value" }, value), check.bar && h("span", { class: "limit" }, limit(check.bar)), mark && h("span", { class: "mark" }, mark)),
    );
  });
  return h("dl", { class: "checks" }, ...tiles);
}

/** The reading's other figures on one line, with their intervals. */
export function figuresLine(figures: readonly Figure[], checks: readonly Check[]): HTMLElement {
  const rest = figures.filter(({ name, value }) => value !== null && !checks.some((check) => check.name === name));
  const spans = rest.map(({ name, value, unit, low, high }) => {
    const interval = low === null || high === null ? "" : ` (95 %: ${figure(low)} \u2026 ${figure(high)})`;
    const text = ` ${figure(value!)}${unit && ` ${visible(unit, 60)}`}${interval}`;
    return h("span", {}, h("span", { class: "soft" }, visible(name, 60)), text);
  });
  return h("p", { class: "meta figures" }, ...spans);
}
