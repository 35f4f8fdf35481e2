// Sites that begin with what somebody types, as ranges of nodes: no list of names is ever made or read through.
import type { Tree } from "./tree.ts";

/** The nodes `first` … `first + count − 1`. */
export interface Match {
  first: number;
  count: number;
}

/** Every node whose site begins with `query`; nothing for an empty query. Letters' case does not matter. */
export function search(tree: Tree, query: string): Match[] {
  const wanted = query.trim().toLowerCase();
  if (!wanted) return [];
  const found: Match[] = [];
  tree.inner.forEach((site, node) => site.toLowerCase().startsWith(wanted) && found.push({ first: node, count: 1 }));
  for (const { stem, first, count, start } of tree.runs) {
    const name = stem.toLowerCase();
    if (name.startsWith(wanted)) found.push({ first: start, count });
    else if (first >= 0 && wanted.startsWith(name)) {
      for (const [from, to] of numbersFrom(wanted.slice(name.length), first, first + count - 1)) found.push({ first: start + from - first, count: to - from + 1 });
    }
  }
  return found;
}

/** The numbers between two ends whose decimal form begins with `digits`: those digits, then ten times as many, … */
function numbersFrom(digits: string, least: number, most: number): [number, number][] {
  if (!/^(0|[1-9]\d{0,8})$/.test(digits)) return [];
  const found: [number, number][] = [];
  let [low, high] = [Number(digits), Number(digits)];
  while (low <= most) {
    if (Math.max(low, least) <= Math.min(high, most)) found.push([Math.max(low, least), Math.min(high, most)]);
    if (digits === "0") break;
    [low, high] = [low * 10, high * 10 + 9];
  }
  return found;
}

export function total(matches: readonly Match[]): number {
  return matches.reduce((sum, match) => sum + match.count, 0);
}

/** The first nodes to offer: inner ones as they stand, then leaves by size; the one of exactly that name before all. */
export function offered(tree: Tree, matches: readonly Match[], values: Float64Array, query: string, most: number): number[] {
  const first = tree.inner.length;
  const inner = matches.filter((match) => match.first < first).map((match) => match.first);
  const room = Math.max(0, most - inner.length) + 1;
  const leaves: number[] = [];
  let least = -1;
  for (const match of matches) {
    if (match.first < first || inner.length >= most) continue;
    for (let node = match.first; node < match.first + match.count; node++) {
      const size = Math.abs(values[node]!);
      if (leaves.length === room && size <= least) continue;
      const at = leaves.findIndex((other) => Math.abs(values[other]!) < size);
      leaves.splice(at < 0 ? leaves.length : at, 0, node);
      if (leaves.length > room) leaves.pop();
      least = Math.abs(values[leaves[leaves.length - 1]!]!);
    }
  }
  const exact = [...matches].map((match) => match.first).find((node) => tree.name(node).toLowerCase() === query.trim().toLowerCase());
  const all = [...inner, ...leaves].filter((node) => node !== exact);
  return (exact === undefined ? all : [exact, ...all]).slice(0, most);
}
