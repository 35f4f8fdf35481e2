// What Python wrote of the organs: their figures in one block, their leaves in another. Traits, angles and organs are
// named by their places; the place behind the last organ is the remainder.
import { block, ints, type MiddleData, type Reading, type Run, singles } from "./payload.ts";

export type Maybe = number | null;

export interface OrgansMain extends Reading {
  refused: boolean;
  /** Whether the organs may be shown as what they are. */
  sure: boolean;
  reason: string;
  /** Measured Δ by trait, where no share may be shown. */
  measured?: [trait: string, delta: Maybe][];
  counts?: {
    organs: number;
    stable: number;
    shared: number;
    traits: number;
    angles: Record<"found" | "held" | "broken", number>;
    contrasts: { found: Maybe; held: Maybe };
    leaves: number;
    remainder: Maybe;
  };
  left_out?: number;
  /** The angles by name, for links from the face. */
  angles?: string[];
}

export interface Served {
  trait: number;
  called: boolean;
  share: Maybe;
  low: Maybe;
  high: Maybe;
  /** Part of that trait's own Δ. */
  of: Maybe;
}

export interface Woken {
  trait: number;
  angle: number;
  item: string;
  prompt: string;
  share: Maybe;
  tokens: string[];
  by_token: Maybe[] | null;
}

export interface Silenced {
  angle: number;
  trait: number;
  called: boolean;
  before: Maybe;
  after: Maybe;
  low: Maybe;
  high: Maybe;
}

export interface Organ {
  name: string;
  stable: boolean;
  shared: boolean;
  leaves: Maybe;
  part: Maybe;
  net: Maybe;
  stability: Maybe;
  low: Maybe;
  high: Maybe;
  tightness: Maybe;
  places: { site: string; leaves: Maybe; part: Maybe }[];
  members: { site: string; shares: Maybe[]; part: Maybe }[];
  serves: Served[];
  wakes: Woken[];
  silenced: Silenced[];
  promotes: { token: string; value: Maybe }[];
  holds_back: { token: string; value: Maybe }[];
  predicts: { slope: Maybe; r2: Maybe } | null;
}

/** Shares of every organ and of the remainder, in one trait under one angle. */
export interface Row {
  trait: number;
  angle: number;
  shares: Maybe[];
  low: Maybe[];
  high: Maybe[];
  delta: Maybe;
}

export interface Choice {
  organs: Maybe;
  stability: Maybe;
  ambiguous: Maybe;
  null: Maybe;
  chosen: boolean;
}

export interface Removed {
  r2: Maybe;
  low: Maybe;
  high: Maybe;
  r2_share: Maybe;
  slope: Maybe;
  intercept: Maybe;
  selective: Maybe;
  points: [predicted: Maybe, measured: Maybe, organ: number, trait: number][];
  beside: { name: string; r2: Maybe; r2_share: Maybe; difference: Maybe; low: Maybe; high: Maybe; selective: Maybe; more: Maybe; more_low: Maybe; more_high: Maybe }[];
}

export interface OrganTwins {
  models: string[];
  matched: { one: Maybe; other: Maybe; likeness: Maybe; floor: Maybe; shared: boolean }[];
  alone: Record<"one" | "other", Maybe[]>;
}

export interface OrgansData {
  traits: string[];
  angles: { name: string; use: "found" | "held" | "broken" | "" }[];
  contrasts: { found: Maybe; held: Maybe };
  delta: Maybe[];
  organs: Organ[];
  remainder: { leaves: Maybe; part: Maybe; net: Maybe; shares: Maybe[] };
  map: Row[];
  choice: Choice[];
  proof: Record<"reference" | "mean", Removed | null> | null;
  specific: { own: Maybe; other: Maybe; effects: Maybe[][] } | null;
  twins: OrganTwins | null;
}

/** Every leaf once: the organ that it is in, −1 for the remainder, and its shares, a trait after the other. */
export interface OrganLeaves {
  sites: Run[];
  organ: Int32Array;
  shares: Float32Array[];
}

/** What the chapter is drawn from, and the middle of the same page. */
export interface Whole {
  data: OrgansData;
  leaves: OrganLeaves | null;
  middle: MiddleData | undefined;
  /** The angles that the face of the same page has. */
  faces: ReadonlySet<string>;
}

export function organsData(): OrgansData | null {
  return block<OrgansData>("organs");
}

export function organLeaves(): OrganLeaves | null {
  const packed = block<{ sites: Run[]; organ: string; shares: string[] }>("organs-leaves");
  return packed && { sites: packed.sites, organ: ints(packed.organ), shares: packed.shares.map(singles) };
}
