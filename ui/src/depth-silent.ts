// Answers with no visible step: conditions, their paired differences, and whether the score counts at all.
import type { Family } from "./depth-data.ts";
import { difficultyPlot } from "./depth-levels.ts";
import { h } from "./dom.ts";
import type { Plot } from "./figure.ts";
import { sharesPlot } from "./share-rows.ts";
import { count, figure, figured, interval, percent, signed, visible } from "./text.ts";

const SURE = 0.05;

/** A difference of shares in points of a hundred, with its sign. */
function points(value: number | null): string {
  return value === null ? "\u2013" : `${signed(100 * value, 1)} points`;
}

/** A family's head: its name, whether its score counts, and why. */
export function familyHead(family: Family): HTMLElement {
  const badge = h("span", { class: `badge ${family.counts ? "" : "unsure"}` }, family.counts ? "counts" : "does not count");
  return h("div", { class: "family-head" }, h("h4", {}, visible(family.name, 60) || "puzzles"), badge, h("p", { class: "soft small" }, visible(family.says, 400)));
}

/** A family's three figures; `number` tells its files from those of another family of the same name. */
export function familyPlots(family: Family, number = 1): Plot[] {
  const name = `${number}-${visible(family.name, 40)}`;
  return [conditionsPlot(family, name), pairedPlot(family, name), difficultyPlot(name, family.by_difficulty, family.slope)];
}

function conditionsPlot({ conditions }: Family, name: string): Plot {
  const [first, ...rest] = conditions;
  const most = rest.reduce((best, each) => ((each.accuracy ?? -1) > (best?.accuracy ?? -1) ? each : best), first);
  return sharesPlot({
    title: "Conditions",
    says: most ? `Most are right under \u201c${visible(most.name, 30)}\u201d, ${percent(most.accuracy)}${interval(most.low, most.high, percent)}. Whether a difference is one, the pairs beside it say.` : "No condition was asked.",
    axis: "share of right answers",
    ends: [0, 1],
    rows: conditions.map((row) => ({ ...row, label: row.name, text: percent(row.accuracy), value: row.accuracy, over: `${visible(row.name, 40)}: ${percent(row.accuracy)}${interval(row.low, row.high, percent)} of ${figured(row.n)}` })),
    keys: [["mark-disc", "share of right answers"], ["interval", "95 % interval"]],
    sheet: { name: `depth-conditions-${name}`, columns: ["condition", "items", "accuracy", "low", "high", "without an answer", "missing"], rows: () => conditions.map((row) => [row.name, row.n, row.accuracy, row.low, row.high, row.unanswered, row.missing]) },
  });
}

function pairedPlot({ paired, effects }: Family, name: string): Plot {
  const sure = paired.filter(({ p }) => p !== null && p <= SURE);
  const told = effects.length ? ` ${effects.slice(0, 4).map((row) => `${visible(row.name, 24)}: ${visible(row.says, 60)}`).join("; ")}.` : "";
  return sharesPlot({
    title: "Paired differences",
    says: `Item by item, one condition less another: ${count(sure.length)} of ${count(paired.length)} are sure at p \u2264 ${figure(SURE)}, corrected for all pairs of all families.${told}`,
    axis: "difference in the share of right answers",
    ends: [0],
    rows: paired.map((row) => {
      const label = `${visible(row.one, 24)} \u2212 ${visible(row.other, 24)}`;
      return { label, text: `${points(row.difference)}, p ${figured(row.p)}`, value: row.difference, low: row.low, high: row.high, over: `${label}: ${points(row.difference)}${interval(row.low, row.high, points)}, corrected p ${figured(row.p)}` };
    }),
    keys: [["mark-disc", "difference"], ["interval", "95 % interval"]],
    sheet: { name: `depth-paired-${name}`, columns: ["one", "other", "items", "difference", "low", "high", "corrected p", "p alone"], rows: () => paired.map((row) => [row.one, row.other, row.n, row.difference, row.low, row.high, row.p, row.p_alone]) },
  });
}
