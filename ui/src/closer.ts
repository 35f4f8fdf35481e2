// What the page knows of a leaf from close by: attention, edges, promoted tokens, waking items. Read when asked, and kept.
import { type Attention, block, type Closeups, type Edges, floats, ints, type Near, proof, type Rows, singles } from "./payload.ts";

/** Weights of one head in one contrast: `weight[k]` is how much place `destination[k]` reads from `source[k]`. */
export interface Pattern {
  destination: Int32Array;
  source: Int32Array;
  weight: Float32Array;
}

export interface Edge {
  /** The other end: a site, or `readout` for the direct path. */
  site: string;
  share: number;
}

export interface Flow {
  /** Parts of other leaves' shares that flow through this one. */
  into: Edge[];
  /** Where this leaf's own share goes; with the direct path they sum to it. */
  out: Edge[];
}

export interface Promoted {
  token: string;
  rank: number;
  value: number;
}

export interface Woken {
  item: number;
  position: number;
  token: string;
  activation: number;
  change: number;
}

/** Shares of source tokens at each layer boundary: `share[l * tokens + t]`. */
export interface Boundaries {
  layers: number[];
  tokens: number;
  share: Float64Array;
}

export class Closer {
  private readonly kept = new Map<string, unknown>();

  /** Null where the head was not opened in this contrast. */
  pattern(item: number, site: string): Pattern | null {
    const packed = this.near(item)?.attention;
    const at = packed?.sites.indexOf(site) ?? -1;
    if (!packed || at < 0) return null;
    const { destination, source, weight } = this.once(`attention-${item}`, () => decoded(packed));
    const [from, to] = [packed.ends[at - 1] ?? 0, packed.ends[at]!];
    return { destination: destination.subarray(from, to), source: source.subarray(from, to), weight: weight.subarray(from, to) };
  }

  /** The edges of a leaf in one contrast, or null where none were taken. */
  flow(item: number, site: string): Flow | null {
    const edges = this.near(item)?.edges;
    return edges ? flowOf(edges, site) : null;
  }

  /** The mean of a leaf's edges over the contrasts in which they were taken, and over how many. */
  meanFlow(site: string): (Flow & { over: number }) | null {
    const edges = this.closeups()?.edges;
    const found = edges && flowOf(edges, site);
    return edges && found ? { ...found, over: edges.items } : null;
  }

  /** Strongest first for either sign, or null where the leaf was not opened. */
  promoted(site: string): Promoted[] | null {
    const packed = this.closeups()?.promoted;
    const rows = packed && rowsOf(packed, site);
    if (!packed || !rows) return null;
    const [rank, value] = [ints(packed.rank), floats(packed.value)];
    return rows.map((row) => ({ token: packed.token[row]!, rank: rank[row]!, value: value[row]! }));
  }

  /** The items that wake a neuron most, strongest first, or null where it was not opened. */
  woken(site: string): Woken[] | null {
    const packed = this.closeups()?.activations;
    const rows = packed && rowsOf(packed, site);
    if (!packed || !rows) return null;
    const [item, position, activation, change] = [ints(packed.item), ints(packed.position), floats(packed.activation), floats(packed.change)];
    return rows.map((row) => ({ item: item[row]!, position: position[row]!, token: packed.token[row]!, activation: activation[row]!, change: change[row]! }));
  }

  boundaries(item: number): Boundaries | null {
    const rows = this.near(item)?.rows;
    return rows ? this.once(`rows-${item}`, () => boundariesOf(rows)) : null;
  }

  /** Whether a leaf is called against shuffled labels; null where that was not computed. */
  called(site: string): boolean | null {
    const sites = this.once("called", () => {
      const found = proof()?.shuffled?.called_sites;
      return found ? new Set(found) : null;
    });
    return sites && sites.has(site);
  }

  private near(item: number): Near | null {
    return this.once(`near-${item}`, () => block<Near>(`middle-near-${item}`));
  }

  private closeups(): Closeups | null {
    return this.once("closeups", () => block<Closeups>("middle-closeups"));
  }

  private once<T>(name: string, make: () => T): T {
    if (!this.kept.has(name)) this.kept.set(name, make());
    return this.kept.get(name) as T;
  }
}

function decoded(packed: Attention): Pattern {
  return { destination: ints(packed.destination), source: ints(packed.source), weight: singles(packed.weight) };
}

function boundariesOf(rows: Rows): Boundaries {
  const share = floats(rows.share);
  return { layers: rows.layers, tokens: share.length / rows.layers.length, share };
}

/** A leaf's edges, largest first; null where it has none on either side. */
function flowOf(edges: Edges, site: string): Flow | null {
  const at = edges.names.indexOf(site);
  if (at < 0) return null;
  const [source, reader, share] = [ints(edges.source), ints(edges.reader), floats(edges.share)];
  const flow: Flow = { into: [], out: [] };
  for (let k = 0; k < share.length; k++) {
    if (reader[k] === at) flow.into.push({ site: edges.names[source[k]!]!, share: share[k]! });
    if (source[k] === at) flow.out.push({ site: edges.names[reader[k]!]!, share: share[k]! });
  }
  return { into: parted(flow.into), out: parted(flow.out) };
}

/** Edges largest first, without those whose end is given part by part as well: nothing counts twice. */
export function parted(edges: readonly Edge[]): Edge[] {
  const inner = new Set(edges.map((edge) => edge.site.slice(0, Math.max(0, edge.site.lastIndexOf(".")))));
  return edges.filter((edge) => !inner.has(edge.site)).sort((a, b) => Math.abs(b.share) - Math.abs(a.share));
}

function rowsOf(packed: { sites: string[]; ends: number[] }, site: string): number[] | null {
  const at = packed.sites.indexOf(site);
  if (at < 0) return null;
  const from = packed.ends[at - 1] ?? 0;
  return Array.from({ length: packed.ends[at]! - from }, (_, k) => from + k);
}
