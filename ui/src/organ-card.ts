// Everything that is known of one organ: its size and how sure it is, what it serves, where it lies, what wakes and
// silences it, what it promotes.
import { decimals } from "./bars.ts";
import { h } from "./dom.ts";
import type { Box } from "./figure.ts";
import type { Organ, Served, Silenced, Whole, Woken } from "./organ-data.ts";
import type { OrganZoom } from "./organ-zoom.ts";
import { tinted } from "./prompt.ts";
import { length, promotedPair } from "./promoted.ts";
import { count, figure, figured, interval, percent, signed, visible } from "./text.ts";

const PLACES = 8;
const ANGLES = 6;

/** The card of the organ in view, or of the last one that was. */
export function organCard({ data }: Whole, zoom: OrganZoom): Box {
  const element = h("section", { class: "angle-card organ-card", "aria-label": "The organ in view" });
  let shown = 0;
  const show = () => {
    const { organ } = zoom.view;
    if (organ !== null && data.organs[organ]) shown = organ;
    element.replaceChildren(...card(data.organs[shown]!, data.traits, data.angles.map(({ name, use }) => angleName(name, use))));
  };
  zoom.on(show);
  show();
  return { element, redraw: () => undefined };
}

/** An angle's name; a broken one is called so wherever it stands. */
export function angleName(name: string, use: string): string {
  return `${visible(name, 60)}${use === "broken" ? " (broken)" : ""}`;
}

function card(organ: Organ, traits: readonly string[], angles: readonly string[]): HTMLElement[] {
  const title = h("h4", {}, h("span", { class: "name" }, visible(organ.name, 60)), ...badges(organ));
  const pushed = organ.promotes.length || organ.holds_back.length ? [h("p", { class: "cap" }, "Tokens that it promotes, and holds back"), promotedPair(withValue(organ.promotes), withValue(organ.holds_back))] : [h("p", { class: "soft small" }, "Promoted tokens: not taken.")];
  return [h("div", {}, title, facts(organ), places(organ)), h("div", {}, serves(organ.serves, traits), silenced(organ.silenced, traits, angles)), h("div", {}, ...pushed)];
}

/** What an organ is called beside its name. */
export function badges(organ: Organ): HTMLElement[] {
  return [
    ...(organ.stable ? [] : [h("span", { class: "badge unsure" }, "unstable")]),
    ...(organ.shared ? [h("span", { class: "badge" }, "shared")] : []),
  ];
}

function facts(organ: Organ): HTMLElement {
  const { predicts } = organ;
  const rows: [string, string][] = [
    ["leaves", organ.leaves === null ? "\u2013" : count(organ.leaves)],
    ["part of the gross", percent(organ.part)],
    ["left when its own signs cancel", percent(organ.net)],
    ["stability", `${figured(organ.stability)}${interval(organ.low, organ.high)}${organ.stable ? "" : ", unstable"}`],
    ["tightness", figured(organ.tightness)],
    ["serves", organ.shared ? "several traits" : "one trait at most"],
    ["predicts its removal", predicts ? `slope ${figured(predicts.slope)}, R\u00b2 ${figured(predicts.r2)}` : "not measured"],
  ];
  return h("dl", { class: "plain" }, ...rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

function places({ places }: Organ): HTMLElement | null {
  if (!places.length) return null;
  const rows = places.slice(0, PLACES).map(({ site, leaves, part }) => {
    const fill = h("span", { class: "fill" });
    fill.style.width = `${100 * Math.max(0, Math.min(1, part ?? 0))}%`;
    return h("tr", {}, h("th", { scope: "row" }, visible(site, 24)), h("td", { class: "gauge" }, fill), h("td", { class: "num" }, percent(part)), h("td", { class: "num soft" }, figured(leaves)));
  });
  const more = places.length > PLACES ? `; ${places.length - PLACES} more` : "";
  const head = h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "place"), h("td", {}), h("th", { scope: "col", class: "num" }, "part"), h("th", { scope: "col", class: "num" }, "leaves")));
  return h("table", { class: "bars three-bars" }, h("caption", {}, `Where it lies${more}`), head, h("tbody", {}, ...rows));
}

function serves(rows: readonly Served[], traits: readonly string[]): HTMLElement {
  const most = Math.max(1e-300, ...rows.map((row) => Math.abs(row.share ?? 0)));
  const places = decimals(rows.map((row) => row.share ?? 0));
  const ends = ({ low, high }: Served) => (low === null || high === null ? "" : `${signed(low, places)} \u2026 ${signed(high, places)}`);
  const lines = [...rows]
    .sort((a, b) => Math.abs(b.share ?? 0) - Math.abs(a.share ?? 0))
    .map((row) => h("tr", { class: row.called ? "called" : "" }, h("th", { scope: "row" }, visible(traits[row.trait]!, 24)), length((row.share ?? 0) / most), h("td", { class: "num" }, row.share === null ? "\u2013" : signed(row.share, places)), h("td", { class: "num soft wide" }, ends(row)), h("td", { class: "num soft" }, row.of === null ? "" : percent(row.of)), h("td", { class: "num" }, row.called ? "called" : "")));
  const head = h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "trait"), h("td", {}), ...["nats", "95 %", "of \u0394"].map((name) => h("th", { scope: "col", class: `num ${name === "95 %" ? "wide" : ""}` }, name)), h("td", {})));
  return h("table", { class: "bars three-bars" }, h("caption", {}, "What it serves, signed"), head, h("tbody", {}, ...lines));
}

function silenced(rows: readonly Silenced[], traits: readonly string[], angles: readonly string[]): HTMLElement | null {
  const called = rows.filter((row) => row.called);
  if (!called.length) return h("p", { class: "soft small" }, rows.length ? "No angle silences it beyond chance." : "Which angles silence it was not taken.");
  const lines = called.slice(0, ANGLES).map((row) => h("tr", {}, h("th", { scope: "row" }, angles[row.angle]!), h("td", {}, visible(traits[row.trait]!, 24)), h("td", { class: "num" }, `${figured(row.before)} \u2192 ${figured(row.after)}`)));
  const more = called.length > ANGLES ? `; ${called.length - ANGLES} more` : "";
  const head = h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "angle"), h("th", { scope: "col" }, "trait"), h("th", { scope: "col", class: "num" }, "nats")));
  return h("table", { class: "bars three-bars" }, h("caption", {}, `Angles that change it${more}`), head, h("tbody", {}, ...lines));
}

function withValue(rows: Organ["promotes"]): { token: string; value: number }[] {
  return rows.flatMap(({ token, value }) => (value === null ? [] : [{ token, value }]));
}

/** The trait that an organ serves most, or null where it serves none. */
export function servedName(organ: Organ | null): number | null {
  const best = [...(organ?.serves ?? [])].sort((a, b) => Math.abs(b.share ?? 0) - Math.abs(a.share ?? 0))[0];
  return best?.trait ?? null;
}

/** A prompt that wakes an organ, tinted by its tokens where they were read. */
export function promptPart({ data }: Whole, woken: Woken, open: (() => void) | null): HTMLElement {
  const { tokens, by_token: shares, share } = woken;
  const angle = data.angles[woken.angle]!;
  const about = [visible(woken.item, 60), visible(data.traits[woken.trait]!, 40), woken.angle === 0 ? "" : angleName(angle.name, angle.use)].filter(Boolean).join(", ");
  const name = `${about}: ${share === null ? "\u2013" : signed(share, decimals([share])).trim()} nats`;
  const tint = shares && new Map(shares.flatMap((value, k) => (value === null ? [] : [[k, value] as const])));
  const body = tokens.length ? tinted(name, tokens, (k) => k, tint, new Set()) : h("figure", {}, h("figcaption", {}, name), h("div", { class: "prose", tabindex: 0, role: "group", "aria-label": name }, visible(woken.prompt, 4000)));
  const sum = shares && h("p", { class: "soft small" }, `Its tokens add up to ${figure(shares.reduce((sum: number, value) => sum + (value ?? 0), 0))} of ${figured(share)} nats. `);
  if (sum && open) sum.append(h("button", { type: "button", class: "link", click: open }, "Token by token"));
  return h("div", { class: "woken-prompt" }, body, sum);
}
