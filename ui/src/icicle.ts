// The whole model at once: a strip a level. A part is as wide as the summed sizes of its leaves (its gross mass), so
// that the parts of a node tile the node. Below an open node a strip is that node enlarged to the full width.
import { path, type Tree } from "./tree.ts";

export const LEVELS = 4;
const MANY = 64;

export interface Span {
  /** The node, or the parent of the small leaves that stand here together. */
  node: number;
  level: number;
  left: number;
  right: number;
  /** How many small nodes this span stands for; 0 when it is the node itself. */
  rest: number;
  net: number;
  gross: number;
}

export interface Icicle {
  spans: Span[];
  /** The node that fills the width of each level. */
  scopes: number[];
}

/** Σ|share| over the leaves under every node. */
export function masses(tree: Tree, values: Float64Array): Float64Array {
  const out = new Float64Array(tree.size);
  const first = tree.inner.length;
  for (let node = tree.size - 1; node > 0; node--) {
    if (node >= first) out[node] = Math.abs(values[node]!);
    out[tree.parent[node]!]! += out[node]!;
  }
  return out;
}

/** The part of a node's mass that cancels, from 0 to 1. */
export function cancelled(net: number, gross: number): number {
  return gross > 0 ? Math.max(0, 1 - Math.abs(net) / gross) : 0;
}

/** Where every part lies, from 0 to 1. Siblings narrower than `finest` stand together as one span, behind the others. */
export function icicle(tree: Tree, values: Float64Array, gross: Float64Array, open: number, finest: number): Icicle {
  const chain = path(tree, open).filter((node) => node < tree.inner.length);
  const scopes = Array.from({ length: LEVELS }, (_, level) => chain[Math.min(Math.max(0, level - 1), chain.length - 1)]!);
  const spans: Span[] = [];
  const lay = (node: number, depth: number, level: number, left: number, unit: number) => {
    if (depth === level) {
      spans.push({ node, level, left, right: left + gross[node]! * unit, rest: 0, net: values[node]!, gross: gross[node]! });
      return;
    }
    let at = left;
    const { listed, rest } = siblings(tree.children[node] ?? [], values, gross, finest / unit);
    for (const child of listed) {
      lay(child, depth + 1, level, at, unit);
      at += gross[child]! * unit;
    }
    if (rest.count && depth + 1 === level) spans.push({ node, level, left: at, right: at + rest.gross * unit, rest: rest.count, net: rest.net, gross: rest.gross });
  };
  scopes.forEach((scope, level) => {
    if (gross[scope]! > 0) lay(scope, depthOf(tree, scope), level, 0, 1 / gross[scope]!);
  });
  return { spans, scopes };
}

function depthOf(tree: Tree, node: number): number {
  return path(tree, node).length - 1;
}

interface Siblings {
  listed: number[];
  rest: { count: number; net: number; gross: number };
}

/** Nodes of at least `least` mass, in the model's order, or by size where there are many; and the others' sums. */
function siblings(children: readonly number[], values: Float64Array, gross: Float64Array, least: number): Siblings {
  const rest = { count: 0, net: 0, gross: 0 };
  const listed: number[] = [];
  for (const child of children) {
    if (gross[child]! >= least) listed.push(child);
    else {
      rest.count++;
      rest.net += values[child]!;
      rest.gross += gross[child]!;
    }
  }
  if (children.length > MANY) listed.sort((a, b) => gross[b]! - gross[a]!);
  return { listed, rest };
}

/** The span at a place, or null. */
export function spanAt(spans: readonly Span[], level: number, x: number): Span | null {
  return spans.find((span) => span.level === level && span.left <= x && x < span.right) ?? null;
}

/** The span that an arrow key leads to: along a level, to what holds a part, or to its first part. */
export function neighbour(tree: Tree, { spans, scopes }: Icicle, from: Span, key: string): Span | null {
  const beside = (by: number) => {
    const row = spans.filter((span) => span.level === from.level);
    return row[row.indexOf(from) + by] ?? null;
  };
  if (key === "ArrowLeft") return beside(-1);
  if (key === "ArrowRight") return beside(1);
  if (key === "ArrowUp") {
    if (from.level === 0) return null;
    const above = from.rest ? from.node : tree.parent[from.node]!;
    return spans.find((span) => !span.rest && span.node === above) ?? spans.find((span) => span.node === scopes[from.level] && !span.rest) ?? null;
  }
  if (key !== "ArrowDown" || from.rest) return null;
  return spans.find((span) => span.level === from.level + 1 && (span.rest ? span.node : tree.parent[span.node]) === from.node) ?? null;
}
