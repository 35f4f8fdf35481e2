// What Python wrote of depth: what was asked in the main block, matrices and curves in a block of their own.
import { block, type Fact, type Reading } from "./payload.ts";

export type Maybe = number | null;

export interface Task {
  name: string;
  position: string;
  presentation: string;
  solved: boolean;
  items: Maybe;
  k: Maybe;
  accuracy: Maybe;
  low: Maybe;
  high: Maybe;
  /** How many are right when the whole vocabulary may be said. */
  free: Maybe;
}

export interface Bound {
  layers: Maybe;
  serial: Maybe;
  says: string;
}

export interface DepthMain extends Reading {
  /** Whether this version knows the verdict. */
  known: boolean;
  task: Task;
  bound: Bound;
  left_out: Partial<Record<"layers" | "steps" | "curves" | "families", number>>;
}

export interface Ranged {
  value: Maybe;
  low: Maybe;
  high: Maybe;
}

/** Boundary by step; null where nothing was measured. */
export type Cells = readonly (readonly (Ranged | null)[])[];
export type Plain = readonly (readonly Maybe[])[];

export interface Matrices {
  cells: Cells | null;
  /** By step. */
  chance: Maybe[];
}

export interface Read extends Matrices {
  lens: string;
  tuned: Cells | null;
}

export interface Present extends Matrices {
  shuffled: Plain | null;
  newborn: Plain | null;
}

export interface Used extends Matrices {
  patched: Cells | null;
  mean: Cells | null;
  shuffled: Plain | null;
}

export interface Level {
  k: Maybe;
  n: Maybe;
  accuracy: Maybe;
  low: Maybe;
  high: Maybe;
  chance: Maybe;
}

export interface Curve {
  presentation: string;
  says: string;
  curve: Level[];
  k50: Maybe;
  low: Maybe;
  high: Maybe;
}

export interface Condition {
  name: string;
  n: Maybe;
  accuracy: Maybe;
  low: Maybe;
  high: Maybe;
  unanswered: Maybe;
  missing: Maybe;
}

export interface Pair {
  one: string;
  other: string;
  n: Maybe;
  difference: Maybe;
  low: Maybe;
  high: Maybe;
  /** Corrected for all pairs of all families. */
  p: Maybe;
  p_alone: Maybe;
}

export interface Rate {
  difficulty: Maybe;
  n: Maybe;
  accuracy: Maybe;
  low: Maybe;
  high: Maybe;
  guessing: Maybe;
}

export interface Family {
  name: string;
  says: string;
  counts: boolean;
  slope: Ranged | null;
  conditions: Condition[];
  paired: Pair[];
  effects: { name: string; says: string; effect: Maybe }[];
  by_difficulty: Rate[];
}

export interface Planning {
  announce: Fact[] | null;
  /** The same where nothing was announced: the middle of a reply against its end. */
  forked: Fact[] | null;
  regeneration: Fact[] | null;
  says: string;
  myopia: Fact[] | null;
  commitment: { position: Maybe; model: Maybe; low: Maybe; high: Maybe; baseline: Maybe; p: Maybe }[];
}

export interface DepthData {
  task: Task;
  layers: string[];
  steps: string[];
  /** Which steps lie between question and answer. */
  between: boolean[];
  read: Read | null;
  present: Present | null;
  used: Used | null;
  k50: Curve[];
  bound: Bound;
  nocot: Family[] | null;
  planning: Planning | null;
  /** What was not measured, each as `what: why`. */
  unavailable: string[];
}

export function depthData(): DepthData | null {
  return block<DepthData>("depth");
}

/** Why something was not measured, as the reading says it, or that it does not say. */
export function why({ unavailable }: DepthData, ...names: readonly string[]): string {
  const said = unavailable.find((text) => names.some((name) => text.startsWith(`${name}: `)));
  return said === undefined ? "Not measured in this run; the reading does not say why." : `Not measured. ${said[0]!.toUpperCase()}${said.slice(1)}.`;
}
