// The check panel: each verification with its figure, its bar, and whether it holds.
import { h } from "./dom.ts";
import type { Verified } from "./payload.ts";
import { visible } from "./text.ts";

const WORDS = { holds: "holds", fails: "does not hold", reported: "no bar", absent: "not computed" };

export function stateOf(check: Verified): keyof typeof WORDS {
  if (check.why) return "absent";
  return check.holds === null ? "reported" : check.holds ? "holds" : "fails";
}

/** The checks as a table; its roles are said outright, because on a narrow screen its rows are laid out as blocks. */
export function verifiedTable(checks: readonly Verified[]): HTMLElement {
  const rows = checks.map((check) => {
    const state = stateOf(check);
    return h(
      "tr",
      { class: state, role: "row" },
      h("th", { scope: "row", role: "rowheader" }, visible(check.name, 60)),
      h("td", { role: "cell" }, visible(check.why || check.text, 400)),
      h("td", { class: "bar-text", role: "cell" }, visible(check.bar, 80) || "\u2013"),
      h("td", { class: "state", role: "cell" }, h("span", { class: "mark" }, WORDS[state])),
    );
  });
  const head = ["check", "figure", "bar", "state"].map((name) => h("th", { scope: "col", role: "columnheader" }, name));
  const table = h("table", { class: "verify", role: "table" }, h("caption", { class: "unseen" }, "Verification of the tree"), h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...head)), h("tbody", { role: "rowgroup" }, ...rows));
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Verification of the tree" }, table);
}

/** How many bars hold, in one sentence. */
export function tally(checks: readonly Verified[]): string {
  const count = { holds: 0, fails: 0, reported: 0, absent: 0 };
  for (const check of checks) count[stateOf(check)]++;
  const judged = count.holds + count.fails;
  const parts = [judged ? `${count.holds} of ${judged} bars hold` : "no bar was judged"];
  if (count.reported) parts.push(`${count.reported} reported without a bar`);
  if (count.absent) parts.push(`${count.absent} not computed`);
  return parts.join(", ");
}
