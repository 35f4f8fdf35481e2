import assert from "node:assert/strict";
import { test } from "node:test";
import type { OrganLeaves, OrgansData } from "../src/organ-data.ts";
import { OrganLedger } from "../src/organ-ledger.ts";
import { known, levelOf, steps } from "../src/organ-level.ts";
import { mapHash, organHash, type OrganView, parseMapHash, parseOrganHash, promptOf, WHOLE } from "../src/organ-route.ts";
import type { Run } from "../src/payload.ts";

/** Numbers that look random and are the same every time. */
function random(seed: number): () => number {
  let state = seed + 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

const EMPTY = { name: "", stable: true, shared: false, leaves: null, part: null, net: null, stability: null, low: null, high: null, tightness: null, places: [], members: [], serves: [], wakes: [], silenced: [], promotes: [], holds_back: [], predicts: null };

function made(seed: number, layers = 3, neurons = 40, organs = 3): { data: OrgansData; leaves: OrganLeaves; names: string[] } {
  const next = random(seed);
  const sites: Run[] = [["embed", -1, 1]];
  for (let l = 0; l < layers; l++) sites.push([`L${l}.attn.h`, 0, 4], [`L${l}.mlp.n`, 0, neurons], [`L${l}.mlp.bias`, -1, 1]);
  const names = sites.flatMap(([stem, first, count]) => Array.from({ length: count }, (_, k) => (first < 0 ? stem : `${stem}${first + k}`)));
  const organ = Int32Array.from(names, () => Math.floor(next() * (organs + 1)) - 1);
  const traits = ["warmth", "a/b", "100 %"];
  const shares = traits.map(() => Float32Array.from(names, () => (next() - 0.5) * 10 ** (6 * next() - 6)));
  const sums = shares.map((row) => Array.from({ length: organs + 1 }, (_, k) => row.reduce((sum, share, leaf) => sum + (organ[leaf] === k || (k === organs && organ[leaf] === -1) ? share : 0), 0)));
  const none = Array.from({ length: organs + 1 }, () => null);
  const woken = { trait: 0, angle: 0, item: "rain", prompt: "a b", share: 0.75, tokens: ["a", " b"], by_token: [0.5, 0.25] };
  const data: OrgansData = {
    traits,
    angles: [{ name: "identity", use: "found" }, { name: "leet:0.3|json", use: "broken" }],
    contrasts: { found: 8, held: 8 },
    delta: sums.map((row) => row.reduce((sum, share) => sum + share, 0)),
    organs: Array.from({ length: organs }, (_, k) => ({ ...EMPTY, name: `organ ${k + 1}`, wakes: k ? [] : [woken, { ...woken, by_token: null }] })),
    remainder: { leaves: null, part: null, net: null, shares: [] },
    map: sums.map((row, trait) => ({ trait, angle: 0, shares: row, low: none, high: none, delta: null })),
    choice: [],
    proof: null,
    specific: null,
    twins: null,
  };
  return { data, leaves: { sites, organ, shares }, names };
}

test("every address leads back to its view, and one that is written otherwise leads nowhere", () => {
  const traits = ["warmth", "a/b", "100 %", "\u{1F600}", "<img>", "..", "remainder"];
  const views: OrganView[] = [WHOLE];
  for (const trait of traits.keys()) for (const organ of [null, 0, 1, 2, 3]) for (const site of organ === null ? [null] : [null, "L1.mlp.n17", "embed", "prompt-2"]) views.push({ trait, organ, site });
  const hashes = views.map((view) => organHash(view, traits, 3)!);
  assert.equal(new Set(hashes).size, views.length);
  views.forEach((view, k) => assert.deepEqual(parseOrganHash(hashes[k]!, traits, 3), view));
  assert.equal(organHash({ trait: 0, organ: 0, site: "L1.mlp" }, traits, 3), "#organs/warmth/organ-1/L1.mlp");
  for (const lost of ["", "#organs", "#organs/pride", "#organs/warmth/", "#organs/warmth/organ-0", "#organs/warmth/organ-4", "#organs/warmth/organ-01", "#organs/100 %", "#organs/warmth/organ-1/<b>", "#organs/warmth/organ-1/a/b", "#middle/all/model"])
    assert.equal(parseOrganHash(lost, traits, 3), null, lost);
  assert.equal(organHash({ ...WHOLE, trait: 0 }, ["\ud800"], 1), null);
});

test("the address of a map names its angle, and only one that is there", () => {
  const angles = ["identity", "leet:0.3|json", "a/b", "organs"];
  angles.forEach((angle, k) => assert.equal(parseMapHash(mapHash(angle)!, angles), k));
  for (const lost of ["#organs-map/", "#organs-map/upper", "#organs/identity", "#organs-map/leet:0.3|json"]) assert.equal(parseMapHash(lost, angles), null);
});

test("a prompt of a view is a number above zero", () => {
  assert.equal(promptOf({ ...WHOLE, site: "prompt-1" }), 0);
  for (const site of [null, "prompt-0", "prompt-", "prompt-01", "L1.mlp.n1"]) assert.equal(promptOf({ ...WHOLE, site }), null);
});

test("every level's parts add up to its total, and each part's own level to the part", () => {
  for (let seed = 0; seed < 20; seed++) {
    const { data, leaves } = made(seed);
    const ledger = new OrganLedger(data, leaves);
    const visit = (view: OrganView): void => {
      const level = levelOf(ledger, view);
      if (!level) return;
      const sum = level.parts.reduce((total, part) => total + part.value, 0);
      assert.ok(Math.abs(sum - level.total.value) <= 1e-12 + 1e-9 * level.gross, JSON.stringify(view));
      for (const part of level.parts) {
        const below = part.opens === undefined ? null : parseOrganHash(part.opens, data.traits, data.organs.length);
        if (!below) continue;
        assert.ok(known(ledger, below));
        assert.deepEqual(steps(ledger, below).at(-2)?.view, view);
        const inside = levelOf(ledger, below);
        if (inside) assert.ok(Math.abs(inside.total.value - part.value) <= 1e-12 + 1e-9 * level.gross);
        visit(below);
      }
    };
    visit(WHOLE);
  }
});

test("on the way down every leaf is met once in every trait", () => {
  const { data, leaves, names } = made(7);
  const ledger = new OrganLedger(data, leaves);
  data.traits.forEach((_, trait) => {
    const met = new Map<string, number>();
    for (let organ = 0; organ <= data.organs.length; organ++)
      for (const { site, leaves: inside } of ledger.writers(organ)) {
        const level = levelOf(ledger, { trait, organ, site });
        for (const [label, value] of level ? level.parts.map((part) => [part.label, part.value] as const) : [[site, ledger.share(trait, inside[0]!)] as const]) {
          assert.ok(!met.has(label), label);
          met.set(label, value);
        }
      }
    assert.equal(met.size, names.length);
    names.forEach((name, leaf) => assert.equal(met.get(name), leaves.shares[trait]![leaf]));
  });
});

test("a figure of the reading that contradicts the leaves is shown as it is", () => {
  const { data, leaves } = made(3);
  data.map[1]!.shares[2]! += 0.25;
  const level = levelOf(new OrganLedger(data, leaves), { trait: 1, organ: 2, site: null })!;
  const sum = level.parts.reduce((total, part) => total + part.value, 0);
  assert.ok(Math.abs(level.total.value - sum - 0.25) < 1e-9);
});

test("without leaves the reading's own shares stand, and nothing below them", () => {
  const { data } = made(5);
  const ledger = new OrganLedger(data, null);
  assert.deepEqual(levelOf(ledger, { ...WHOLE, trait: 1 })!.parts.map((part) => part.value), data.map[1]!.shares);
  assert.equal(levelOf(ledger, { trait: 1, organ: 0, site: null }), null);
  assert.equal(known(ledger, { trait: 1, organ: 0, site: "L1.mlp" }), false);
});

test("a prompt is a level of its own where its tokens were read", () => {
  const { data, leaves } = made(2);
  const ledger = new OrganLedger(data, leaves);
  const level = levelOf(ledger, { trait: 0, organ: 0, site: "prompt-1" })!;
  assert.deepEqual(level.parts.map(({ label, value, position }) => [label, value, position]), [["a", 0.5, 0], ["\u2423b", 0.25, 1]]);
  assert.equal(level.total.value, 0.75);
  assert.equal(known(ledger, { trait: 0, organ: 0, site: "prompt-2" }), false);
  assert.equal(known(ledger, { trait: 0, organ: 1, site: "prompt-1" }), false);
});

test("what was folded away is listed and not opened", () => {
  const { data, leaves } = made(1);
  leaves.sites.push(["L1.mlp.rest", -1, 1], ["L1.mlp.rest", -1, 1]);
  const grown: OrganLeaves = { sites: leaves.sites, organ: Int32Array.from([...leaves.organ, 0, 1]), shares: leaves.shares.map((row) => Float32Array.from([...row, 0.5, -0.25])) };
  const ledger = new OrganLedger(data, grown);
  for (const [organ, share] of [[0, 0.5], [1, -0.25]] as const) {
    const rest = levelOf(ledger, { trait: 0, organ, site: "L1.mlp" })!.parts.filter((part) => part.label === "L1.mlp.rest");
    assert.deepEqual(rest, [{ label: "L1.mlp.rest", value: share }]);
  }
});
