// One level of the way from the personality to a leaf or a token: its parts, and the parent by its own figure.
import type { Part } from "./bars.ts";
import type { OrganLedger } from "./organ-ledger.ts";
import { organHash, type OrganView, promptOf, WHOLE } from "./organ-route.ts";
import { tokenLabel, visible } from "./text.ts";

export type Kind = "trait" | "organ" | "writer" | "leaf" | "token";

export interface OrganLevel {
  kind: Kind;
  parts: Part[];
  total: Part;
  /** Σ|share| behind the total, against which a miss is held. */
  gross: number;
  /** The measured difference that the total stands for, where there is one. */
  measured: number | null;
}

/** A step of the way down, with its name. */
export interface Step {
  name: string;
  view: OrganView;
}

/** The way from the personality to a view. */
export function steps(ledger: OrganLedger, view: OrganView): Step[] {
  const { trait, organ, site } = view;
  const found: Step[] = [{ name: "personality", view: WHOLE }];
  if (trait === null) return found;
  found.push({ name: visible(ledger.data.traits[trait]!, 60), view: { ...WHOLE, trait } });
  if (organ === null) return found;
  found.push({ name: visible(ledger.name(organ), 60), view: { trait, organ, site: null } });
  if (site === null) return found;
  const prompt = promptOf(view);
  const writer = prompt === null ? ledger.writers(organ).find((one) => one.leaves.some((leaf) => ledger.leafName(leaf) === site)) : undefined;
  if (writer && writer.site !== site) found.push({ name: writer.site, view: { trait, organ, site: writer.site } });
  return [...found, { name: prompt === null ? site : promptName(ledger, organ, prompt), view }];
}

/** Whether a view's site is there. */
export function known(ledger: OrganLedger, view: OrganView): boolean {
  const { organ, site } = view;
  if (organ === null || site === null) return true;
  const prompt = promptOf(view);
  if (prompt !== null) return ledger.data.organs[organ]?.wakes[prompt]?.by_token != null;
  return ledger.find(organ, site) !== null || ledger.writers(organ).some((writer) => writer.site === site);
}

/** What a view shows as bars; null where it is a leaf, which has no parts here, or where the page carries no leaves. */
export function levelOf(ledger: OrganLedger, view: OrganView): OrganLevel | null {
  const { trait, organ, site } = view;
  if (trait === null) return personality(ledger);
  if (organ === null) return ofTrait(ledger, trait);
  const prompt = promptOf(view);
  if (prompt !== null) return ofPrompt(ledger, organ, prompt);
  if (!ledger.tree) return null;
  return site === null ? ofOrgan(ledger, trait, organ) : ofWriter(ledger, trait, organ, site);
}

function opening(ledger: OrganLedger, view: OrganView): { opens?: string } {
  const hash = organHash(view, ledger.data.traits, ledger.data.organs.length);
  return hash === null ? {} : { opens: hash };
}

/** A trait's total as the reading recorded it: its organs and the remainder. */
function recorded(ledger: OrganLedger, trait: number): number | null {
  const shares = ledger.row(trait)?.shares ?? [null];
  return shares.reduce((sum: number | null, share) => (sum === null || share === null ? null : sum + share), 0);
}

function personality(ledger: OrganLedger): OrganLevel {
  const { traits, delta } = ledger.data;
  const sums = traits.map((_, trait) => ledger.trait(trait));
  const parts = traits.map((name, trait) => ({ label: visible(name, 60), value: sums[trait]!.net, ...opening(ledger, { ...WHOLE, trait }) }));
  const value = traits.reduce((sum, _, trait) => sum + (recorded(ledger, trait) ?? sums[trait]!.net), 0);
  const deltas = traits.map((_, trait) => ledger.row(trait)?.delta ?? delta[trait] ?? null);
  const measured = deltas.some((one) => one === null) ? null : deltas.reduce((sum: number, one) => sum + one!, 0);
  return { kind: "trait", parts, total: { label: "personality", value }, gross: sums.reduce((sum, one) => sum + one.gross, 0), measured };
}

function ofTrait(ledger: OrganLedger, trait: number): OrganLevel {
  const { organs, delta, traits } = ledger.data;
  const row = ledger.row(trait);
  const parts = [...organs, null].map((_, organ): Part => {
    const low = row?.low[organ] ?? null;
    const high = row?.high[organ] ?? null;
    return { label: visible(ledger.name(organ), 60), value: ledger.organ(trait, organ).net, low, high, ...opening(ledger, { trait, organ, site: null }) };
  });
  const { net, gross } = ledger.trait(trait);
  return { kind: "organ", parts, total: { label: visible(traits[trait]!, 60), value: recorded(ledger, trait) ?? net }, gross, measured: row?.delta ?? delta[trait] ?? null };
}

function ofOrgan(ledger: OrganLedger, trait: number, organ: number): OrganLevel {
  const parts = ledger.writers(organ).map(({ site, leaves }) => ({ label: site, value: ledger.sum(trait, leaves).net, ...opening(ledger, { trait, organ, site }) }));
  const { net, gross } = ledger.organ(trait, organ);
  const row = ledger.row(trait);
  const total = { label: visible(ledger.name(organ), 60), value: row?.shares[organ] ?? net, low: row?.low[organ] ?? null, high: row?.high[organ] ?? null };
  return { kind: "writer", parts, total, gross, measured: null };
}

function ofWriter(ledger: OrganLedger, trait: number, organ: number, site: string): OrganLevel | null {
  const writer = ledger.writers(organ).find((one) => one.site === site);
  if (!writer || (writer.leaves.length === 1 && ledger.leafName(writer.leaves[0]!) === site)) return null;
  const parts = writer.leaves.map((leaf): Part => {
    const label = ledger.leafName(leaf);
    return { label, value: ledger.share(trait, leaf), ...(label.endsWith(".rest") ? {} : opening(ledger, { trait, organ, site: label })) };
  });
  const { net, gross } = ledger.sum(trait, writer.leaves);
  return { kind: "leaf", parts, total: { label: site, value: net }, gross, measured: null };
}

function ofPrompt(ledger: OrganLedger, organ: number, prompt: number): OrganLevel | null {
  const woken = ledger.data.organs[organ]?.wakes[prompt];
  if (!woken?.by_token) return null;
  const parts = woken.by_token.map((share, position): Part => ({ label: tokenLabel(woken.tokens[position] ?? "?"), value: share ?? 0, mark: String(position), position }));
  const gross = parts.reduce((sum, part) => sum + Math.abs(part.value), 0);
  const value = woken.share ?? parts.reduce((sum, part) => sum + part.value, 0);
  return { kind: "token", parts, total: { label: promptName(ledger, organ, prompt), value }, gross, measured: null };
}

/** A prompt's own name, or its number where it has none. */
export function promptName(ledger: OrganLedger, organ: number, prompt: number): string {
  return visible(ledger.data.organs[organ]?.wakes[prompt]?.item ?? "", 60) || `prompt ${prompt + 1}`;
}
