// The shares of whatever is picked: all contrasts, a template, one contrast. Decoded on first use and kept.
import type { Figures, Intervals, Item, ItemShares, MiddleData, PackedTree } from "./payload.ts";
import { floats, intervals, itemShares } from "./payload.ts";
import { masses } from "./icicle.ts";
import { type Pick, pickText } from "./route.ts";
import { sums, type Tree } from "./tree.ts";

export interface Template {
  name: string;
  items: number[];
}

export interface Shares {
  values: Float64Array;
  /** Σ|share| over the leaves under every node. */
  gross: Float64Array;
  /** How many contrasts the values are the mean of. */
  over: number;
}

export class Ledger {
  readonly templates: Template[];
  readonly listed: ReadonlySet<number>;
  private readonly items = new Map<number, ItemShares>();
  private readonly kept = new Map<string, Shares>();
  private columns: Intervals | null = null;

  constructor(
    readonly data: MiddleData,
    readonly packed: PackedTree,
    readonly tree: Tree,
  ) {
    this.listed = new Set(data.listed);
    this.templates = templatesOf(data.items);
  }

  /** One contrast's shares, or null while the document is still arriving. */
  item(index: number): ItemShares | null {
    const known = this.items.get(index);
    if (known) return known;
    const read = itemShares(index);
    if (read) this.items.set(index, read);
    return read;
  }

  /** Every node's share under a pick, or null while the document is still arriving. */
  of(pick: Pick): Shares | null {
    const known = this.kept.get(pickText(pick));
    if (known) return known;
    const made = this.make(pick);
    if (made) this.kept.set(pickText(pick), made);
    return made;
  }

  /** The contrasts of a pick whose single shares the page carries. */
  members(pick: Pick): number[] {
    if (pick.kind === "contrast") return [pick.index];
    const all = pick.kind === "all" ? [...this.data.items.keys()] : (this.templates[pick.index]?.items ?? []);
    return all.filter((i) => this.listed.has(i));
  }

  /** Whether `figures` can tell of these nodes already. */
  knows(nodes: readonly number[]): boolean {
    if (!this.packed.intervals || this.columns) return true;
    if (nodes.every((node) => this.tree.name(node) in this.packed.groups)) return true;
    this.columns = intervals();
    return this.columns !== null;
  }

  /** Share, interval and direct effect of a node as the reading has them, for the mean over all contrasts. */
  figures(node: number): Figures {
    const known = this.packed.groups[this.tree.name(node)];
    if (known || !this.columns) return known ?? [null, null, null, null];
    const leaf = node - this.tree.inner.length;
    const { low, high, direct } = this.columns;
    return [null, number(low, leaf), number(high, leaf), number(direct, leaf)];
  }

  /** The direct effect of a node under a pick, or null where none was taken. */
  direct(pick: Pick, node: number): number | null {
    if (pick.kind === "all") return this.figures(node)[3];
    if (pick.kind === "template") return null;
    return number(this.items.get(pick.index)?.direct ?? null, node - this.tree.inner.length);
  }

  private make(pick: Pick): Shares | null {
    if (pick.kind === "all") return this.summed(floats(this.packed.mean), this.data.items.length);
    const members = this.members(pick);
    const mean = new Float64Array(this.tree.size - this.tree.inner.length);
    for (const index of members) {
      const item = this.item(index);
      if (!item) return null;
      for (let a = 0; a < mean.length; a++) mean[a]! += item.leaves[a]! / members.length;
    }
    return this.summed(mean, members.length);
  }

  private summed(leaves: Float64Array, over: number): Shares {
    const values = sums(this.tree, leaves);
    return { values, gross: masses(this.tree, values), over };
  }
}

function number(column: Float64Array | Float32Array | null, leaf: number): number | null {
  const value = column?.[leaf];
  return value === undefined || Number.isNaN(value) ? null : value;
}

function templatesOf(items: readonly Item[]): Template[] {
  const found = new Map<string, number[]>();
  items.forEach((item, i) => {
    if (!item.template) return;
    const members = found.get(item.template);
    if (members) members.push(i);
    else found.set(item.template, [i]);
  });
  return [...found].filter(([, members]) => members.length > 1).map(([name, members]) => ({ name, items: members }));
}
