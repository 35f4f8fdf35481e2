// What speaks for the organs: removal against prediction, other groupings beside them, own against other traits, how
// their number was chosen, and the organs of a twin.
import { line } from "./curves.ts";
import { h } from "./dom.ts";
import type { Plot } from "./figure.ts";
import { part, shaded } from "./matrix.ts";
import type { Choice, Maybe, OrgansData, OrganTwins, Removed } from "./organ-data.ts";
import { dot, frame, linear, straight } from "./plot.ts";
import { count, figure, figured, interval, percent, visible } from "./text.ts";

const HEIGHT = 300;
const NEAR = 9;

/** The removal of an organ on prompts and angles that were held back, against its share times its slope. */
export function removalPlot(data: OrgansData, found: Removed, how: "reference" | "mean"): Plot {
  const held = how === "reference" ? "at its reference" : "at its mean";
  const points = found.points.filter(([x, y]) => x !== null && y !== null) as [number, number, number, number][];
  const name = (organ: number) => data.organs[organ]?.name ?? "remainder";
  let places: [number, number, number][] = [];
  const over = (x: number, y: number) => places.reduce<[number, number] | null>((best, [k, px, py]) => ((away) => (away < (best?.[1] ?? NEAR) ? [k, away] : best))(Math.hypot(px - x, py - y)), null);
  return {
    title: `Removed: held ${held}`,
    says: `R\u00b2 ${figured(found.r2)}${interval(found.low, found.high)} over ${count(points.length)} removals on held-out prompts, in parts of the prompt's gross; R\u00b2 of the share as it stands ${figured(found.r2_share)}; line of slope ${figured(found.slope)}, intercept ${figured(found.intercept)}.`,
    keys: [["mark-disc", "an organ in a trait"], ["line-keep", "calibration line"], ["line-random", "measured = predicted"]],
    sheet: {
      name: `removal-${how}`,
      columns: ["predicted, part of the gross", "measured, part of the gross", "organ", "trait"],
      rows: () => found.points.map(([x, y, organ, trait]) => [x, y, name(organ), data.traits[trait]!] as const),
    },
    draw: (canvas, width) => {
      const xs = points.map(([x]) => x);
      const made = frame(canvas, width, HEIGHT, linear("predicted: share \u00d7 the organ's slope, part of the gross", [0, ...xs], width / 80), linear("measured, part of the gross", [0, ...points.map(([, y]) => y)], 6));
      if (!made) return;
      const [low, high] = [Math.min(0, ...xs), Math.max(0, ...xs)];
      const ends = [2 * low - high, 2 * high - low] as const;
      straight(made, made.colours.soft, [4, 3], ends);
      made.context.globalAlpha = 0.65;
      places = points.map(([x, y], k) => [k, made.x(x), made.y(y)]);
      for (const [, x, y] of places) dot(made.context, "disc", made.colours.positive, x, y, 3);
      made.context.globalAlpha = 1;
      made.context.lineWidth = 2;
      if (found.slope !== null) straight(made, made.colours.positive, [], ends, found.slope, found.intercept ?? 0);
    },
    over: ({ x, y }) => {
      const at = over(x, y);
      if (!at) return "";
      const [predicted, measured, organ, trait] = points[at[0]]!;
      return `${visible(name(organ), 40)}, ${visible(data.traits[trait]!, 40)}: predicted ${figure(predicted)}, measured ${figure(measured)} of the gross`;
    },
  };
}

/** Groupings of the same sizes that are no organs, and by how much they predict worse. */
export function besidePlot(proof: NonNullable<OrgansData["proof"]>): Plot {
  const rows = (["reference", "mean"] as const).flatMap((how) => (proof[how]?.beside ?? []).map((row) => ({ how, ...row })));
  const ends = (low: Maybe, high: Maybe) => h("td", { class: "num soft" }, low === null || high === null ? "" : `${figure(low)} \u2026 ${figure(high)}`);
  const above = (low: Maybe) => low !== null && low > 0;
  const num = (value: Maybe) => h("td", { class: "num" }, figured(value));
  const lines = rows.map((row) => {
    const words = [above(row.low) ? "predict better" : "", above(row.more_low) ? "are more selective" : ""].filter(Boolean).join(", ");
    return h("tr", {}, h("th", { scope: "row" }, visible(row.name, 40)), h("td", {}, row.how), num(row.r2), num(row.difference), ends(row.low, row.high), num(row.selective), num(row.more), ends(row.more_low, row.more_high), h("td", {}, words ? `organs ${words}` : "not told apart"));
  });
  const heads = ["grouping", "held at", "R\u00b2", "organs above it by", "95 %", "own less other", "organs above it by", "95 %", ""].map((text, k) => (text ? h("th", { scope: "col", class: k > 1 ? "num" : "" }, text) : h("td", {})));
  const own = proof.reference?.selective ?? proof.mean?.selective ?? null;
  return {
    title: "Against other groupings of the same sizes",
    says: `How well removing a group is predicted when leaves are grouped otherwise, and how much more of its own trait's \u0394 than of others' goes with a group (organs: ${figured(own)}); the two are not the same.`,
    body: h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Other groupings" }, h("table", { class: "listing" }, h("caption", { class: "unseen" }, "Other groupings"), h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...lines))),
    sheet: { name: "other-groupings", columns: ["grouping", "held at", "R2", "difference", "low", "high", "own less other", "more", "more low", "more high"], rows: () => rows.map((row) => [row.name, row.how, row.r2, row.difference, row.low, row.high, row.selective, row.more, row.more_low, row.more_high] as const) },
  };
}

/** How much of each trait's Δ goes when an organ is removed. */
export function specificPlot(data: OrgansData, found: NonNullable<OrgansData["specific"]>): Plot {
  const serves = data.organs.map((organ) => new Set(organ.serves.filter((row) => row.called).map((row) => row.trait)));
  const rows = found.effects.map((effects, k) => [visible(data.organs[k]!.name, 40), effects.map((effect, trait) => ({ ...part(effect), own: serves[k]!.has(trait) }))] as const);
  const head = data.traits.map((trait) => h("th", { scope: "col" }, visible(trait, 40)));
  return {
    title: "Own and other traits",
    says: `Part of a column's \u0394 that is gone when a row's organ is removed; outlined are traits that it serves. Own ${percent(found.own)}, other ${percent(found.other)}.`,
    body: h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Own and other traits of organs" }, shaded("Part of a trait's difference that is gone without an organ", head, rows)),
    sheet: {
      name: "organs-own-and-other",
      columns: ["organ removed", "trait", "gone, part of \u0394"],
      rows: () => found.effects.flatMap((effects, k) => effects.map((effect, trait) => [data.organs[k]!.name, data.traits[trait]!, effect] as const)),
    },
  };
}

/** Ambiguity by number of organs, for the leaves as they are and for leaves that cannot have any. */
export function choicePlot(rows: readonly Choice[]): Plot {
  const known = rows.filter((row) => row.organs !== null).sort((a, b) => a.organs! - b.organs!);
  const chosen = known.find((row) => row.chosen);
  const sizes = known.map((row) => row.organs!);
  const [real, none] = [known.map((row) => row.ambiguous), known.map((row) => row.null)];
  const says = chosen ? `${chosen.organs} were taken: resamples disagree on who belongs together by ${figured(chosen.ambiguous)}, against ${figured(chosen.null)} in rotated leaves, which have no organs.` : "No number of organs stood out, so none was taken.";
  return {
    title: "How many organs",
    says: `${says} 0 is no disagreement; the number is where it is smallest beside that of rotated leaves.`,
    keys: [["line-keep", "the leaves as they are"], ["line-random", "rotated leaves"], ...(chosen ? [["mark-open", "taken"] as const] : [])],
    sheet: { name: "number-of-organs", columns: ["organs", "stability", "ambiguity", "ambiguity of rotated leaves", "taken"], rows: () => known.map((row) => [row.organs, row.stability, row.ambiguous, row.null, row.chosen ? "yes" : "no"] as const) },
    draw: (canvas, width) => {
      const axis = linear("organs", sizes, Math.min(sizes.length, width / 50));
      const x = { ...axis, marks: axis.marks.filter(({ value }) => Number.isInteger(value)) };
      const y = linear("ambiguity", [0, ...[...real, ...none].filter((value) => value !== null)], 5);
      const made = frame(canvas, width, HEIGHT, x, y);
      if (!made) return;
      line(made, sizes, none, made.colours.soft, [4, 3]);
      line(made, sizes, real, made.colours.positive, [], "disc");
      made.context.lineWidth = 2;
      if (chosen && chosen.ambiguous !== null) dot(made.context, "ring", made.colours.ink, made.x(chosen.organs!), made.y(chosen.ambiguous), 7);
    },
  };
}

/** Organs of two models that answer to the same prompts in the same way, and those that have no counterpart. */
export function twinPlot({ models, matched, alone }: OrganTwins): Plot {
  const [one, other] = [visible(models[0] ?? "one", 60), visible(models[1] ?? "the other", 60)];
  const organ = (place: number | null) => (place === null ? "\u2013" : `organ ${place + 1}`);
  const lines = matched.map((row) => h("tr", {}, h("th", { scope: "row" }, organ(row.one)), h("td", {}, organ(row.other)), h("td", { class: "num" }, figured(row.likeness)), h("td", { class: "num" }, figured(row.floor)), h("td", {}, row.shared ? "shared" : "not beyond chance")));
  const heads = [one, other, "likeness", "chance", ""].map((text, k) => (text ? h("th", { scope: "col", class: k > 1 ? "num" : "" }, text) : h("td", {})));
  const rest = (["one", "other"] as const).map((side, k) => h("p", {}, `Only in ${[one, other][k]!}: ${alone[side].map(organ).join(", ") || "none"}.`));
  return {
    title: "Organs of the twin",
    says: `Matched by how they answer over the same prompts: ${matched.filter((row) => row.shared).length} of ${matched.length} pairs are alike beyond chance.`,
    body: h("div", {}, h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Matched organs" }, h("table", { class: "listing" }, h("caption", { class: "unseen" }, "Matched organs"), h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...lines))), ...rest),
    sheet: {
      name: "organs-of-twins",
      columns: [`organ of ${models[0] ?? "one"}`, `organ of ${models[1] ?? "the other"}`, "likeness", "chance", "shared"],
      rows: () => [...matched.map((row) => [organ(row.one), organ(row.other), row.likeness, row.floor, row.shared ? "yes" : "no"] as const), ...alone.one.map((k) => [organ(k), "", null, null, "no"] as const), ...alone.other.map((k) => ["", organ(k), null, null, "no"] as const)],
    },
  };
}
