// The address of a view of the organs: #organs/ is the personality, #organs/warmth/organ-1/L1.mlp.n17 one leaf of one
// organ in one trait, #organs/warmth/organ-1/prompt-2 a prompt that wakes it.
import { quoted } from "./face-route.ts";

export interface OrganView {
  trait: number | null;
  /** The place behind the last organ is the remainder. */
  organ: number | null;
  site: string | null;
}

const ADDRESS = /^#organs\/(?:([^/]+)(?:\/(organ-[1-9]\d{0,5}|remainder)(?:\/([A-Za-z0-9.-]{1,64}))?)?)?$/;

export const WHOLE: OrganView = { trait: null, organ: null, site: null };

/** Null where a trait's name cannot be escaped. */
export function organHash({ trait, organ, site }: OrganView, traits: readonly string[], organs: number): string | null {
  if (trait === null) return "#organs/";
  const name = quoted(traits[trait] ?? "");
  if (!name) return null;
  const which = organ === null ? [] : [organ === organs ? "remainder" : `organ-${organ + 1}`];
  return `#organs/${[name, ...which, ...(organ !== null && site !== null ? [site] : [])].join("/")}`;
}

/** The view that an address names, or null where it is written otherwise or names what is not there. */
export function parseOrganHash(hash: string, traits: readonly string[], organs: number): OrganView | null {
  const found = ADDRESS.exec(hash);
  if (!found) return null;
  if (found[1] === undefined) return WHOLE;
  const trait = traits.findIndex((name) => quoted(name) === found[1]);
  const organ = found[2] === undefined ? null : found[2] === "remainder" ? organs : Number(found[2].slice(6)) - 1;
  if (trait < 0 || (organ !== null && organ > organs) || (organ === organs && found[2] !== "remainder")) return null;
  return { trait, organ, site: found[3] ?? null };
}

/** The address of the map under an angle: #organs-map/leet%3A0.3. Null where the name cannot be escaped. */
export function mapHash(angle: string): string | null {
  const name = quoted(angle);
  return name ? `#organs-map/${name}` : null;
}

/** The angle whose map an address names, or null. */
export function parseMapHash(hash: string, angles: readonly string[]): number | null {
  const found = hash.startsWith("#organs-map/") ? angles.findIndex((angle) => mapHash(angle) === hash) : -1;
  return found < 0 ? null : found;
}

/** Which of the prompts that wake an organ a view shows, or null where it shows none. */
export function promptOf({ site }: OrganView): number | null {
  const found = /^prompt-([1-9]\d{0,3})$/.exec(site ?? "");
  return found ? Number(found[1]) - 1 : null;
}
