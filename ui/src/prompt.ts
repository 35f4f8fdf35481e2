// The prompts of one contrast as running text; tokens tinted by their signed share where a leaf's were read.
import { decimals } from "./bars.ts";
import { h } from "./dom.ts";
import type { Item } from "./payload.ts";
import { figure, signed, tokenText, visible } from "./text.ts";

/** Share by token position; a negative position p is reference token −1 − p. */
export type Tint = ReadonlyMap<number, number>;

export function promptPanel(item: Item, tint: Tint | null): HTMLElement {
  const panel = h("div", { class: "prompts" }, ...ends(item), ...miss(item));
  const twins = item.aligned && item.reference_tokens.length === item.clean_tokens.length;
  const differs = differences(item.clean_tokens, item.reference_tokens);
  panel.append(tinted("clean prompt", item.clean_tokens, (i) => i, tint, differs.clean));
  if (item.reference_tokens.length) {
    const where = twins ? () => null : (i: number) => -1 - i;
    panel.append(tinted("reference prompt", item.reference_tokens, where, tint, differs.reference));
  } else panel.append(h("p", { class: "soft" }, "The reference is another model on the same prompt."));
  return panel;
}

/** Light up one token's text, or none. */
export function pointAt(panel: HTMLElement, position: number | null): void {
  for (const lit of panel.querySelectorAll(".tok.lit")) lit.classList.remove("lit");
  if (position !== null) panel.querySelector(`[data-position="${position}"]`)?.classList.add("lit");
}

function ends(item: Item): HTMLElement[] {
  const places = decimals([item.clean ?? 0, item.reference ?? 0, item.delta ?? 0]);
  const nats = (value: number | null) => (value === null ? "\u2013" : signed(value, places));
  const foil = item.foil ? ["\u2212 log p ", quoted(item.foil)] : [];
  return [
    h("p", { class: "readout" }, "readout: log p ", quoted(item.target), " ", ...foil),
    h(
      "dl",
      { class: "ends" },
      h("div", {}, h("dt", {}, "clean"), h("dd", {}, nats(item.clean))),
      h("div", {}, h("dt", {}, "reference"), h("dd", {}, nats(item.reference))),
      h("div", {}, h("dt", {}, "\u0394, nats"), h("dd", { class: "strong" }, nats(item.delta))),
    ),
  ];
}

function miss(item: Item): HTMLElement[] {
  if (item.total === null || item.delta === null) return [];
  const part = Math.abs(item.total - item.delta) / Math.abs(item.delta);
  const steps = item.steps === null ? "" : ` after ${item.steps} steps`;
  return [h("p", { class: "soft small" }, `Shares miss \u0394 by ${figure(100 * part)} %${steps}.`)];
}

function quoted(token: string): HTMLElement {
  return h("q", { class: "token" }, visible(token, 60));
}

/** Tokens as running text under a name; those with a share are tinted by it. */
export function tinted(
  name: string,
  tokens: readonly string[],
  position: (index: number) => number | null,
  tint: Tint | null,
  differs: ReadonlySet<number>,
): HTMLElement {
  const most = Math.max(...(tint?.values() ? [...tint.values()].map(Math.abs) : [0]), 1e-300);
  const spans = tokens.map((token, i) => {
    const at = position(i);
    const share = at === null ? undefined : tint?.get(at);
    const span = h("span", { class: `tok ${differs.has(i) ? "differs" : ""}`, "data-position": at }, tokenText(token));
    if (share === undefined) return span;
    span.classList.add(share < 0 ? "minus" : "plus");
    span.style.setProperty("--strength", Math.sqrt(Math.abs(share) / most).toFixed(3));
    return span;
  });
  return h("figure", {}, h("figcaption", {}, name), h("div", { class: "prose", tabindex: 0, role: "group", "aria-label": name }, ...spans));
}

/** Places at which two prompts differ: token by token when of one length, else all between their common ends. */
export function differences(clean: readonly string[], other: readonly string[]): { clean: Set<number>; reference: Set<number> } {
  const found = { clean: new Set<number>(), reference: new Set<number>() };
  if (!other.length) return found;
  if (clean.length === other.length) {
    clean.forEach((token, i) => token !== other[i] && (found.clean.add(i), found.reference.add(i)));
    return found;
  }
  const short = Math.min(clean.length, other.length);
  let start = 0;
  while (start < short && clean[start] === other[start]) start++;
  let end = 0;
  while (end < short - start && clean[clean.length - 1 - end] === other[other.length - 1 - end]) end++;
  for (let i = start; i < clean.length - end; i++) found.clean.add(i);
  for (let i = start; i < other.length - end; i++) found.reference.add(i);
  return found;
}
