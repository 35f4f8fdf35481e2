// What Python wrote into the page: the shapes of its JSON blocks, and how to read them.
import type { Proof } from "./evidence.ts";

export type * from "./evidence.ts";

export type Fact = [name: string, value: string];

export interface Check {
  name: string;
  value?: number | null;
  text?: string;
  bar: string;
  holds: boolean | null;
}

export interface Item {
  id: string;
  template: string;
  clean: number | null;
  reference: number | null;
  delta: number | null;
  total: number | null;
  steps: number | null;
  closes?: boolean;
  aligned: boolean;
  clean_tokens: string[];
  reference_tokens: string[];
  target: string;
  foil: string;
}

/** One verification; `why` says why there is no figure. */
export interface Verified {
  name: string;
  text: string;
  bar: string;
  holds: boolean | null;
  why: string;
}

export interface Referee {
  kind: string;
  reason: string;
  coalitions: number | null;
  permutations: number | null;
  width: number | null;
  players: number | null;
}

export type Run = [stem: string, first: number, count: number];
export type Figures = [share: number | null, low: number | null, high: number | null, direct: number | null];

export interface PackedTree {
  sites: Run[];
  mean: string;
  groups: Record<string, Figures>;
  /** Whether the page has a block with what leaves have beside their share. */
  intervals: boolean;
}

export type Intervals = Record<"low" | "high" | "direct", Float64Array | null>;

export interface Figure {
  name: string;
  value: number | null;
  unit: string;
  low: number | null;
  high: number | null;
}

export interface Reading {
  verdict: string;
  sentence: string;
  subject: string;
  numbers: Figure[];
  protocol: Fact[];
}

export interface MiddleData extends Reading {
  checks: Check[];
  refused: boolean;
  reason: string;
  source_tokens: string;
  items: Item[];
  tree?: PackedTree;
  listed?: number[];
  left_out?: { leaves: number; contrasts: number };
  verified?: Verified[];
  referee?: Referee | null;
  /** Which contrasts have attention, edges and boundary shares. */
  near?: Record<"attention" | "edges" | "rows", number[]>;
}

export interface Main {
  header: { folder: string; subject: string; line: Fact[]; facts: Fact[] };
  chapters: { name: string; question: string; state: "read" | "not asked" | "not built" }[];
  readings: Record<string, Reading>;
}

interface PackedShares {
  shares: string;
  direct?: string;
  leaf?: string;
  position?: string;
  token?: string;
}

/** Rows that stand by sites: those of `sites[k]` end before `ends[k]`. */
interface BySite {
  sites: string[];
  ends: number[];
}

export interface Attention extends BySite {
  destination: string;
  source: string;
  weight: string;
}

export interface Edges {
  names: string[];
  source: string;
  reader: string;
  share: string;
}

/** Shares by layer boundary and clean token, a boundary after the other. */
export interface Rows {
  layers: number[];
  share: string;
}

/** What one contrast has to look at from close by. */
export interface Near {
  attention?: Attention;
  edges?: Edges;
  rows?: Rows;
}

/** What a site has to look at from close by, over all contrasts. */
export interface Closeups {
  promoted?: BySite & { rank: string; token: string[]; value: string };
  activations?: BySite & { item: string; position: string; token: string[]; activation: string; change: string };
  edges?: Edges & { items: number };
}

/** The source tokens of one contrast's opened leaves, row by row. A negative position p is reference token −1 − p. */
export interface TokenRows {
  leaf: Int32Array;
  position: Int32Array;
  share: Float64Array;
}

export interface ItemShares {
  leaves: Float64Array;
  /** Direct effects, NaN where none was taken. */
  direct: Float32Array | null;
  tokens: TokenRows | null;
}

/** Runs once the document is whole, so that every block in it can be read. */
export function whenWhole(then: () => void): void {
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", then, { once: true });
  else then();
}

/** The JSON in an inert block, or null when the page has none of that name (yet). */
export function block<T>(name: string): T | null {
  const text = document.getElementById(`data-${name}`)?.textContent;
  return text ? (JSON.parse(text) as T) : null;
}

export function itemShares(item: number): ItemShares | null {
  const packed = block<PackedShares>(`middle-${item}`);
  if (!packed) return null;
  const { leaf, position, token } = packed;
  const tokens = leaf && position && token ? { leaf: ints(leaf), position: ints(position), share: floats(token) } : null;
  return { leaves: floats(packed.shares), direct: packed.direct ? singles(packed.direct) : null, tokens };
}

/** The series behind the verification, or null when the page has none (yet). */
export function proof(): Proof | null {
  return block<Proof>("middle-proof");
}

/** Ends of intervals and direct effects of all leaves, or null while the document is still arriving. */
export function intervals(): Intervals | null {
  const packed = block<Record<keyof Intervals, string | null>>("middle-intervals");
  const column = (text: string | null) => (text ? floats(text) : null);
  return packed && { low: column(packed.low), high: column(packed.high), direct: column(packed.direct) };
}

export function floats(text: string): Float64Array {
  return new Float64Array(bytes(text));
}

export function singles(text: string): Float32Array {
  return new Float32Array(bytes(text));
}

export function ints(text: string): Int32Array {
  return new Int32Array(bytes(text));
}

type Native = { fromBase64?(text: string): Uint8Array<ArrayBuffer> };

export function bytes(text: string): ArrayBuffer {
  const native = (Uint8Array as Native).fromBase64?.(text);
  if (native) return native.buffer;
  const raw = atob(text);
  const out = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
  return out.buffer;
}
