// One level of the zoom: the parts of a node under a pick, and the total on which they must end.
import type { Part } from "./bars.ts";
import { hashOf, pickText, type View } from "./route.ts";
import type { Sheet } from "./sheet.ts";
import type { Ledger } from "./shares.ts";
import { tokenLabel, visible } from "./text.ts";

export interface Level {
  node: number;
  parts: Part[];
  total: Part;
  what: "parts" | "contrasts" | "tokens" | "nothing";
  /** Largest first, or in the model's (the prompt's) own order. */
  bySize: boolean;
}

/** The level that a view shows, or null while the document is still arriving. */
export function levelOf(ledger: Ledger, view: View, node: number): Level | null {
  const shares = ledger.of(view.pick);
  const wanted = [node, ...(ledger.tree.children[node] ?? [])];
  if (!shares || (view.pick.kind === "all" && !ledger.knows(wanted))) return null;
  const total = totalOf(ledger, view, node, shares.values[node]!);
  if (node < ledger.tree.inner.length) {
    const nodes = ledger.tree.children[node]!;
    const parts = nodes.map((child) => partOf(ledger, view, child, shares.values[child]!));
    return { node, parts, total, what: "parts", bySize: nodes.some((n) => n >= ledger.tree.inner.length) && node !== 0 };
  }
  if (view.pick.kind === "contrast") return tokenLevel(ledger, view.pick.index, node, total);
  return contrastLevel(ledger, view, node, total);
}

/** Every part of a level and its total, whether the waterfall has room for it or not. */
export function levelSheet(level: Level, view: View): Sheet {
  const row = (part: Part) => [part.label, part.mark ?? "", part.value, part.low ?? null, part.high ?? null, part.direct ?? null] as const;
  const kind = { parts: "site", contrasts: "contrast", tokens: "token", nothing: "site" }[level.what];
  return {
    name: `middle-${pickText(view.pick)}-${view.site}`,
    columns: [kind, "place", "share, nats", "low, nats", "high, nats", "direct effect, nats"],
    rows: () => [...level.parts.map(row), row(level.total)],
  };
}

function partOf(ledger: Ledger, view: View, node: number, value: number): Part {
  const site = ledger.tree.name(node);
  const part: Part = { label: site, value, opens: hashOf({ ...view, site }) };
  if (view.pick.kind !== "all") return { ...part, direct: ledger.direct(view.pick, node) };
  const [, low, high, direct] = ledger.figures(node);
  return { ...part, low, high, direct };
}

/** The parent as measured apart from its parts: the reading's mean, the item's recorded total, a leaf's own share. */
function totalOf(ledger: Ledger, view: View, node: number, added: number): Part {
  const label = ledger.tree.name(node);
  if (view.pick.kind === "all") {
    const [share, low, high, direct] = ledger.figures(node);
    return { label, value: share ?? added, low, high, direct };
  }
  const recorded = view.pick.kind === "contrast" && node === 0 ? ledger.data.items[view.pick.index]?.total : null;
  return { label, value: recorded ?? added };
}

function contrastLevel(ledger: Ledger, view: View, node: number, total: Part): Level | null {
  const members = ledger.members(view.pick);
  const whole = view.pick.kind === "template" || members.length === ledger.data.items.length;
  const site = ledger.tree.name(node);
  const leaf = node - ledger.tree.inner.length;
  const parts: Part[] = [];
  for (const index of whole ? members : []) {
    const item = ledger.item(index);
    if (!item) return null;
    const opens = hashOf({ pick: { kind: "contrast", index }, site });
    parts.push({ label: contrastName(ledger, index), value: item.leaves[leaf]! / members.length, opens, mark: "contrast" });
  }
  return { node, parts, total, what: parts.length ? "contrasts" : "nothing", bySize: true };
}

function tokenLevel(ledger: Ledger, index: number, node: number, total: Part): Level {
  const rows = ledger.item(index)?.tokens;
  const item = ledger.data.items[index]!;
  const leaf = node - ledger.tree.inner.length;
  const parts: Part[] = [];
  rows?.leaf.forEach((of, row) => {
    if (of !== leaf) return;
    const position = rows.position[row]!;
    const there = position < 0;
    const token = there ? item.reference_tokens[-1 - position] : item.clean_tokens[position];
    const mark = there ? `reference ${-1 - position}` : String(position);
    parts.push({ label: tokenLabel(token ?? "?"), value: rows.share[row]!, mark, position });
  });
  parts.sort((a, b) => order(a.position!) - order(b.position!));
  return { node, parts, total, what: parts.length ? "tokens" : "nothing", bySize: false };
}

function order(position: number): number {
  return position < 0 ? 1e9 - position : position;
}

export function contrastName(ledger: Ledger, index: number): string {
  return visible(ledger.data.items[index]?.id || `contrast ${index + 1}`, 60);
}
