// The items that wake a neuron most, each with the token at which it does in its context.
import type { Woken } from "./closer.ts";
import type { Moves } from "./closeup.ts";
import { h } from "./dom.ts";
import type { Plot } from "./figure.ts";
import { contrastName } from "./level.ts";
import type { Ledger } from "./shares.ts";
import { figure, tokenLabel, tokenText } from "./text.ts";

const AROUND = 7;
const LISTED = 12;

export function wokenPlot(site: string, rows: readonly Woken[], ledger: Ledger, move: Moves): Plot {
  const lines = rows.slice(0, LISTED).map((row) =>
    h(
      "tr",
      {},
      h("td", {}, contrastLink(ledger, row.item, move)),
      h("td", { class: "context" }, ...context(ledger.data.items[row.item]?.clean_tokens ?? [], row)),
      h("td", { class: "num" }, figure(row.activation)),
      h("td", { class: "num" }, Number.isNaN(row.change) ? "\u2013" : figure(row.change)),
    ),
  );
  const head = ["contrast", "in context", "activation", "change"].map((name, k) => h("th", { scope: "col", class: k > 1 ? "num" : "" }, name));
  const table = h("table", { class: "woken" }, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...lines));
  return {
    room: "wide",
    title: "What wakes it",
    says: "The clean prompts and places with the strongest activation; change is clean minus reference at that place, where the reference has one.",
    body: h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "What wakes this neuron" }, table),
    sheet: {
      name: `wakes-${site}`,
      columns: ["contrast", "place", "token", "activation", "change"],
      rows: () => rows.map((row) => [contrastName(ledger, row.item), row.position, row.token, row.activation, row.change] as const),
    },
  };
}

function contrastLink(ledger: Ledger, index: number, move: Moves): HTMLElement | string {
  const name = contrastName(ledger, index);
  return ledger.listed.has(index) ? h("button", { type: "button", class: "link", click: () => move.contrast(index) }, name) : name;
}

/** Some tokens before and after, with the one that counts marked. The table's own text stands in where the place is none. */
function context(tokens: readonly string[], { position, token }: Woken): HTMLElement[] {
  if (position < 0 || position >= tokens.length) return [h("mark", {}, tokenLabel(token))];
  const [from, to] = [Math.max(0, position - AROUND), Math.min(tokens.length, position + AROUND + 1)];
  const piece = (text: string, marked: boolean) => h(marked ? "mark" : "span", {}, text.replaceAll("\n", ""));
  const pieces = tokens.slice(from, to).map((text, k) => piece(tokenText(text.slice(0, 40)), from + k === position));
  if (from > 0) pieces.unshift(h("span", { class: "soft" }, "\u2026"));
  if (to < tokens.length) pieces.push(h("span", { class: "soft" }, "\u2026"));
  return pieces;
}
