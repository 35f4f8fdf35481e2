// The shapes of a tree's verification. A figure is null where it was not computed.

type Maybe = number | null;

export interface Point {
  site: string;
  share: Maybe;
  removed: Maybe;
  restored: Maybe;
  decile: Maybe;
}

export interface Parity {
  points: Point[];
  pearson?: Maybe;
  spearman?: Maybe;
}

/** Parts of the difference, over growing numbers of leaves. */
export interface Curves {
  sizes: number[];
  keep: Maybe[];
  remove: Maybe[];
  random_keep?: Maybe[];
  random_remove?: Maybe[];
  keep_area?: Maybe;
  remove_area?: Maybe;
  random_keep_area?: Maybe;
  random_remove_area?: Maybe;
  held?: string[];
}

export interface Nulls {
  set: string[];
  nulls: Maybe[];
  effect?: Maybe;
  p?: Maybe;
  matched?: Maybe;
  distinct?: Maybe;
}

export interface Matrix {
  traits: string[];
  sizes?: Maybe[];
  effects: Maybe[][];
}

export interface Stability {
  size?: Maybe;
  jaccard?: Maybe;
  low?: Maybe;
  high?: Maybe;
  members: { site: string; frequency: Maybe }[];
}

export interface Shuffled {
  draws?: Maybe;
  called?: Maybe;
  worst?: Maybe;
  called_true?: Maybe;
  bar?: Maybe;
  called_sites?: string[];
}

export interface Proof {
  contrasts: Maybe;
  budget: string;
  parity: Parity | null;
  curves: Curves | null;
  nulls: Nulls | null;
  matrix: Matrix | null;
  stability: Stability | null;
  shuffled: Shuffled | null;
}
