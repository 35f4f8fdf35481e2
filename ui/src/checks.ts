// The checks, each with its figure and the bar against which it was held.
import { h } from "./dom.ts";
import { factTable } from "./chapter.ts";
import type { Check, Fact, Figure } from "./payload.ts";
import { figure, interval, visible } from "./text.ts";

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

const FIRST = 4;

/** The first of the reading's other figures on one line, with their intervals; all of them when asked. */
export function figuresLine(figures: readonly Figure[], checks: readonly Check[]): HTMLElement {
  const rest = figures.filter(({ name, value }) => value !== null && !checks.some((check) => check.name === name));
  const line = h("p", { class: "meta figures" }, ...rest.slice(0, FIRST).map(one));
  if (rest.length <= FIRST) return line;
  return h("div", {}, line, h("details", { class: "facts" }, h("summary", {}, `All ${figures.length} figures`), factTable(figures.map(fact), "Figures of the reading")));
}

function fact({ name, value, unit, low, high }: Figure): Fact {
  return [name, value === null ? "\u2013" : `${figure(value)}${unit && ` ${unit}`}${interval(low, high)}`];
}

function one({ name, value, unit, low, high }: Figure): HTMLElement {
  const [, text] = fact({ name, value, unit: visible(unit, 60), low, high });
  return h("span", {}, h("span", { class: "soft" }, visible(name, 60)), ` ${text}`);
}
