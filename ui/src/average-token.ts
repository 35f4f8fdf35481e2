// Tokens tinted by how much of each an average would also have said, and what is known of one of them.
import { type SaidText, shareOf } from "./average-data.ts";
import { summed, tokenBars } from "./average-ledger.ts";
import { h } from "./dom.ts";
import type { Box } from "./figure.ts";
import { count, figure, percent, tokenLabel, tokenText, visible } from "./text.ts";

const RUN = 24;

/** How a share is tinted: blue above a half, orange below, each the more the further from it. Below a half a dotted line says so without colour. */
export function tintOf(share: number): { side: "plus" | "minus" | ""; strength: number } {
  if (Number.isNaN(share)) return { side: "", strength: 0 };
  const away = 2 * Math.min(1, Math.max(0, share)) - 1;
  return { side: away < 0 ? "minus" : "plus", strength: Math.abs(away) };
}

/** A text's tokens as options of a list that reads as running text; the first can be reached by the tab key. */
export function tokenSpans(text: SaidText): HTMLElement[] {
  return text.tokens.map((token, t) => {
    const { side, strength } = tintOf(text.share[t]!);
    const label = `${tokenLabel(token)}: ${said(text.share[t]!)} shared`;
    const span = h("span", { class: `tok ${side}`, role: "option", "aria-selected": String(t === 0), "aria-label": label, tabindex: t === 0 ? 0 : -1, "data-position": t }, tokenText(token));
    span.style.setProperty("--strength", strength.toFixed(3));
    return span;
  });
}

function said(share: number): string {
  return Number.isNaN(share) ? "\u2013" : percent(share);
}

/** Everything that is known of one token: its probabilities, the run that ends with it, and its ledger. */
export function tokenPanel(text: SaidText, t: number, rungs: readonly string[]): Box & { element: HTMLElement } {
  const rows: [string, string][] = [
    ["an average would also have said it", said(text.share[t]!)],
    ["p of the model", probability(text.p[t]!)],
    ["a of the average", probability(text.a[t]!)],
    ["support: longest run of the corpus", run(text, t)],
  ];
  const facts = h("dl", { class: "plain" }, ...rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  const title = h("h4", {}, h("q", { class: "token" }, tokenLabel(text.tokens[t]!)), h("span", { class: "soft small" }, `token ${count(t)}`));
  const ledger = summed(tokenBars(text, t, rungs), "rung", "Bits of this token by rung");
  ledger.sum.removeAttribute("role"); // it would be read out with every move over the text
  return { element: h("div", {}, title, facts, ledger.element), redraw: ledger.redraw };
}

function probability(bits: number): string {
  return Number.isNaN(bits) ? "\u2013" : `${percent(2 ** bits)} (log\u2082 ${figure(bits)})`;
}

/** The length of the run that ends with a token, and the run itself as far as it lies in this text. */
function run({ support, tokens }: SaidText, t: number): string {
  const length = support[t]!;
  if (length < 0) return "\u2013";
  const first = Math.max(0, t + 1 - Math.min(length, RUN));
  const before = t + 1 - first < length ? "\u2026 " : "";
  return `${count(length)} ${length === 1 ? "token" : "tokens"}${length > 1 ? `: \u201c${before}${visible(tokens.slice(first, t + 1).join("").trim(), 80)}\u201d` : ""}`;
}

/** A text's name with its share, for a list of texts. */
export function textName(text: SaidText): string {
  const share = shareOf(text);
  return `${visible(text.id, 50)} \u2013 ${share === null ? "\u2013" : percent(share)}`;
}
