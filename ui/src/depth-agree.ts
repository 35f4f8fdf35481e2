// Where READ, PRESENT and USED disagree, in one sentence. A cell counts where its interval lies above chance and above its
// controls and it holds so much of what is above them: for READ a half, else a tenth, as in the reading's verdict.
import type { Cells, DepthData, Maybe, Plain } from "./depth-data.ts";
import { visible } from "./text.ts";

const PART = { read: 0.5, present: 0.1, used: 0.1 };
const READERS = ["read", "present", "used"] as const;
const SHOWN = 6;

/** How much of what is above chance a share holds: 0 at chance and below, 1 at 1. */
export function above(value: number, chance: Maybe): number {
  const floor = chance ?? 0;
  return floor >= 1 ? 0 : Math.max(0, Math.min(1, (value - floor) / (1 - floor)));
}

/** The first boundary at which a step is surely beyond chance and controls; −1 for none, null for not measured. */
export function first(cells: Cells | null, chance: Maybe, controls: readonly (Plain | null)[], step: number, part: number): number | null {
  const column = cells?.map((row) => row[step] ?? null);
  if (!column?.some((cell) => cell?.value != null)) return null;
  return column.findIndex((cell, layer) => {
    if (cell?.value == null || cell.low === null) return false;
    const floor = Math.max(chance ?? 0, ...controls.map((control) => control?.[layer]?.[step] ?? 0));
    return cell.low > floor && above(cell.value, floor) >= part;
  });
}

interface Found {
  agree: boolean | null;
  /** Which of the three see the step at all. */
  seen: string;
  /** From which boundary on each does. */
  says: string;
}

function found(data: DepthData, step: number): Found {
  const { read, present, used } = data;
  const controls = { read: [], present: [present?.shuffled ?? null, present?.newborn ?? null], used: [used?.shuffled ?? null] };
  const places = READERS.map((name) => first({ read, present, used }[name]?.cells ?? null, { read, present, used }[name]?.chance[step] ?? null, controls[name], step, PART[name]));
  const told = (from: (place: number) => string) => READERS.map((name, k) => {
    const place = places[k];
    return place == null ? `${name} not measured` : place < 0 ? `${name} nowhere` : `${name}${from(place)}`;
  });
  const known = places.filter((place) => place !== null);
  const agree = known.length < 2 ? null : known.every((place) => place >= 0) || known.every((place) => place < 0);
  return { agree, seen: told(() => "").join(", "), says: told((place) => ` from ${visible(data.layers[place] ?? "?", 20)}`).join(", ") };
}

/** The sentence; steps that are the answer itself are left out where others lie between. */
export function disagreement(data: DepthData): string {
  const between = data.steps.flatMap((_, k) => (data.between[k] ? [k] : []));
  const asked = between.length ? between : data.steps.map((_, k) => k);
  if (!asked.length) return "No step was asked for, so there is nothing on which the three could disagree.";
  const groups = new Map<string, { names: string[]; agree: boolean | null; says: string }>();
  for (const step of asked) {
    const { agree, seen, says } = found(data, step);
    const group = groups.get(seen) ?? { names: [], agree, says };
    groups.set(seen, group);
    group.names.push(visible(data.steps[step]!, 24));
  }
  const clauses = [...groups].sort(([, a], [, b]) => rank(a.agree) - rank(b.agree)).map(([seen, { names, agree, says }]) => `${verb(agree)} on ${listed(names)} (${names.length === 1 ? says : seen})`);
  const more = clauses.length > SHOWN ? `; and so on for ${clauses.length - SHOWN} more` : "";
  return `The three ${clauses.slice(0, SHOWN).join("; ")}${more}.`;
}

function rank(agree: boolean | null): number {
  return agree === false ? 0 : agree ? 1 : 2;
}

function verb(agree: boolean | null): string {
  return agree === null ? "cannot be compared" : agree ? "agree" : "disagree";
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN);
  return `${shown.join(", ")}${names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ""}`;
}
