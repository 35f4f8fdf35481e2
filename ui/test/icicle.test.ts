import assert from "node:assert/strict";
import { test } from "node:test";
import { cancelled, icicle, masses, neighbour, type Span, spanAt } from "../src/icicle.ts";
import type { Run } from "../src/payload.ts";
import { buildTree, sums } from "../src/tree.ts";

const RUNS: Run[] = [["embed", -1, 1]];
for (let layer = 0; layer < 5; layer++) RUNS.push([`L${layer}.attn.h`, 0, 6], [`L${layer}.mlp.n`, 0, 300], [`L${layer}.mlp.bias`, -1, 1]);
RUNS.push(["unembed", -1, 1]);
const tree = buildTree(RUNS);
const leaves = Float64Array.from({ length: tree.size - tree.inner.length }, (_, a) => Math.sin(7 * a) ** 9 * (1 + (a % 11)));
const values = sums(tree, leaves);
const gross = masses(tree, values);
const OPEN = ["model", "embed", "L2", "L4.mlp", "L0.attn.h3", "L1.mlp.n77"].map((site) => tree.find(site)!);
const close = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-9, `${a} ${b}`);

function ofNode(spans: readonly Span[], node: number, level: number): Span | undefined {
  return spans.find((span) => span.node === node && span.level === level && !span.rest);
}

test("mass is the sum of sizes: never under the net, and of the leaves alone", () => {
  tree.children.forEach((children, node) => {
    if (children.length) close(gross[node]!, children.reduce((sum, child) => sum + gross[child]!, 0));
    assert.ok(gross[node]! >= Math.abs(values[node]!) - 1e-9);
  });
  close(gross[0]!, leaves.reduce((sum, x) => sum + Math.abs(x), 0));
});

test("the spans of a node's parts tile the node, whatever is open and however small parts are folded", () => {
  for (const open of OPEN)
    for (const finest of [0, 1e-4, 1e-3, 0.02]) {
      const { spans, scopes } = icicle(tree, values, gross, open, finest);
      for (const parent of spans.filter((span) => !span.rest && tree.children[span.node]?.length)) {
        const level = parent.level + 1;
        const parts = spans.filter((span) => span.level === level && (span.rest ? span.node : tree.parent[span.node]) === parent.node);
        if (!parts.length) continue;
        const [from, to] = scopes[level] === scopes[parent.level] ? [parent.left, parent.right] : [0, 1];
        close(parts[0]!.left, from);
        close(parts.at(-1)!.right, to);
        parts.slice(1).forEach((part, k) => close(part.left, parts[k]!.right));
        close(parts.reduce((sum, part) => sum + part.net, 0), parent.net);
        for (const part of parts) close((part.right - part.left) / (to - from), part.gross / parent.gross);
      }
    }
});

test("a strip below an open node is that node enlarged, and every other strip the whole", () => {
  const of = (site: string) => icicle(tree, values, gross, tree.find(site)!, 0).scopes.map((scope) => tree.name(scope));
  assert.deepEqual(of("model"), ["model", "model", "model", "model"]);
  assert.deepEqual(of("embed"), ["model", "model", "model", "model"]);
  assert.deepEqual(of("L2"), ["model", "model", "L2", "L2"]);
  assert.deepEqual(of("L2.mlp"), ["model", "model", "L2", "L2.mlp"]);
  assert.deepEqual(of("L2.mlp.n4"), ["model", "model", "L2", "L2.mlp"]);
});

test("with nothing folded every leaf of the open writer has its span; folded ones are counted", () => {
  const writer = tree.find("L4.mlp")!;
  assert.equal(icicle(tree, values, gross, writer, 0).spans.filter((span) => span.level === 3).length, 301);
  const folded = icicle(tree, values, gross, writer, 0.003).spans.filter((span) => span.level === 3);
  assert.equal(folded.reduce((sum, span) => sum + (span.rest || 1), 0), 301);
  assert.ok(folded.filter((span) => !span.rest).every((span) => span.right - span.left >= 0.003 - 1e-12));
  const wide = folded.filter((span) => !span.rest).map((span) => span.right - span.left);
  assert.deepEqual(wide, [...wide].sort((a, b) => b - a));
});

test("all of a node cancels, or nothing does", () => {
  assert.equal(cancelled(0, 3), 1);
  assert.equal(cancelled(-3, 3), 0);
  assert.equal(cancelled(0, 0), 0);
});

test("a place of the canvas is in the span that is drawn there", () => {
  const { spans } = icicle(tree, values, gross, OPEN[2]!, 0.001);
  for (const span of spans.filter((s) => s.right > s.left)) assert.equal(spanAt(spans, span.level, (span.left + span.right) / 2), span);
  assert.equal(spanAt(spans, -1, 0.5), null);
});

test("arrow keys come back: down and up, right and left", () => {
  for (const open of OPEN) {
    const laid = icicle(tree, values, gross, open, 0.002);
    for (const span of laid.spans) {
      const down = neighbour(tree, laid, span, "ArrowDown");
      if (down) assert.equal(neighbour(tree, laid, down, "ArrowUp"), ofNode(laid.spans, span.node, span.level));
      const right = neighbour(tree, laid, span, "ArrowRight");
      if (right) assert.equal(neighbour(tree, laid, right, "ArrowLeft"), span);
    }
    assert.equal(neighbour(tree, laid, laid.spans[0]!, "ArrowUp"), null);
  }
});

test("a model whose shares are all zero has no span and is no fault", () => {
  const nothing = new Float64Array(tree.size);
  assert.deepEqual(icicle(tree, nothing, nothing, 0, 0.001).spans, []);
});
