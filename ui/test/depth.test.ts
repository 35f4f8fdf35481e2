import assert from "node:assert/strict";
import { test } from "node:test";
import { above, disagreement, first } from "../src/depth-agree.ts";
import { type Cells, type DepthData, type Ranged, why } from "../src/depth-data.ts";
import { commitmentPlot, curvePlot, difficultyPlot } from "../src/depth-levels.ts";
import { said } from "../src/depth-matrices.ts";
import { familyPlots } from "../src/depth-silent.ts";

const cell = (value: number): Ranged => ({ value, low: value - 0.05, high: value + 0.05 });
const TASK = { name: "", position: "", presentation: "", solved: true, items: 9, k: 2, accuracy: 1, low: 1, high: 1, free: 1 };
const DATA: DepthData = {
  task: TASK,
  layers: ["embed", "L0", "L1"],
  steps: ["one", "two"],
  between: [true, true],
  read: { lens: "logit", cells: [[cell(0.1), cell(0.1)], [cell(0.9), cell(0.1)], [cell(0.9), cell(0.3)]], tuned: null, chance: [0.1, 0.1] },
  present: { cells: [[cell(0.1), cell(0.1)], [cell(0.9), cell(0.5)], [cell(0.9), cell(0.9)]], shuffled: [[0.1, 0.1], [0.1, 0.6], [0.1, 0.1]], newborn: null, chance: [0.1, 0.1] },
  used: { cells: [[null, cell(0.1)], [cell(0.9), cell(0.1)], [cell(0.4), cell(0.3)]], patched: null, mean: null, shuffled: null, chance: [0.1, 0.1] },
  k50: [],
  bound: { layers: 2, serial: 4, says: "" },
  nocot: null,
  planning: null,
  unavailable: ["tuned lens: its sums do not fit"],
};

test("the scale begins at chance and ends at one, whatever chance is", () => {
  assert.deepEqual([[0.1, 0.1], [0, 0.1], [1, 0.1], [0.625, 0.25], [0.5, null], [1, 1]].map(([value, chance]) => above(value!, chance!)), [0, 0, 1, 0.5, 0.5, 0]);
});

test("a step is seen from the first boundary whose interval lies above chance and every control", () => {
  const cells: Cells = [[cell(0.12)], [cell(0.5)], [cell(0.8)]];
  assert.equal(first(cells, 0.1, [], 0, 0.1), 1);
  assert.equal(first(cells, 0.1, [[[0], [0.46], [0.1]]], 0, 0.1), 2);
  assert.equal(first(cells, 0.1, [], 0, 0.9), -1);
  assert.equal(first([[null], [null]], 0.1, [], 0, 0.1), null);
  assert.equal(first(null, 0.1, [], 0, 0.1), null);
  assert.equal(first([[{ value: 0.9, low: null, high: null }]], 0.1, [], 0, 0.1), -1);
});

test("the sentence names first where the three disagree", () => {
  assert.equal(disagreement(DATA), "The three disagree on two (read nowhere, present from L1, used from L1); agree on one (read from L0, present from L0, used from L0).");
  assert.equal(disagreement({ ...DATA, between: [true, false] }), "The three agree on one (read from L0, present from L0, used from L0).");
  assert.match(disagreement({ ...DATA, used: null, present: null }), /^The three cannot be compared on two \(read nowhere, present not measured, used not measured\); cannot be compared on one \(|^The three cannot be compared on one \(read from L0, present not measured/);
  assert.match(disagreement({ ...DATA, read: null }), /^The three agree on one, two \(read not measured, present, used\)\.$/);
  assert.match(disagreement({ ...DATA, steps: [], between: [] }), /^No step was asked for/);
});

test("the sentence stays short for many steps, and every name in it is visible text", () => {
  const many = Array.from({ length: 20 }, (_, k) => k);
  const wide = (row: readonly (Ranged | null)[]) => many.map(() => row[0]!);
  const data = { ...DATA, steps: many.map((k) => `\u202estep ${k}`), between: many.map(() => true), read: { ...DATA.read!, cells: DATA.read!.cells!.map(wide), chance: many.map(() => 0.1) }, present: null, used: null };
  const text = disagreement(data);
  assert.ok(text.length < 400 && text.includes("and 14 more") && !text.includes("\u202e") && text.includes("\\u202e"), text);
});

test("what was not measured says why where the reading does", () => {
  assert.equal(why(DATA, "tuned lens"), "Not measured. Tuned lens: its sums do not fit.");
  assert.match(why(DATA, "nocot"), /does not say why/);
});

test("a cell says its share, its interval, chance, and its controls", () => {
  const way = { name: "probe", cells: DATA.present!.cells! };
  assert.equal(said({ controls: [{ name: "shuffled", values: DATA.present!.shuffled! }], chance: [0.1, 0.1] }, way, 1, 1), "50 % (95 %: 45 % \u2026 55 %), chance 10 %, shuffled 60 %");
  assert.equal(said({ chance: [0.1] }, { name: "swap", cells: DATA.used!.cells! }, 0, 0), "not measured");
});

test("the sheets of curves say what is drawn, in order of k, and no k50 is said to be none", () => {
  const level = (k: number | null) => ({ k, n: 8, accuracy: 0.5, low: 0.4, high: 0.6, chance: 0.1 });
  const curve = { presentation: "in context", says: "beyond k = 2", curve: [level(2), level(null), level(1)], k50: null, low: null, high: null };
  const plot = curvePlot(curve);
  assert.deepEqual([...plot.sheet.rows()].map(([k]) => k), [1, 2]);
  assert.equal(plot.says, "beyond k = 2; there is no k50.");
  assert.ok(!plot.keys!.some(([kind]) => kind === "line-break"));
  assert.ok(curvePlot({ ...curve, k50: 1.5 }).keys!.some(([kind]) => kind === "line-break"));
  assert.deepEqual([...commitmentPlot({ commitment: [{ position: 1, model: 0.2, low: 0.1, high: 0.3, baseline: null, p: 0.5 }, { position: 0, model: 0.1, low: null, high: null, baseline: 0.1, p: null }] }).sheet.rows()], [[0, 0.1, null, null, 0.1, null], [1, 0.2, 0.1, 0.3, null, 0.5]]);
});

test("a slope is said with its interval, and a missing one is said to be missing", () => {
  assert.match(difficultyPlot("", [], { value: -0.8, low: -1.1, high: -0.5 }).says, /^Slope \u22120\.8 \(95 %: \u22121\.1 \u2026 \u22120\.5\)/);
  assert.match(difficultyPlot("", [], null).says, /^No slope/);
});

test("only differences whose corrected p is small are called sure", () => {
  const pair = (p: number | null, p_alone: number) => ({ one: "repeat", other: "plain", n: 9, difference: 0.1, low: 0, high: 0.2, p, p_alone });
  const family = { name: "sums", says: "", counts: true, slope: null, conditions: [], effects: [], by_difficulty: [], paired: [pair(0.04, 0.01), pair(0.06, 0.001), pair(null, 0.001)] };
  assert.match(familyPlots(family)[1]!.says, /: 1 of 3 are sure/);
});
