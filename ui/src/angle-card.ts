// Everything that is known of the selected angle, in words and figures.
import { leading, ordered } from "./angle-order.ts";
import { marks } from "./angle-table.ts";
import { h } from "./dom.ts";
import { type Angle, MEASURES, type Measure, type Ranged, type Share, SHARES } from "./face-data.ts";
import type { Box } from "./figure.ts";
import { glyph } from "./glyph.ts";
import { mapHash } from "./organ-route.ts";
import type { Selection } from "./selection.ts";
import { figured, interval, percent, visible } from "./text.ts";

const VOICES = 6;

export const MEASURED: Record<Measure, { title: string; unit: string }> = {
  bits: { title: "bits of the text", unit: "bits a byte" },
  coverage: { title: "coverage by the corpus", unit: "share of the text" },
  distance: { title: "distance of the state", unit: "Mahalanobis" },
  base: { title: "chat minus base model", unit: "log-likelihood" },
};

const WORDS: Record<Share, string> = { own: "own voice", other: "another voice", nobody: "no one" };

export function angleCard(selection: Selection, forms: ReadonlyMap<string, number>, organs: ReadonlySet<string>): Box {
  const element = h("section", { class: "angle-card", "aria-label": "The selected angle" });
  const show = () => {
    const angle = selection.index === null ? undefined : selection.angles[selection.index];
    element.replaceChildren(...(angle ? card(angle, forms, organs) : []));
  };
  selection.on(show);
  show();
  return { element, redraw: () => undefined };
}

function card(angle: Angle, forms: ReadonlyMap<string, number>, organs: ReadonlySet<string>): HTMLElement[] {
  const about = h("div", {}, h("h4", {}, glyph(angle, forms), h("span", { class: "name" }, visible(angle.angle, 200)), ...marks(angle)), h("p", {}, visible(angle.about, 400)), facts(angle), toOrgans(angle, organs));
  return [about, h("div", {}, shares(angle), voices(angle)), h("div", {}, commonness(angle))];
}

function facts(angle: Angle): HTMLElement {
  const { missing, items } = angle;
  const bounds = missing && angle.bounds ? `; own voice ${percent(angle.bounds[0])} to ${percent(angle.bounds[1])} whatever they were` : "";
  const rows: [string, string][] = [
    ["family", visible(angle.family, 60)],
    ["should the face survive it?", angle.survives ? "yes" : "no"],
    ["undone", visible(angle.undoing, 60) || "\u2013"],
    ["strength", figured(angle.strength)],
    ["items", `${figured(items)}${missing ? `, ${figured(missing)} of them missing${bounds}` : ""}`],
    ["understood", shareText(angle.understood)],
    ["p", `${figured(angle.p)}; adjusted ${figured(angle.adjusted)}; family-wise ${figured(angle.worst)}`],
  ];
  return h("dl", { class: "plain" }, ...rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** The way to what this angle does to the organs, where this page has them under it. */
function toOrgans({ angle }: Angle, organs: ReadonlySet<string>): HTMLElement | null {
  const href = organs.has(angle) ? mapHash(angle) : null;
  return href === null ? null : h("p", { class: "small" }, h("a", { href }, "Organs under this angle"), " \u2013 which of them fall silent.");
}

function shareText(share: Ranged | null): string {
  return share?.value == null ? "not measured" : `${percent(share.value)}${interval(share.low, share.high, percent)}`;
}

function shares(angle: Angle): HTMLElement {
  const rows = SHARES.map((share) => h("tr", {}, h("th", { scope: "row" }, WORDS[share]), span(angle[share], share), h("td", { class: "num" }, percent(angle[share]?.value)), h("td", { class: "num soft" }, ends(angle[share]))));
  return h("table", { class: "bars three-bars" }, h("caption", {}, "Who answers, corrected for false alarms, with 95 % intervals"), h("tbody", {}, ...rows));
}

function ends(share: Ranged | null): string {
  return share?.low == null || share.high == null ? "" : `${(100 * share.low).toFixed(0)} \u2026 ${(100 * share.high).toFixed(0)}`;
}

/** A bar with its interval as a thin line through its end. */
function span(share: Ranged | null, kind: string): HTMLElement {
  const fill = h("span", { class: `fill ${kind}`, hidden: share?.value == null });
  fill.style.width = `${100 * part(share?.value)}%`;
  const line = h("span", { class: "reach", hidden: share?.low == null || share.high == null });
  line.style.left = `${100 * part(share?.low)}%`;
  line.style.width = `${100 * Math.max(0, part(share?.high) - part(share?.low))}%`;
  return h("td", { class: "gauge ranged" }, fill, line);
}

function part(value: number | null | undefined): number {
  return Math.max(0, Math.min(1, value ?? 0));
}

function voices(angle: Angle): HTMLElement | null {
  if (!leading(angle)) return null;
  const known = ordered([...angle.voices.keys()], (k) => angle.voices[k]![1], true).map((k) => angle.voices[k]!).filter(([, share]) => share !== null);
  const rows = known.slice(0, VOICES).map(([name, share]) => {
    const fill = h("span", { class: "fill other" });
    fill.style.width = `${100 * part(share)}%`;
    return h("tr", {}, h("th", { scope: "row", class: "tok" }, visible(name, 24)), h("td", { class: "gauge" }, fill), h("td", { class: "num" }, percent(share)));
  });
  const more = known.length > VOICES ? `; ${known.length - VOICES} more in the file` : "";
  return h("table", { class: "bars three-bars" }, h("caption", {}, `Which other voice${more}`), h("tbody", {}, ...rows));
}

function commonness(angle: Angle): HTMLElement {
  const rows = MEASURES.map((name) => {
    const found = angle.commonness[name];
    const { title, unit } = MEASURED[name];
    return h("tr", {}, h("th", { scope: "row" }, title, h("span", { class: "soft" }, `, ${unit}`)), h("td", { class: "num" }, figured(found?.value)), h("td", { class: "num" }, figured(found?.z)));
  });
  const head = h("tr", {}, h("th", { scope: "col" }, "commonness"), h("th", { scope: "col", class: "num" }, "value"), h("th", { scope: "col", class: "num" }, "z"));
  const table = h("table", { class: "bars numbers" }, h("caption", {}, "How common the text is, and z among clean prompts of like length"), h("thead", {}, head), h("tbody", {}, ...rows));
  const moved = angle.displacement;
  const beside = moved ? `State displaced by ${figured(moved.inside)} inside the space of the voices and ${figured(moved.outside)} outside of it.` : "Displacement of the state: not available.";
  return h("div", {}, table, h("p", { class: "soft small" }, beside));
}
