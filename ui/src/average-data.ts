// What Python wrote of the average: its figures in one block, its texts token by token in another.
import { block, floats, ints, type Reading } from "./payload.ts";
import { count, visible } from "./text.ts";

export type Maybe = number | null;

export interface Headline {
  overlap: Maybe;
  low: Maybe;
  high: Maybe;
  ceiling: Maybe;
  /** What a perfect averager of such text would share, at least and at most. */
  bracket: [number, number] | null;
  determined: boolean;
}

export interface AverageMain extends Reading {
  refused: boolean;
  /** Whether the bracket may be read as it stands. */
  sure?: boolean;
  reason: string;
  headline?: Headline;
  corpus?: { name: string; tokenizer: string; documents: Maybe; tokens: Maybe; fraction: Maybe };
  counts?: Record<"texts" | "tokens" | "parts" | "shown" | "tokens_left", number>;
  /** Texts for which the page had no room. */
  left_out?: number;
}

export interface Stratum extends Omit<Headline, "determined"> {
  name: string;
  texts: Maybe;
  tokens: Maybe;
}

/** Mean bits a token of one rung. */
export interface Rung {
  rung: string;
  bits: Maybe;
  low: Maybe;
  high: Maybe;
}

export interface Support {
  order: Maybe;
  replies: Maybe;
  held_out: Maybe;
  shuffled: Maybe;
}

export interface Coverage {
  fraction: Maybe;
  overlap: Maybe;
  low: Maybe;
  high: Maybe;
}

/** Tokens whose longest known context has from `low` to `high` tokens. */
export interface Bin {
  low: Maybe;
  high: Maybe;
  tokens: Maybe;
  overlap: Maybe;
  broken: Maybe;
  divergence: Maybe;
}

export interface Distance {
  alpha: Maybe;
  share: Maybe;
  texts: { name: string; p: Maybe }[];
}

export interface AverageData {
  headline: Headline;
  parts: Stratum[];
  ledger: Rung[];
  /** Mean log2 p a token as it was measured, where the reading says it beside its ledger. */
  bits: Maybe;
  support: Support[];
  coverage: Coverage[];
  distance: Distance;
  by_support: Bin[];
  /** What the rung of near states rests on; null without it. */
  neighbours: { layer: string; places: Maybe; documents: Maybe; weight: Maybe; counts: { overlap: Maybe; low: Maybe; high: Maybe } } | null;
  /** Parts of the documents that were not looked at, about how many tokens they have, and how many could be held. */
  missing: { fraction: Maybe; tokens: Maybe; most: Maybe }[];
}

/** What moves a text or a token: nats by document (its place in the text's list), the largest first. */
export interface InfluenceRow {
  /** How many documents stand behind it. */
  effective: Maybe;
  /** Sums of all that make it likelier, and of all that make it less likely. */
  for: Maybe;
  against: Maybe;
  largest: [place: number, nats: Maybe][];
}

export interface MovedText extends InfluenceRow {
  id: string;
  tokens: (InfluenceRow & { token: string })[];
  documents: Placed[];
}

export interface Influence {
  /** How many documents were looked at, and of how many. */
  documents: Maybe;
  of: Maybe;
  projected: Maybe;
  damping: Maybe;
  quality: { lds: Maybe; low: Maybe; high: Maybe; by_token: Maybe; retrainings: Maybe; of: string } | null;
  texts: MovedText[];
  left_out: number;
}

/** A document: its number, where it comes from (empty where nobody knows), and words of it. */
export interface Placed {
  number: Maybe;
  source: string;
  snippet: string;
}

/** A document by its number and source, in words. */
export function documentName({ number, source }: Placed): string {
  return `document ${number === null ? "\u2013" : count(number)}${source ? ` (${visible(source, 60)})` : ""}`;
}

/** A run of tokens that the corpus has too. */
export interface Span {
  start: number;
  end: number;
  count: Maybe;
  documents: Placed[];
}

/** One text; figures are NaN and supports −1 where the reading has none. */
export interface SaidText {
  id: string;
  stratum: string;
  tokens: string[];
  share: Float64Array;
  p: Float64Array;
  a: Float64Array;
  support: Int32Array;
  /** Bits by token and rung, a token after the other. */
  ledger: Float64Array;
  spans: Span[];
  /** Tokens beyond those that the page carries. */
  tokens_left: number;
}

type Packed = Omit<SaidText, "share" | "p" | "a" | "support" | "ledger"> & Record<"share" | "p" | "a" | "support" | "ledger", string>;

export function averageData(): AverageData | null {
  return block<AverageData>("average");
}

export function averageInfluence(): Influence | null {
  return block<Influence>("average-influence");
}

export function averageTexts(): SaidText[] {
  return (block<Packed[]>("average-texts") ?? []).map((packed) => ({
    ...packed,
    share: floats(packed.share),
    p: floats(packed.p),
    a: floats(packed.a),
    support: ints(packed.support),
    ledger: floats(packed.ledger),
  }));
}

/** The mean share of a text's tokens, or null where none is known. */
export function shareOf({ share }: SaidText): number | null {
  const known = [...share].filter((value) => !Number.isNaN(value));
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}
