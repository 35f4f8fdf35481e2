import assert from "node:assert/strict";
import { test } from "node:test";
import type { Program, QuineMain } from "../src/quine-data.ts";
import { codeNodes } from "../src/quine-program.ts";
import { ladderPlot, quineTiles } from "../src/quine.ts";
import { parseProgramHash, picked } from "../src/quine-reader.ts";

test("a program's text is kept to the last character, and what cannot be seen is an escape of its own", () => {
  const text = "a = '\\u202e'\n\tprint(a)\r\u202e \u200b\u0000\nend";
  const nodes = codeNodes(text);
  const back = nodes.map((node) => (typeof node === "string" ? node : String.fromCodePoint(parseInt(node.escape.slice(2), 16)))).join("");
  assert.equal(back, text);
  assert.deepEqual(nodes.filter((node) => typeof node !== "string").map(({ escape }) => escape), ["\\u0009", "\\u000d", "\\u202e", "\\u200b", "\\u0000"]);
  assert.equal(nodes[0], "a = '\\u202e'\n");
  assert.deepEqual(codeNodes(""), []);
});

test("a long line of a program is not cut", () => {
  const line = "x".repeat(70_000);
  assert.deepEqual(codeNodes(line), [line]);
});

test("the address of a program is its number, and only of one that is there", () => {
  assert.equal(parseProgramHash("#quine/program-3", 3), 2);
  for (const lost of ["", "#quine/", "#quine/program-0", "#quine/program-4", "#quine/program-03", "#average/text-1"]) assert.equal(parseProgramHash(lost, 3), null, lost);
});

test("the picker keeps the programs of a rung and of a verdict, an empty name among them", () => {
  const programs = [["a", "honest"], ["b", "cheats"], ["a", "cheats"], ["", "cheats"]].map(([rung, verdict]) => ({ rung, verdict }) as Program);
  assert.deepEqual(picked(programs, null, null), [0, 1, 2, 3]);
  assert.deepEqual(picked(programs, "a", null), [0, 2]);
  assert.deepEqual(picked(programs, "a", "cheats"), [2]);
  assert.deepEqual(picked(programs, "", null), [3]);
  assert.deepEqual(picked(programs, "b", "honest"), []);
});

test("the ladder adds up its rungs, and a rung without items has no share", () => {
  const rungs = [["one", 4, 2, 1], ["two", 4, 0, 0], ["none", 0, 0, 0]].map(([name, items, honest, novel]) => ({ name: name as string, says: "", items: items as number, honest: honest as number, novel: novel as number, low: 0, high: 1 }));
  const plot = ladderPlot(rungs, false);
  assert.match(plot.says, /^2 of 8 programs are honest, and 1 of these .* Rungs with one: one\.$/);
  assert.deepEqual([...plot.sheet.rows()].map((row) => row[5]), [0.5, 0, null]);
  assert.match(ladderPlot(rungs, true).says, /nothing was/);
});

test("a share that the reading has not is a dash", () => {
  const main = { numbers: [{ name: "honest programs", value: 0.25, unit: "", low: 0.1, high: 0.5, bar: "", holds: null }], sandbox: { available: false } } as unknown as QuineMain;
  assert.deepEqual(quineTiles(main).map(({ text }) => text), ["25 %", "\u2013", "\u2013", "none"]);
});
