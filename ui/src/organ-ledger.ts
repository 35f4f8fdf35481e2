// Sums of the organs' leaves, in double precision: of a trait, an organ in it, a writer in that, each formed from the
// leaves when somebody looks.
import type { OrganLeaves, OrgansData, Row } from "./organ-data.ts";
import { buildTree, type Tree } from "./tree.ts";

/** A sum with the sum of sizes behind it. */
export interface Sum {
  net: number;
  gross: number;
}

/** A writer, or a leaf that stands alone, with its leaves' places. */
export interface Writer {
  site: string;
  leaves: number[];
}

export class OrganLedger {
  readonly tree: Tree | null;
  private readonly members: number[][];
  private readonly rows: ReadonlyMap<string, Row>;
  private readonly kept = new Map<string, Sum>();

  constructor(
    readonly data: OrgansData,
    private readonly leaves: OrganLeaves | null,
  ) {
    this.tree = leaves && buildTree(leaves.sites);
    this.members = data.organs.map(() => []);
    this.members.push([]);
    leaves?.organ.forEach((organ, leaf) => this.members[organ < 0 ? data.organs.length : organ]!.push(leaf));
    this.rows = new Map(data.map.map((row) => [`${row.trait}/${row.angle}`, row]));
  }

  /** What the reading says of a trait under an angle. */
  row(trait: number, angle = 0): Row | undefined {
    return this.rows.get(`${trait}/${angle}`);
  }

  name(organ: number): string {
    return this.data.organs[organ]?.name ?? "remainder";
  }

  /** How many leaves an organ has. */
  size(organ: number): number | null {
    return this.leaves ? this.members[organ]!.length : (this.data.organs[organ] ?? this.data.remainder).leaves;
  }

  /** The share of an organ in a trait, from its leaves; from the reading where the page has none. */
  organ(trait: number, organ: number): Sum {
    const key = `${trait}/${organ}`;
    const known = this.kept.get(key);
    if (known) return known;
    const recorded = this.row(trait)?.shares[organ] ?? 0;
    const made = this.leaves ? this.sum(trait, this.members[organ]!) : { net: recorded, gross: Math.abs(recorded) };
    this.kept.set(key, made);
    return made;
  }

  /** All organs and the remainder in a trait. */
  trait(trait: number): Sum {
    return this.members.map((_, organ) => this.organ(trait, organ)).reduce(added, { net: 0, gross: 0 });
  }

  sum(trait: number, leaves: readonly number[]): Sum {
    const shares = this.leaves!.shares[trait]!;
    let [net, gross] = [0, 0];
    for (const leaf of leaves) {
      net += shares[leaf]!;
      gross += Math.abs(shares[leaf]!);
    }
    return { net, gross };
  }

  share(trait: number, leaf: number): number {
    return this.leaves!.shares[trait]![leaf]!;
  }

  leafName(leaf: number): string {
    return this.tree!.name(this.tree!.inner.length + leaf);
  }

  /** The writers of an organ in the model's order. */
  writers(organ: number): Writer[] {
    const found = new Map<number, Writer>();
    const first = this.tree?.inner.length ?? 0;
    for (const leaf of this.tree ? this.members[organ]! : []) {
      const node = this.tree!.parent[first + leaf]! || first + leaf;
      const writer = found.get(node);
      if (writer) writer.leaves.push(leaf);
      else found.set(node, { site: this.tree!.name(node), leaves: [leaf] });
    }
    return [...found.values()];
  }

  /** The leaf of a name in an organ, or null. */
  find(organ: number, site: string): number | null {
    return this.members[organ]?.find((leaf) => this.leafName(leaf) === site) ?? null;
  }
}

function added(one: Sum, other: Sum): Sum {
  return { net: one.net + other.net, gross: one.gross + other.gross };
}
