// What Python wrote of the quines: the ladder and the sandbox in the main block, the programs in a block of their own.
import { block, type Fact, type Reading } from "./payload.ts";

export type Maybe = number | null;

export interface Rung {
  name: string;
  says: string;
  items: Maybe;
  honest: Maybe;
  novel: Maybe;
  /** Ends of the interval of the honest share. */
  low: Maybe;
  high: Maybe;
}

export type Limit = "cpu_s" | "wall_s" | "memory_mib" | "pids" | "file_mib" | "output_mib" | "source_kib";

export interface QuineMain extends Reading {
  skipped: boolean;
  /** Whether this version knows the verdict. */
  known: boolean;
  sandbox: { available: boolean; why: string; limits: Record<Limit, Maybe> };
  rungs: Rung[];
  programs: number;
  /** Programs for which the page had no room. */
  left_out: number;
  missing: { id: string; why: string }[];
  missing_left: number;
  planning: Fact[];
}

export interface Program {
  id: string;
  rung: string;
  language: string;
  prompt: string;
  program: string;
  /** Characters of the program beyond those that the page carries. */
  left: number;
  verdict: string;
  reason: string;
  /** Whether the reply was cut before its end. */
  cut: boolean;
  checks: { name: string; says: string; passed: boolean }[];
  novelty: { nearest: string; likeness: Maybe; novel: boolean } | null;
  comments: Maybe;
  dead_code: Maybe;
  ms: Maybe;
}

export function quinePrograms(): Program[] {
  return block<Program[]>("quine-programs") ?? [];
}
