import assert from "node:assert/strict";
import { test } from "node:test";
import { parted } from "../src/closer.ts";
import type { Run } from "../src/payload.ts";
import { differences } from "../src/prompt.ts";
import { hashOf, parseHash, parsePick, pickText, type View } from "../src/route.ts";
import { figure, signed, tokenLabel, visible } from "../src/text.ts";
import { buildTree, path, sums } from "../src/tree.ts";

const RUNS: Run[] = [
  ["embed", -1, 1],
  ["L0.attn.h", 0, 4],
  ["L0.mlp.n", 0, 10],
  ["L0.mlp.n", 20, 5],
  ["L0.mlp.rest", -1, 1],
  ["L1", -1, 1],
  ["L2.mlp", -1, 1],
  ["unembed", -1, 1],
];

test("every node is found by its name, also where levels were refused", () => {
  const tree = buildTree(RUNS);
  for (let node = 0; node < tree.size; node++) assert.equal(tree.find(tree.name(node)), node);
  assert.equal(tree.find("L0.mlp.n15"), null);
  assert.equal(tree.find("L0.mlp.n99"), null);
  assert.deepEqual(tree.children[0]!.map((n) => tree.name(n)), ["embed", "L0", "L1", "L2", "unembed"]);
  assert.deepEqual(path(tree, tree.find("L0.mlp.n22")!).map((n) => tree.name(n)), ["model", "L0", "L0.mlp", "L0.mlp.n22"]);
});

test("a parent is the sum of its children, at every level", () => {
  const tree = buildTree(RUNS);
  const leaves = Float64Array.from({ length: tree.size - tree.inner.length }, (_, a) => Math.sin(a) * 10 ** (a % 5));
  const values = sums(tree, leaves);
  tree.children.forEach((children, node) => {
    const total = children.reduce((so_far, child) => so_far + values[child]!, 0);
    assert.ok(Math.abs(total - values[node]!) <= 1e-9 * Math.max(1, Math.abs(total)));
  });
});

test("addresses come back, and nothing else is one", () => {
  const views: View[] = [
    { pick: { kind: "all" }, site: "model" },
    { pick: { kind: "contrast", index: 12 }, site: "L0.attn.h3" },
    { pick: { kind: "template", index: 0 }, site: "embed" },
  ];
  for (const view of views) {
    assert.deepEqual(parseHash(hashOf(view)), view);
    assert.deepEqual(parsePick(pickText(view.pick)), view.pick);
  }
  for (const bad of ["", "#", "#middle", "#middle/all", "#middle/all/<b>", "#middle/contrast-01/L0", "#middle/contrast--1/L0", "#face/all/L0"])
    assert.equal(parseHash(bad), null);
});

test("prompts differ where their tokens do", () => {
  const found = differences(["a", "b", "c"], ["a", "x", "c"]);
  assert.deepEqual([[...found.clean], [...found.reference]], [[1], [1]]);
  const longer = differences(["a", "b", "c"], ["a", "x", "y", "c"]);
  assert.deepEqual([[...longer.clean], [...longer.reference]], [[1], [1, 2]]);
});

test("strangers' text has nothing invisible in it", () => {
  for (let code = 0; code < 0x3000; code++) {
    const shown = visible(String.fromCodePoint(code));
    assert.ok(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(shown), code.toString(16));
  }
  assert.equal(visible("\u202eevil\u{e0041}"), "\\u202eevil\\ue0041");
  assert.equal(visible("abcdef", 4), "abc\u2026");
  assert.equal(tokenLabel(" a\nb "), "\u2423a\u23CEb\u2423");
});

test("numbers carry a true sign", () => {
  assert.equal(signed(-1.5, 2), "\u22121.50");
  assert.equal(signed(-1e-9, 2), "\u20070.00");
  assert.equal(figure(3.1e-8), "3.1e\u22128");
  assert.equal(figure(0.0123456), "0.0123");
  assert.equal(figure(0), "0");
});

test("no edge counts twice: an end that is given part by part is left out", () => {
  const edges = [["L0.mlp", 3], ["L0.mlp.n6", 1], ["L0.mlp.rest", 2], ["L1.attn", -4], ["readout", 0.5], ["L1.mlp", 0]].map(([site, share]) => ({ site: site as string, share: share as number }));
  const found = parted(edges);
  assert.deepEqual(found.map((edge) => edge.site), ["L1.attn", "L0.mlp.rest", "L0.mlp.n6", "readout", "L1.mlp"]);
});
