// The tree of sites: model, layers, writers, leaves. Numbers stand for nodes: first the inner ones, parents before
// their children, then every leaf in the model's order.
import type { Run } from "./payload.ts";

/** Leaves `stem` + `first` … in a row, of which the first is node `start`; `first` is −1 where the stem is the name. */
export interface Stretch {
  stem: string;
  first: number;
  count: number;
  start: number;
}

export interface Tree {
  readonly runs: readonly Stretch[];
  readonly inner: readonly string[];
  readonly parent: Int32Array;
  readonly children: readonly (readonly number[])[];
  readonly size: number;
  name(node: number): string;
  find(site: string): number | null;
}

export const MODEL = "model";

export function buildTree(runs: readonly Run[]): Tree {
  const inner: string[] = [MODEL];
  const above: number[] = [-1];
  const known = new Map<string, number>([[MODEL, 0]]);
  const innerNode = (site: string): number => {
    const found = known.get(site);
    if (found !== undefined) return found;
    const up = innerNode(parentOf(site));
    known.set(site, inner.length);
    above.push(up);
    return inner.push(site) - 1;
  };
  const owners = runs.map(([stem]) => innerNode(parentOf(stem)));
  const starts: number[] = [];
  let size = inner.length;
  for (const [, , count] of runs) {
    starts.push(size);
    size += count;
  }
  const parent = new Int32Array(size);
  parent.set(above);
  runs.forEach(([, , count], r) => parent.fill(owners[r]!, starts[r]!, starts[r]! + count));
  const name = (node: number) => (node < inner.length ? inner[node]! : leafName(runs, starts, node));
  const find = (site: string) => known.get(site) ?? findLeaf(runs, starts, site);
  const stretches = runs.map(([stem, first, count], r) => ({ stem, first, count, start: starts[r]! }));
  return { runs: stretches, inner, parent, children: childrenOf(runs, inner, above, owners, starts), size, name, find };
}

/** The site one level up, by its text. */
export function parentOf(site: string): string {
  const dot = site.lastIndexOf(".");
  return dot < 0 ? MODEL : site.slice(0, dot);
}

/** Every node's share from its leaves', in float64: a parent is the sum of its children. */
export function sums(tree: Tree, leaves: Float64Array): Float64Array {
  const out = new Float64Array(tree.size);
  const first = tree.inner.length;
  out.set(leaves, first);
  for (let node = tree.size - 1; node > 0; node--) out[tree.parent[node]!]! += out[node]!;
  return out;
}

/** The nodes from the model down to `node`, both included. */
export function path(tree: Tree, node: number): number[] {
  const up = [node];
  for (let at = node; at > 0; ) up.push((at = tree.parent[at]!));
  return up.reverse();
}

function childrenOf(
  runs: readonly Run[],
  inner: readonly string[],
  above: readonly number[],
  owners: readonly number[],
  starts: readonly number[],
): number[][] {
  const children: number[][] = inner.map(() => []);
  const placed = new Set<number>();
  const place = (node: number) => {
    if (node === 0 || placed.has(node)) return;
    placed.add(node);
    place(above[node]!);
    children[above[node]!]!.push(node);
  };
  runs.forEach(([, , count], r) => {
    place(owners[r]!);
    for (let k = 0; k < count; k++) children[owners[r]!]!.push(starts[r]! + k);
  });
  return children;
}

function leafName(runs: readonly Run[], starts: readonly number[], node: number): string {
  let low = 0;
  let high = runs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= node) low = middle;
    else high = middle - 1;
  }
  const [stem, first] = runs[low]!;
  return first < 0 ? stem : `${stem}${first + node - starts[low]!}`;
}

function findLeaf(runs: readonly Run[], starts: readonly number[], site: string): number | null {
  const split = /^(.*?)(\d+)$/.exec(site);
  for (let r = 0; r < runs.length; r++) {
    const [stem, first, count] = runs[r]!;
    if (first < 0 && stem === site) return starts[r]!;
    const index = split && split[1] === stem && first >= 0 ? Number(split[2]) - first : -1;
    if (index >= 0 && index < count) return starts[r]! + index;
  }
  return null;
}
