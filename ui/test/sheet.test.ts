import assert from "node:assert/strict";
import { test } from "node:test";
import { histogram } from "../src/nulls.ts";
import { counts, linear } from "../src/plot.ts";
import { type Cell, csv } from "../src/sheet.ts";
import { stateOf, tally } from "../src/verified.ts";

/** An independent reader of RFC 4180. */
function parse(text: string): string[][] {
  const rows: string[][] = [];
  for (const found of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r\n)/g)) {
    if (!rows.length || found.index === 0) rows.push([]);
    rows[rows.length - 1]!.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
    if (found[3] === "\r\n" && found.index! + found[0].length < text.length) rows.push([]);
  }
  return rows;
}

test("a file says what the table says, in full precision", () => {
  const rows: Cell[][] = [["L0.attn.h1", 0.1 + 0.2, null], ['say "a, b"', -1e-300, 7], ["", 2 ** 53, Math.PI]];
  const read = parse(csv({ name: "x", columns: ["site", "share, nats", "n"], rows: () => rows }));
  assert.deepEqual(read[0], ["site", "share, nats", "n"]);
  read.slice(1).forEach((line, r) => {
    assert.equal(line[0], rows[r]![0]);
    for (const k of [1, 2]) {
      const value = rows[r]![k] as number | null;
      if (value === null) assert.equal(line[k], "");
      else assert.equal(Number(line[k]), value);
    }
  });
});

test("no text is a formula, a line of its own, or invisible", () => {
  const evil = ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "\t=1", "\r=1", "a\r\n=1+1,b", "\u202ehtap", "\u0000=1", "\u200b=1"];
  const text = csv({ name: "x", columns: ["token"], rows: () => evil.map((token) => [token]) });
  const read = parse(text);
  assert.equal(read.length, evil.length + 1);
  for (const [cell] of read.slice(1)) {
    assert.ok(!/^[=+\-@\t\r]/.test(cell!), cell);
    assert.ok(!/[\p{Cc}\p{Cf}]/u.test(cell!), cell);
  }
});

test("every value lies in one bin of the histogram", () => {
  for (const values of [[0.5], [1, 1, 1], [-2, 0, 1, 5, 5.5, 9], Array.from({ length: 120 }, (_, k) => Math.sin(k) ** 3)]) {
    const bins = histogram(values);
    assert.equal(bins.reduce((sum, bin) => sum + bin.count, 0), values.length);
    bins.slice(1).forEach((bin, k) => assert.ok(Math.abs(bin.from - bins[k]!.to) < 1e-12));
    assert.ok(bins[0]!.from <= Math.min(...values) && bins.at(-1)!.to >= Math.max(...values) - 1e-9);
  }
});

test("an axis of counts is 0, then even steps for every doubling", () => {
  const axis = counts("k", 1024, 20);
  assert.equal(axis.place(0), 0);
  assert.equal(axis.place(1024), 1);
  for (let k = 1; k < 1024; k *= 2) assert.ok(Math.abs(axis.place(2 * k) - axis.place(k) - 1 / 11) < 1e-12);
  assert.ok(axis.marks.every(({ value }) => axis.place(value) >= 0 && axis.place(value) <= 1));
});

test("a linear axis holds its values, its ticks lie inside, and no value at all is no fault", () => {
  for (const values of [[], [0], [3, 3], [-1, 2], [1e-9, 2e-9], [NaN]]) {
    const axis = linear("x", values, 5);
    assert.ok(axis.marks.length > 0 && axis.marks.length < 20);
    for (const { value } of axis.marks) assert.ok(axis.place(value) >= -1e-9 && axis.place(value) <= 1 + 1e-9);
    for (const value of values.filter((x) => !Number.isNaN(x))) assert.ok(axis.place(value) >= 0 && axis.place(value) <= 1);
  }
});

test("a check has one state, and the tally counts each once", () => {
  const base = { name: "n", text: "t", bar: "b" };
  const checks = [{ ...base, holds: true, why: "" }, { ...base, holds: false, why: "" }, { ...base, holds: null, why: "" }, { ...base, holds: null, why: "no" }];
  assert.deepEqual(checks.map(stateOf), ["holds", "fails", "reported", "absent"]);
  assert.equal(tally(checks), "1 of 2 bars hold, 1 reported without a bar, 1 not computed");
});
