import assert from "node:assert/strict";
import { test } from "node:test";
import type { Run } from "../src/payload.ts";
import { offered, search, total } from "../src/search.ts";
import { buildTree } from "../src/tree.ts";

const RUNS: Run[] = [["embed", -1, 1]];
for (let layer = 0; layer < 13; layer++) RUNS.push([`L${layer}.attn.h`, 0, 12], [`L${layer}.mlp.n`, 0, 130], [`L${layer}.mlp.n`, 995, 20], [`L${layer}.mlp.bias`, -1, 1], [`L${layer}.mlp.rest`, -1, 1]);
RUNS.push(["unembed", -1, 1]);
const tree = buildTree(RUNS);
const names = Array.from({ length: tree.size }, (_, node) => tree.name(node));

function found(query: string): string[] {
  const nodes = search(tree, query).flatMap(({ first, count }) => Array.from({ length: count }, (_, k) => tree.name(first + k)));
  assert.equal(new Set(nodes).size, nodes.length, `${query} finds a site twice`);
  return nodes.sort();
}

test("exactly the sites with the prefix are found, for every prefix of every site", () => {
  const queries = new Set(names.flatMap((name) => Array.from({ length: name.length }, (_, k) => name.slice(0, k + 1))));
  for (const query of queries) assert.deepEqual(found(query), names.filter((name) => name.startsWith(query)).sort(), query);
});

test("what begins no site finds nothing; case and spaces around do not matter", () => {
  for (const query of ["", " ", "x", "L13", "L0.attn.h01", "L0.mlp.n-1", "L0.mlp.n130000", "L0.mlp.n00", "L0.mlp.n1x", "<script>", "L0..", "L0.mlp.n99999999999"]) assert.deepEqual(found(query), [], query);
  assert.deepEqual(found(" l3.AT "), found("L3.at"));
});

test("offered are the exact one, then inner sites, then the largest leaves", () => {
  const values = Float64Array.from({ length: tree.size }, (_, node) => Math.sin(node * 12.9898) * 10);
  for (const query of ["L1", "L3.mlp.n1", "L0.mlp", "e", "L12.attn.h1", "L5.mlp.n"]) {
    const matches = search(tree, query);
    const got = offered(tree, matches, values, query, 12);
    const all = found(query).map((name) => tree.find(name)!);
    const exact = all.filter((node) => tree.name(node) === query);
    const inner = all.filter((node) => node < tree.inner.length && !exact.includes(node)).sort((a, b) => a - b);
    const leaves = all.filter((node) => node >= tree.inner.length && !exact.includes(node)).sort((a, b) => Math.abs(values[b]!) - Math.abs(values[a]!));
    assert.deepEqual(got, [...exact, ...inner, ...leaves].slice(0, 12), query);
    assert.equal(total(matches), all.length);
  }
});
