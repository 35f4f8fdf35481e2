// What Python wrote about a face and about twins: the shapes of their blocks, and how to read them. A figure is null
// where it was not computed.
import { block, bytes, floats, ints, type Reading } from "./payload.ts";

export type Maybe = number | null;

export interface Ranged {
  value: Maybe;
  low: Maybe;
  high: Maybe;
}

export const SHARES = ["own", "other", "nobody"] as const;
export const MEASURES = ["bits", "coverage", "distance", "base"] as const;
export type Share = (typeof SHARES)[number];
export type Measure = (typeof MEASURES)[number];

export interface Angle extends Record<Share, Ranged | null> {
  angle: string;
  family: string;
  about: string;
  undoing: string;
  survives: boolean;
  control: boolean;
  called: boolean;
  uncanny: boolean;
  strength: Maybe;
  items: Maybe;
  missing: Maybe;
  p: Maybe;
  adjusted: Maybe;
  worst: Maybe;
  understood: Ranged | null;
  voices: [name: string, share: Maybe][];
  bounds: [Maybe, Maybe] | null;
  commonness: Record<Measure, { value: Maybe; z: Maybe } | null>;
  displacement: { inside: Maybe; outside: Maybe } | null;
  /** Whether the page carries this angle's replies. */
  replies: boolean;
}

export interface Calibration {
  temperature: Maybe;
  alpha: Maybe;
  clean_replies: Maybe;
  false_alarm: Ranged | null;
  bank_accuracy: Ranged | null;
  separable: boolean;
}

/** The face's part of the main block. */
export interface FaceMain extends Reading {
  own: string;
  prompts: Maybe;
  calibration: Calibration;
  counts: Record<"angles" | "controls" | "called" | "false" | "uncanny", number>;
  figures: string[];
  open: string | null;
  unavailable: string[];
  left_out: { angles: number; replies: number };
}

/** Traits by angles, a trait after the other; NaN where there is no figure. */
export interface Cells {
  shift: Float64Array;
  low: Float64Array;
  high: Float64Array;
  p: Float64Array;
  state: Int32Array;
}

/** Bits of a cell's state. */
export const CALLED = 1;
export const RELIABLE = 2;
export const PRESENT = 4;

export interface Dose {
  angle: string;
  strengths: Maybe[] | null;
  own: Maybe[] | null;
  low: Maybe[] | null;
  high: Maybe[] | null;
  dose: Ranged | null;
}

export interface Breakage {
  measure: string;
  auc: Maybe;
  low: Maybe;
  high: Maybe;
  matched: Maybe;
}

export interface SelfReport {
  trait: string;
  log_odds: Maybe;
  low: Maybe;
  high: Maybe;
  mass: Maybe;
  orders_agree: Maybe;
  reading: boolean;
}

export interface Search {
  best: string;
  own: Maybe;
  evaluations: Maybe;
  random_evaluations: Maybe;
  trace: [Maybe, Maybe][];
  random_trace: [Maybe, Maybe][];
}

export interface Tail {
  draws: Maybe[] | null;
  forecast: Maybe[] | null;
  low: Maybe[] | null;
  high: Maybe[] | null;
  observed: Maybe;
  says: string;
}

export interface Twins {
  models: string[];
  agreement: Ranged | null;
  angles: { angle: string; agreement: Maybe; divergence: Ranged | null; floor: Maybe; p: Maybe; called: boolean; clean_agreement: Maybe }[];
  bins: { measure: string; bin: Maybe; low: Maybe; high: Maybe; divergence: Ranged | null; floor: Maybe }[];
  split: string[];
}

export interface FaceData {
  voices: string[];
  traits: string[];
  angles: Angle[];
  cells: Cells | null;
  reliability: { trait: string; value: Maybe; low: Maybe; high: Maybe; refused: boolean }[];
  doses: Dose[];
  breakage: Breakage[];
  /** The z beyond which text is uncommon and a state is distant, where the reading says it. */
  quadrant: { bits: Maybe; distance: Maybe } | null;
  selfreport: SelfReport[];
  search: Search | null;
  tail: Tail | null;
  twins: Twins | null;
}

interface PackedReply {
  item: string;
  seed: Maybe;
  prompt: string;
  rotated: string;
  /** Null where the tokens one after the other are the reply. */
  reply: string | null;
  tokens: string[];
  outcome: string;
  voice: string;
  own: Maybe;
  other: Maybe;
  nobody: Maybe;
  coherence: Maybe;
  who: number[];
  posterior: string;
}

export interface Reply extends Omit<PackedReply, "posterior" | "reply"> {
  reply: string;
  /** After token t the voice `who[k]` has `posterior[t * who.length + k]`; empty where none was kept. */
  posterior: Float64Array;
}

type Packed<T> = { [K in keyof T]: string };

/** The numbers behind the face's figures, or null when the page has none (yet). */
export function faceData(): FaceData | null {
  const found = block<Omit<FaceData, "cells"> & { cells: Packed<Cells> | null }>("face");
  if (!found) return null;
  const { cells } = found;
  return { ...found, cells: cells && { shift: floats(cells.shift), low: floats(cells.low), high: floats(cells.high), p: floats(cells.p), state: ints(cells.state) } };
}

export function twinsData(): Twins | null {
  return block<Twins>("twins");
}

/** What the model said from one angle, or null when the page does not carry it (yet). */
export function repliesOf(angle: number): Reply[] | null {
  return block<PackedReply[]>(`face-replies-${angle}`)?.map(unpacked) ?? null;
}

const FULL = 65535;

function unpacked(packed: PackedReply): Reply {
  const units = new Uint16Array(bytes(packed.posterior));
  return { ...packed, reply: packed.reply ?? packed.tokens.join(""), posterior: Float64Array.from(units, (unit) => unit / FULL) };
}
