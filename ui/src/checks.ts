// The checks, each with its figure and the bar against which it was held.
import { h } from "./dom.ts";
import type { Check } from "./payload.ts";
import { figure, visible } from "./text.ts";

export function checksPanel(checks: readonly Check[]): HTMLElement {
  const tiles = checks.map((check) => {
    const value = check.text !== undefined ? visible(check.text, 24) : check.value == null ? "\u2013" : figure(check.value);
    const mark = check.holds === null ? "" : check.holds ? "holds" : "fails";
    return h(
      "div",
      { class: `check ${mark}` },
      h("dt", {}, check.name),
      h("dd", {}, h("span", { class: "value" }, value), check.bar && h("span", { class: "limit" }, visible(check.bar, 24)), mark && h("span", { class: "mark" }, mark)),
    );
  });
  return h("dl", { class: "checks" }, ...tiles);
}
