// Which angles a table lists, and in which order.
import type { Angle, Maybe } from "./face-data.ts";

export interface Wanted {
  /** What the name, the family or a voice must contain; letters' case does not matter. */
  query: string;
  /** "" for all. */
  family: string;
  called: boolean;
}

/** The places of the angles that are asked for, in their own order. */
export function matching(angles: readonly Angle[], { query, family, called }: Wanted): number[] {
  const wanted = query.trim().toLowerCase();
  return [...angles.keys()].filter((k) => {
    const angle = angles[k]!;
    if ((family && angle.family !== family) || (called && !angle.called)) return false;
    return !wanted || [angle.angle, angle.family, leading(angle)?.[0] ?? ""].some((text) => text.toLowerCase().includes(wanted));
  });
}

/** `places` by what `key` gives, text or figures; what has no figure stands at the end either way. */
export function ordered(places: readonly number[], key: (place: number) => string | Maybe, falling: boolean): number[] {
  const sign = falling ? -1 : 1;
  return [...places].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null) || a - b;
    return sign * (x < y ? -1 : x > y ? 1 : 0) || a - b;
  });
}

/** The other voice that speaks most. */
export function leading(angle: Angle): [name: string, share: number] | null {
  let found: [string, number] | null = null;
  for (const [name, share] of angle.voices) if (share !== null && share > (found?.[1] ?? 0)) found = [name, share];
  return found;
}
