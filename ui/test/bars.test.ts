import assert from "node:assert/strict";
import { test } from "node:test";
import { decimals, extent, type Part, ticks, waterfall } from "../src/bars.ts";

/** A small seeded generator, so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function parts(count: number, seed: number): Part[] {
  const next = random(seed);
  return Array.from({ length: count }, (_, i) => ({ label: `n${i}`, value: (next() - 0.4) ** 3 }));
}

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);

test("bars run from zero, each from where the last ended, to the parent", () => {
  for (let seed = 0; seed < 200; seed++) {
    const all = parts(1 + (seed % 97), seed);
    const total = { label: "parent", value: sum(all.map((p) => p.value)) };
    const bars = waterfall(all, total, { first: seed % 7, count: 1 + (seed % 31) }, seed % 2 === 0);
    const run = bars.slice(0, -1);
    assert.equal(run[0]!.from, 0);
    run.slice(1).forEach((bar, i) => assert.equal(bar.from, run[i]!.to));
    assert.ok(Math.abs(run[run.length - 1]!.to - total.value) < 1e-12);
    assert.equal(bars[bars.length - 1]!.to, total.value);
  }
});

test("what is not listed is folded, and windows together list everything once", () => {
  const all = parts(100, 7);
  const total = { label: "parent", value: sum(all.map((p) => p.value)) };
  const seen: string[] = [];
  for (let first = 0; first < 100; first += 30) {
    const bars = waterfall(all, total, { first, count: 30 }, true);
    seen.push(...bars.filter((bar) => bar.kind === "part").map((bar) => bar.label));
    assert.equal(bars.some((bar) => bar.kind === "larger"), first > 0);
    assert.equal(bars.some((bar) => bar.kind === "others"), first + 30 < 100);
  }
  assert.deepEqual([...seen].sort(), all.map((p) => p.label).sort());
});

test("largest first means by size; else the given order stays", () => {
  const all = parts(20, 3);
  const total = { label: "parent", value: 0 };
  const sizes = waterfall(all, total, { first: 0, count: 20 }, true).slice(0, -1).map((bar) => Math.abs(bar.value));
  assert.deepEqual(sizes, [...sizes].sort((a, b) => b - a));
  const labels = waterfall(all, total, { first: 0, count: 20 }, false).slice(0, -1).map((bar) => bar.label);
  assert.deepEqual(labels, all.map((p) => p.label));
});

test("the axis holds zero, every end and every interval, also when all is zero", () => {
  const bars = waterfall([{ label: "a", value: 1, low: -3, high: 5 }, { label: "b", value: -4 }], { label: "p", value: -3 }, { first: 0, count: 9 }, false);
  assert.deepEqual(extent(bars), [-3, 5]);
  assert.deepEqual(extent(waterfall([], { label: "p", value: 0 }, { first: 0, count: 9 }, false)), [-1, 1]);
});

test("ticks are round, inside, and hold zero when the axis does", () => {
  for (let seed = 0; seed < 300; seed++) {
    const next = random(seed);
    const scale = 10 ** (Math.floor(next() * 12) - 8);
    const [low, high] = [-next() * scale, next() * scale + scale / 50];
    const marks = ticks(low, high, 6);
    assert.ok(marks.length >= 1 && marks.length <= 14);
    assert.ok(marks.every((mark) => mark >= low - scale * 1e-6 && mark <= high + scale * 1e-6));
    assert.ok(marks.some((mark) => Math.abs(mark) < scale * 1e-9));
  }
});

test("the largest number gets four figures", () => {
  assert.equal(decimals([2.5, -0.1]), 3);
  assert.equal(decimals([0.025]), 5);
  assert.equal(decimals([]), 3);
  assert.equal(decimals([12345]), 2);
});
