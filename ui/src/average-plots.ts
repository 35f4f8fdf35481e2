// The average in figures: the bracket and its strata, how far contexts are known, how the share grows with the index, and
// how far texts lie from documents of the corpus.
import type { AverageData, Coverage, Distance, Headline, Maybe, Stratum, Support } from "./average-data.ts";
import { line } from "./curves.ts";
import { h } from "./dom.ts";
import type { Plot } from "./figure.ts";
import { type Axis, dot, type Frame, frame, linear, straight, stroke, whisker } from "./plot.ts";
import { count, figure, figured, percent, visible } from "./text.ts";

export const HEIGHT = 270;
const ROW = 46;
const EMPTY: Axis = { title: "", place: (value) => value, marks: [] };

type Row = Omit<Stratum, "texts" | "tokens"> & { band: boolean };

/** The headline's bracket and, below it, the share of every stratum. */
export function bracketPlot({ headline, parts }: AverageData, sure: boolean): Plot {
  const rows: Row[] = [{ ...headline, name: sure ? "bracket" : "bracket: not determined", band: true }, ...parts.map((part) => ({ ...part, band: false }))];
  const height = ROW * rows.length + 64;
  const of = parts.find((part) => part.overlap === headline.overlap && part.ceiling === headline.ceiling);
  return {
    title: "Share that an average would also have said",
    says: `${bracketSaid(headline, sure)}${of ? ` It is that of ${visible(of.name, 40)}.` : ""} Strata stand below it, each with its 95 % interval.`,
    keys: [["band-own", "bracket, given the ceiling"], ["mark-dot", "share W"], ["interval", "95 % interval"], ["tick-floor", "ceiling C"]],
    sheet: {
      name: "average-shares",
      columns: ["stratum", "texts", "tokens", "share W", "low", "high", "ceiling C", "bracket low", "bracket high", "determined"],
      rows: () => [["headline", null, null, ...ends(headline), sure ? "yes" : "no"] as const, ...parts.map((part) => [part.name, part.texts, part.tokens, ...ends(part), ""] as const)],
    },
    draw: (canvas, width) => {
      const made = frame(canvas, width, height, linear("share of tokens", [0, 1], Math.min(10, width / 60), true), EMPTY);
      if (made) rows.forEach((row, k) => drawRow(made, row, made.top + 8 + ROW * k, sure));
    },
  };
}

function ends(row: Omit<Headline, "determined">): [Maybe, Maybe, Maybe, Maybe, Maybe, Maybe] {
  return [row.overlap, row.low, row.high, row.ceiling, row.bracket?.[0] ?? null, row.bracket?.[1] ?? null];
}

/** The bracket in words; where it is not determined, that comes first. */
export function bracketSaid({ bracket, ceiling }: Headline, sure: boolean): string {
  if (!sure) return `Not determined: with a ceiling of ${percent(ceiling)} the bracket${bracket ? `, ${bracketText(bracket)},` : ""} says too little.`;
  return bracket ? `A perfect averager of such text would share ${bracketText(bracket)}.` : "The reading gives no bracket.";
}

export function bracketText([low, high]: readonly [number, number]): string {
  return `${percent(low)} \u2026 ${percent(high)}`;
}

function drawRow(made: Frame, row: Row, top: number, sure: boolean): void {
  const { context, colours } = made;
  const middle = top + 27;
  context.fillStyle = row.band ? colours.ink : colours.soft;
  context.font = `${row.band ? "600 " : ""}12px ${getComputedStyle(document.body).fontFamily}`;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  const value = row.band ? (row.bracket ? bracketText(row.bracket) : "\u2013") : percent(row.overlap);
  context.fillText(`${visible(row.name, 34)}  ${value}`, made.x(0), top + 12);
  stroke(context, colours.rule, [made.x(0), middle], [made.x(1), middle]);
  const { bracket } = row;
  if (bracket) band(made, bracket, middle, row.band ? 9 : 5, row.band ? sure : sure && row.ceiling !== null);
  if (row.overlap !== null) mark(made, row, row.overlap, middle);
  if (row.ceiling !== null) {
    context.lineWidth = 2;
    stroke(context, colours.ink, [made.x(row.ceiling), middle - 8], [made.x(row.ceiling), middle + 8]);
    context.lineWidth = 1;
  }
}

/** A filled band; hatched where it is not determined, so that it looks like what it is without colour too. */
function band({ context, colours, x }: Frame, [low, high]: readonly [number, number], middle: number, half: number, sure: boolean): void {
  const [left, wide] = [x(low), Math.max(1, x(high) - x(low))];
  context.save();
  context.beginPath();
  context.rect(left, middle - half, wide, 2 * half);
  context.clip();
  context.globalAlpha = sure ? 0.3 : 0.8;
  context.fillStyle = colours.positive;
  if (sure) context.fillRect(left, middle - half, wide, 2 * half);
  else for (let at = left - 2 * half; at < left + wide; at += 6) stroke(context, colours.nobody, [at, middle + half], [at + 2 * half, middle - half]);
  context.restore();
  context.strokeStyle = sure ? colours.positive : colours.nobody;
  context.strokeRect(left, middle - half, wide, 2 * half);
}

function mark({ context, colours, x }: Frame, { low, high }: Row, value: number, middle: number): void {
  context.lineWidth = 1.5;
  if (low !== null && high !== null) whisker(context, colours, [x(low), middle], [x(high), middle]);
  context.lineWidth = 1;
  dot(context, "disc", colours.ink, x(value), middle, 3.5);
}

/** How many tokens end a run of the corpus that is so long, in replies, in held-out documents, and when shuffled. */
export function supportPlot(rows: readonly Support[]): Plot {
  const known = rows.filter((row) => row.order !== null).sort((a, b) => a.order! - b.order!);
  const orders = known.map((row) => row.order!);
  const series = (["replies", "held_out", "shuffled"] as const).map((name) => known.map((row) => row[name]));
  const at = known.find((row) => row.order === 5);
  const says = at ? `${percent(at.replies)} of the replies' tokens end a run of at least 5 tokens that the corpus has; of held-out documents ${percent(at.held_out)}, of shuffled ones ${percent(at.shuffled)}.` : "How many tokens end a run of at least so many tokens that the corpus has.";
  return {
    title: "Support length",
    says,
    keys: [["line-keep", "replies"], ["line-remove", "held-out documents"], ["line-random", "shuffled documents"]],
    sheet: { name: "average-support", columns: ["tokens at least", "replies", "held-out documents", "shuffled documents"], rows: () => known.map((row) => [row.order, row.replies, row.held_out, row.shuffled] as const) },
    draw: (canvas, width) => {
      const axis = linear("length of the run, tokens", orders, Math.min(orders.length, width / 50));
      const made = frame(canvas, width, HEIGHT, { ...axis, marks: axis.marks.filter(({ value }) => Number.isInteger(value)) }, linear("share of tokens", [0, 1], 5, true));
      if (!made) return;
      line(made, orders, series[2], made.colours.soft, [4, 3]);
      line(made, orders, series[1], made.colours.negative, [], "square");
      line(made, orders, series[0], made.colours.positive, [], "disc");
    },
  };
}

/** The share as the index grows: where it still rises, more text would explain more. */
export function coveragePlot({ coverage, missing, neighbours }: Pick<AverageData, "coverage" | "missing" | "neighbours">): Plot {
  const known = coverage.filter((row) => row.fraction !== null && row.fraction > 0).sort((a, b) => a.fraction! - b.fraction!);
  const parts = known.map((row) => row.fraction!);
  return {
    title: "Coverage",
    says: [riseSaid(known.filter((row) => row.overlap !== null)), ...(neighbours ? ["By counts alone, without neighbours."] : []), ...missingSaid(missing)].join(" "),
    keys: [["line-keep", "share W"], ["interval", "95 % interval"]],
    sheet: { name: "average-coverage", columns: ["part of the index", "share W", "low", "high"], rows: () => known.map((row) => [row.fraction, row.overlap, row.low, row.high] as const) },
    draw: (canvas, width) => {
      const values = known.flatMap(({ overlap, low, high }) => [overlap, low, high]).filter((value) => value !== null);
      const made = frame(canvas, width, HEIGHT, doublings(parts), linear("share of tokens", values, 5, true));
      if (!made) return;
      made.context.lineWidth = 1.5;
      for (const row of known) if (row.low !== null && row.high !== null) whisker(made.context, made.colours, [made.x(row.fraction!), made.y(row.low)], [made.x(row.fraction!), made.y(row.high)]);
      line(made, parts, known.map((row) => row.overlap), made.colours.positive, [], "disc");
    },
  };
}

/** Which parts of the index the curve lacks, and why. */
export function missingSaid(missing: AverageData["missing"]): string[] {
  const known = missing.filter((row) => row.fraction !== null && row.fraction > 0);
  if (!known.length) return [];
  const many = known.filter(({ tokens, most }) => tokens !== null && most !== null && tokens > most);
  const [first] = many;
  const why = first ? `counts of a part are held in memory, at most ${count(first.most!)} tokens, and ${known.length > 1 ? "the smallest of them" : "it"} has about ${count(Math.min(...many.map(({ tokens }) => tokens!)))}` : "a part needs two documents or more";
  return [`Not drawn: ${known.map((row) => fraction(row.fraction!)).join(", ")}, as ${why}.`];
}

/** Whether the share still rises at the end, held against the width of its interval. */
function riseSaid(known: readonly Coverage[]): string {
  const [before, last] = known.slice(-2);
  if (!before || !last) return "Only the whole index was asked, so nobody knows whether more text would explain more.";
  const rise = last.overlap! - before.overlap!;
  const wide = last.low === null || last.high === null ? null : (last.high - last.low) / 2;
  const what = wide === null ? "" : Math.abs(rise) <= wide ? ", less than its interval reaches" : rise > 0 ? ": more text would explain more" : "";
  return `From ${fraction(before.fraction!)} of the index to ${fraction(last.fraction!)} the share moves by ${figure(100 * rise)} points${what}.`;
}

/** Parts of the index, a doubling always as wide. */
function doublings(parts: readonly number[]): Axis {
  const [low, high] = [Math.log2(parts[0] ?? 0.5) - 0.25, Math.log2(parts.at(-1) ?? 1) + 0.25];
  return { title: "part of the index", place: (value) => (Math.log2(value) - low) / (high - low), marks: parts.map((value) => ({ value, text: fraction(value) })) };
}

function fraction(part: number): string {
  const under = 1 / part;
  return part !== 1 && Number.isInteger(under) ? `1/${count(under)}` : figure(part);
}

/** The conformal distances: of texts like documents of the corpus every p is as likely as another. */
export function distancePlot({ alpha, share, texts }: Distance): Plot {
  const known = texts.filter((row) => row.p !== null).sort((a, b) => a.p! - b.p!);
  const far = alpha === null ? 0 : known.filter((row) => row.p! <= alpha).length;
  const sheet = { name: "average-distance", columns: ["text", "conformal p"], rows: () => texts.map((row) => [row.name, row.p] as const) };
  const title = "Distance from the corpus";
  if (!known.length) return { title, says: "How each text's mean log2 a ranks among held-out documents of like length.", body: h("p", { class: "empty" }, "Not measured: no document was held out to compare with."), sheet };
  return {
    title,
    says: `${count(far)} of ${count(known.length)} texts (${percent(share ?? far / known.length)}) lie outside what held-out documents of like length do, p \u2264 ${figured(alpha)}; of texts like them ${percent(alpha)} would.`,
    keys: [["line-keep", "texts with at most this p"], ["line-random", "texts like held-out documents"], ["line-break", `p = ${figured(alpha)}`]],
    sheet,
    draw: (canvas, width) => {
      const made = frame(canvas, width, HEIGHT, linear("conformal p", [0, 1], Math.min(10, width / 60)), linear("share of texts", [0, 1], 5, true));
      if (!made) return;
      straight(made, made.colours.soft, [4, 3], [0, 1]);
      if (alpha !== null) {
        made.context.setLineDash([4, 3]);
        made.context.lineWidth = 1.5;
        stroke(made.context, made.colours.negative, [made.x(alpha), made.y(0)], [made.x(alpha), made.y(1)]);
        made.context.setLineDash([]);
      }
      line(made, known.map((row) => row.p!), known.map((_, k) => (k + 1) / known.length), made.colours.positive, [], "disc");
    },
  };
}
