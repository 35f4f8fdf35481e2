import assert from "node:assert/strict";
import { test } from "node:test";
import { type AverageData, type AverageMain, type Influence, type MovedText, type SaidText, shareOf } from "../src/average-data.ts";
import { brokenPlot, divergencePlot } from "../src/average-face.ts";
import { documentBars, movedTint, qualitySaid } from "../src/average-influence.ts";
import { headTiles } from "../src/average.ts";
import { ledgerBars, tokenBars } from "../src/average-ledger.ts";
import { bracketPlot, bracketSaid, coveragePlot, missingSaid, supportPlot } from "../src/average-plots.ts";
import { runOf, runSheet } from "../src/average-spans.ts";
import { parseTextHash } from "../src/average-text.ts";
import { tintOf } from "../src/average-token.ts";

const RUNGS = ["base rate", "2-gram", "model alone"];
const HEAD = { overlap: 0.58, low: 0.55, high: 0.61, ceiling: 0.85, bracket: [0.51, 0.68] as [number, number], determined: true };
const DATA: AverageData = {
  headline: HEAD,
  parts: [],
  ledger: RUNGS.map((rung, k) => ({ rung, bits: [-9.25, 4.5, 1.75][k]!, low: null, high: null })),
  bits: null,
  support: [],
  coverage: [],
  distance: { alpha: 0.05, share: null, texts: [] },
  by_support: [],
  neighbours: null,
  missing: [],
};
const TEXT: SaidText = {
  id: "reply",
  stratum: "clean replies",
  tokens: ["The", " old", " mill"],
  share: Float64Array.of(0.25, NaN, 1),
  p: Float64Array.of(-3, -1, NaN),
  a: Float64Array.of(-5, -2, -4),
  support: Int32Array.of(0, 2, -1),
  ledger: Float64Array.of(-9, 4, 2, -8, 5, 2, -7, NaN, 3),
  spans: [],
  tokens_left: 0,
};

test("the mean ledger ends on its own sum, and on what was measured where the reading has that", () => {
  const bars = ledgerBars(DATA);
  assert.deepEqual(bars.map(({ from, to }) => [from, to]), [[0, -9.25], [-9.25, -4.75], [-4.75, -3], [0, -3]]);
  assert.equal(ledgerBars({ ...DATA, bits: -3.5 }).at(-1)!.value, -3.5);
});

test("a token's bars run from nothing to its log2 p, whatever is missing", () => {
  TEXT.tokens.forEach((_, t) => {
    const bars = tokenBars(TEXT, t, RUNGS);
    assert.deepEqual(bars.slice(0, -1).map(({ value }) => value), [...TEXT.ledger.subarray(3 * t, 3 * t + 3)].map((bits) => (Number.isNaN(bits) ? 0 : bits)));
    assert.equal(bars.at(-1)!.value, Number.isNaN(TEXT.p[t]!) ? 0 : TEXT.p[t]);
  });
  assert.equal(tokenBars(TEXT, 0, RUNGS).at(-2)!.to, TEXT.p[0]);
});

test("a text's share is the mean of the shares that are known", () => {
  assert.equal(shareOf(TEXT), 0.625);
  assert.equal(shareOf({ ...TEXT, share: Float64Array.of(NaN) }), null);
});

test("the tint grows on both sides of a half and stops at nothing and all", () => {
  assert.deepEqual([0, 0.25, 0.5, 0.75, 1, 7, -2].map((share) => tintOf(share)), [
    { side: "minus", strength: 1 },
    { side: "minus", strength: 0.5 },
    { side: "plus", strength: 0 },
    { side: "plus", strength: 0.5 },
    { side: "plus", strength: 1 },
    { side: "plus", strength: 1 },
    { side: "minus", strength: 1 },
  ]);
  assert.equal(tintOf(NaN).side, "");
});

test("the bracket is only shown as one where it is determined", () => {
  assert.match(bracketSaid(HEAD, true), /^A perfect averager of such text would share 51 % \u2026 68 %\.$/);
  assert.match(bracketSaid(HEAD, false), /^Not determined/);
  const main = { headline: HEAD, corpus: { name: "", tokenizer: "", documents: null, tokens: null, fraction: null }, numbers: [] } as unknown as AverageMain;
  const told = (sure: boolean, headline = HEAD) => headTiles({ ...main, headline, sure }).map(({ text }) => text);
  assert.deepEqual(told(true), ["51 % \u2026 68 %", "58 %", "85 %", "not known"]);
  assert.equal(told(false)[0], "not determined");
  assert.equal(headTiles({ ...main, headline: { ...HEAD, determined: false }, sure: false })[2]!.holds, false);
});

test("the address of a text is its number, and only of one that is there", () => {
  assert.equal(parseTextHash("#average/text-3", 3), 2);
  for (const lost of ["", "#average/", "#average/text-0", "#average/text-4", "#average/text-03", "#average/text-1/x"]) assert.equal(parseTextHash(lost, 3), null, lost);
});

test("a run is its tokens without the space before them", () => {
  assert.equal(runOf(TEXT, { start: 1, end: 3, count: 2, documents: [] }), "old mill");
});

test("the sheet of runs has a row a document, and one for a run without any", () => {
  const spans = [{ start: 0, end: 2, count: 3, documents: [{ number: 7, source: "a.txt", snippet: "x" }, { number: null, source: "", snippet: "=y" }] }, { start: 1, end: 3, count: null, documents: [] }];
  assert.deepEqual([...runSheet({ ...TEXT, spans }).rows()], [["The old", 0, 2, 3, 7, "a.txt", "x"], ["The old", 0, 2, 3, null, "", "=y"], ["old mill", 1, 3, null, null, "", ""]]);
});

test("the sheets say what the figures draw, in order", () => {
  const support = [2, 1].map((order) => ({ order, replies: 1 / order, held_out: null, shuffled: 0 }));
  assert.deepEqual([...supportPlot(support).sheet.rows()], [[1, 1, null, 0], [2, 0.5, null, 0]]);
  const coverage = [1, 0.5, 0, null].map((fraction) => ({ fraction, overlap: 0.5, low: 0.4, high: 0.6 }));
  assert.deepEqual([...coveragePlot({ ...DATA, coverage }).sheet.rows()].map(([fraction]) => fraction), [0.5, 1]);
  assert.match(coveragePlot({ ...DATA, coverage: coverage.slice(0, 1) }).says, /Only the whole index was asked/);
});

test("a share is only said to rise where it moves by more than its interval reaches", () => {
  const rows = (rise: number, half: number | null) => coveragePlot({ ...DATA, coverage: [0.5, 1].map((fraction, k) => ({ fraction, overlap: 0.5 + rise * k, low: half && 0.5 - half, high: half && 0.5 + half })) }).says;
  assert.match(rows(0.0625, 0.03), /^From 1\/2 of the index to 1 the share moves by 6\.25 points: more text would explain more\.$/);
  assert.match(rows(0.0625, 0.1), /6\.25 points, less than its interval reaches\.$/);
  assert.match(rows(-0.0625, 0.03), /\u22126\.25 points\.$/);
  assert.match(rows(0.0625, null), /6\.25 points\.$/);
});

test("the mean over all counts every token once", () => {
  const bins = [[1, 0.5], [3, 0.25], [100, null], [null, 1]].map(([tokens, broken], low) => ({ low, high: low, tokens: tokens!, overlap: null, broken: broken!, divergence: null }));
  assert.match(brokenPlot(bins).says, /over all 31\.3 %/);
});

test("the headline names the stratum whose it is", () => {
  const parts = [{ ...HEAD, overlap: 0.4, name: "broken replies", texts: 3, tokens: 9 }, { ...HEAD, name: "clean replies", texts: 3, tokens: 9 }];
  assert.match(bracketPlot({ ...DATA, parts }, true).says, /It is that of clean replies\./);
  assert.doesNotMatch(bracketPlot(DATA, true).says, /It is that of/);
});

test("a bin without a figure is named", () => {
  const bins = [0, 1, 2].map((low) => ({ low, high: low, tokens: 5, overlap: 0.5, broken: low === 1 ? null : 0.25, divergence: low ? 0.5 : null }));
  assert.match(brokenPlot(bins).says, /25 % at 0, 25 % at 2; over all 25 %\. Without a figure: 1\./);
  assert.match(divergencePlot(bins).says, /0\.5 bits at 1, 0\.5 bits at 2; over all 0\.5 bits\. Without a figure: 0\./);
});

test("parts of the index that the curve lacks are named with the reason", () => {
  const part = (fraction: number, tokens: number) => ({ fraction, tokens, most: 2_000_000 });
  assert.deepEqual(missingSaid([]), []);
  assert.match(missingSaid([part(0.25, 5_000_000), part(0.5, 10_000_000)])[0]!, /^Not drawn: 1\/4, 1\/2, as .* at most 2,000,000 tokens, and the smallest of them has about 5,000,000\.$/);
  assert.match(missingSaid([part(0.25, 9)])[0]!, /two documents or more/);
  assert.match(coveragePlot({ ...DATA, missing: [part(0.5, 10_000_000)] }).says, /Not drawn: 1\/2/);
});

const MOVED: MovedText = {
  id: "reply",
  effective: 3.5,
  for: 0.75,
  against: -0.5,
  largest: [[1, 0.5], [0, -0.25]],
  tokens: [],
  documents: [{ number: 7, source: "a.txt, 2 of 3", snippet: "one" }, { number: null, source: "", snippet: "two" }],
};

test("documents, with all others on either side, add up to the sum over all that were looked at", () => {
  const bars = documentBars(MOVED, MOVED);
  assert.deepEqual(bars.map(({ label, value }) => [label, value]), [["document \u2013", 0.5], ["document 7", -0.25], ["others for", 0.25], ["others against", -0.25], ["all looked at", 0.25]]);
  assert.equal(bars.at(-2)!.to, bars.at(-1)!.to);
});

test("a token is tinted by how much documents move it, and to the side of their sum", () => {
  assert.deepEqual(movedTint(MOVED, 2.5), { side: "plus", strength: 0.5 });
  assert.deepEqual(movedTint({ ...MOVED, for: 0, against: -1 }, 0), { side: "minus", strength: 0 });
});

test("what retraining found is said, and where nobody retrained that it was not measured", () => {
  const found: Influence = { documents: 9, of: 20, projected: 64, damping: 1, quality: null, texts: [MOVED], left_out: 0 };
  assert.match(qualitySaid(found), /^Quality not measured/);
  const quality = { lds: 0.625, low: 0.5, high: 0.75, by_token: 0.25, retrainings: 40, of: "a slide" };
  assert.match(qualitySaid({ ...found, quality }), /by 40 retrainings of a slide: LDS 0\.625 \(95 %: 0\.5 … 0\.75\) for whole texts, 0\.25 for single tokens/);
});
