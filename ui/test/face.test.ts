import assert from "node:assert/strict";
import { test } from "node:test";
import { leading, matching, ordered } from "../src/angle-order.ts";
import { verdict } from "../src/breakage.ts";
import type { Angle, Reply } from "../src/face-data.ts";
import { faceHash, parseFaceHash } from "../src/face-route.ts";
import { families, nearest } from "../src/glyph.ts";
import { spots } from "../src/labels.ts";
import { decades } from "../src/plot.ts";
import { HEIGHT, placed, sharesAt, type Three, within } from "../src/simplex.ts";
import { commandFor, shellQuoted } from "../src/to-middle.ts";
import { bandsOf, leader, tonesOf } from "../src/voices.ts";

const EVIL = ["leet:0.3|json", "past-tense", "a/b", "../..", "%2F", "</script><script>", "\u202egnp.exe", "\u0000\u001b[31m", "it's $(rm -rf ~) `x` \"y\" \\", "\u{1f600}", "\u00e4 \u00df", "__proto__", "!*'()", "#face/x", "-", "~", ".."];

/** Even numbers between 0 and 1 that are the same in every run. */
function* numbers(seed = 1): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (state * 1103515245 + 12345) % 2147483648;
    yield state / 2147483648;
  }
}

const close = (a: number, b: number, by = 1e-9) => assert.ok(Math.abs(a - b) <= by, `${a} ${b}`);

test("the address of every angle and item leads back to it", () => {
  for (const angle of EVIL)
    for (const item of [null, ...EVIL]) {
      const hash = faceHash({ angle, item })!;
      assert.match(hash, /^#face\/[A-Za-z0-9_.~%/-]+$/);
      assert.deepEqual(parseFaceHash(hash), { angle, item });
    }
});

test("nothing that is not written exactly so is an address", () => {
  const bad = ["", "#face", "#face/", "#face//", "#face/a/", "#face/a/b/c", "#face/a|b", "#face/%7c", "#face/%41", "#face/%", "#face/%FF", "#face/%ED%A0%80", "#face/<b>", "#face/a?b", "#face/a b", "#middle/all/model", "face/a", " #face/a", "#face/a\n"];
  for (const hash of bad) assert.equal(parseFaceHash(hash), null, hash);
  for (const angle of ["", "\ud800", "x\udfff"]) assert.equal(faceHash({ angle, item: null }), null);
});

test("shares are found again where they were placed, and corners are corners", () => {
  const next = numbers();
  for (let k = 0; k < 200; k++) {
    const raw = [next.next().value, next.next().value, next.next().value];
    const sum = raw[0]! + raw[1]! + raw[2]!;
    const shares = raw.map((x) => x / sum) as unknown as Three;
    const [x, y] = placed(shares);
    assert.ok(y >= 0 && y <= HEIGHT && x >= (HEIGHT - y) / HEIGHT / 2 - 1e-9 && 1 - x >= (HEIGHT - y) / HEIGHT / 2 - 1e-9);
    sharesAt([x, y]).forEach((share, i) => close(share, shares[i]!));
  }
  assert.deepEqual(placed([1, 0, 0]), [0.5, 0]);
  assert.deepEqual(placed([0, 1, 0]), [0, HEIGHT]);
  assert.deepEqual(placed([0, 0, 1]), [1, HEIGHT]);
});

test("the reach of three intervals keeps every end, holds what lies within, and nothing else", () => {
  const next = numbers(7);
  for (let k = 0; k < 300; k++) {
    const low = [0.5, 0.4, 0.3].map((most) => most * next.next().value) as unknown as Three;
    const high = low.map((x) => Math.min(1, x + 0.4 * next.next().value)) as unknown as Three;
    const corners = within(low, high);
    for (const corner of corners) {
      close(corner[0] + corner[1] + corner[2], 1);
      corner.forEach((share, i) => assert.ok(share >= low[i]! - 1e-9 && share <= high[i]! + 1e-9));
    }
    const possible = low[0] + low[1] + low[2] <= 1 && high[0] + high[1] + high[2] >= 1;
    assert.equal(corners.length > 0, possible);
    for (let a = 0; a < 1; a += 0.05)
      for (let b = 0; b < 1 - a; b += 0.05) {
        const inside = [a, b, 1 - a - b].every((share, i) => share >= low[i]! && share <= high[i]!);
        if (inside) assert.ok(holds(corners.map(placed), placed([a, b, 1 - a - b])), String([a, b]));
      }
  }
});

/** Whether a point is in a convex polygon, by the side of every edge. */
function holds(corners: readonly (readonly [number, number])[], [x, y]: readonly [number, number]): boolean {
  const sides = corners.map(([x1, y1], k) => {
    const [x2, y2] = corners[(k + 1) % corners.length]!;
    return (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1);
  });
  return sides.every((side) => side >= -1e-9) || sides.every((side) => side <= 1e-9);
}

function angle(name: string, family: string, own: number | null, called = false, control = false): Angle {
  const ranged = own === null ? null : { value: own, low: null, high: null };
  return {
    angle: name, family, about: "", undoing: "", survives: true, control, called, uncanny: false, strength: null, items: null, missing: null, p: null, adjusted: null, worst: null,
    own: ranged, other: null, nobody: null, understood: null, voices: [["bryn", own], ["osk", null]], bounds: null, commonness: { bits: null, coverage: null, distance: null, base: null }, displacement: null, replies: false,
  };
}

const ANGLES = [angle("upper", "surface", 0.9), angle("leet:0.3|json", "encoding", 0.1, true), angle("story", "frame", null), angle("Typos", "surface", 0.4, true), angle("identity", "control", 0.98, false, true), angle("quoted", "frame", 0.4)];

test("sorting keeps every angle, runs one way, and puts what has no figure last either way", () => {
  const own = (k: number) => ANGLES[k]!.own?.value ?? null;
  for (const falling of [false, true]) {
    const found = ordered([...ANGLES.keys()], own, falling);
    assert.deepEqual([...found].sort(), [...ANGLES.keys()]);
    assert.equal(found.at(-1), 2);
    const values = found.slice(0, -1).map((k) => own(k)!);
    values.slice(1).forEach((value, k) => assert.ok(falling ? value <= values[k]! : value >= values[k]!));
  }
  assert.deepEqual(ordered([5, 3], own, false), [3, 5]);
  assert.deepEqual(ordered([5, 3], own, true), [3, 5]);
});

test("what is asked of the table is what an angle has, and each wish alone only narrows", () => {
  const all = { query: "", family: "", called: false };
  assert.deepEqual(matching(ANGLES, all), [...ANGLES.keys()]);
  assert.deepEqual(matching(ANGLES, { ...all, query: " tYpOs" }), [3]);
  assert.deepEqual(matching(ANGLES, { ...all, query: "|JSON" }), [1]);
  assert.deepEqual(matching(ANGLES, { ...all, query: "bryn" }), [0, 1, 3, 4, 5]);
  assert.deepEqual(matching(ANGLES, { ...all, family: "surface", called: true }), [3]);
  assert.deepEqual(matching(ANGLES, { query: "x", family: "frame", called: true }), []);
  assert.deepEqual(leading(ANGLES[1]!), ["bryn", 0.1]);
  assert.equal(leading(ANGLES[2]!), null);
});

test("families are numbered as they come, and controls are none", () => {
  assert.deepEqual([...families(ANGLES)], [["surface", 0], ["encoding", 1], ["frame", 2]]);
});

test("the nearest mark is found, and none where none is near", () => {
  const marks = [[7, 10, 10], [8, 20, 10], [9, 100, 100]] as const;
  assert.equal(nearest(marks, 14, 10), 7);
  assert.equal(nearest(marks, 16, 10), 8);
  assert.equal(nearest(marks, 60, 60), null);
  assert.equal(nearest([], 0, 0), null);
});

test("no label covers another or a mark, or leaves the drawing, and a strong one is always there", () => {
  const next = numbers(3);
  const frame = { left: 0, right: 300, top: 0, bottom: 200 };
  for (let round = 0; round < 50; round++) {
    const marks = Array.from({ length: 30 }, (_, k) => [k, 20 + 260 * next.next().value, 20 + 160 * next.next().value] as const);
    const labels = marks.slice(0, 12).map(([k, x, y]) => ({ text: `angle-${k}`, x, y, strong: k === 0 }));
    const found = spots(labels, (text) => 6 * text.length, marks, frame);
    assert.ok(found.some(({ text }) => text === "angle-0"));
    found.forEach((spot, k) => {
      assert.ok(spot.left >= 0 && spot.right <= 300 && spot.top >= 0 && spot.bottom <= 200);
      for (const other of found.slice(k + 1)) assert.ok(spot.right <= other.left || other.right <= spot.left || spot.bottom <= other.top || other.bottom <= spot.top);
      if (!spot.strong) assert.ok(marks.every(([, x, y]) => x < spot.left || x > spot.right || y < spot.top || y > spot.bottom));
    });
  }
});

function reply(who: number[], rows: number[][]): Reply {
  return { item: "i", seed: 1, prompt: "", rotated: "", reply: "", tokens: rows.map(() => "x"), outcome: "own", voice: "", own: 1, other: 0, nobody: 0, coherence: 1, who, posterior: Float64Array.from(rows.flat()) };
}

test("the bands fill the strip after every token, the own voice first, every other colour once", () => {
  const voices = Array.from({ length: 16 }, (_, k) => `voice ${k}`);
  const next = numbers(11);
  for (const who of [[0, 1, 2], [3, 5], [0], [...voices.keys()], [4, 0, 9]]) {
    const rows = Array.from({ length: 9 }, () => {
      const raw = who.map(() => next.next().value ** 3);
      const sum = raw.reduce((a, b) => a + b, 0.02);
      return raw.map((x) => x / sum);
    });
    const bands = bandsOf(reply(who, rows), voices, "voice 0");
    assert.equal(bands[0]!.name, "voice 0");
    rows.forEach((row, t) => {
      close(bands.reduce((sum, band) => sum + band.values[t]!, 0), 1, 0.006);
      const named = bands.filter((band) => band.tone !== "rest");
      for (const band of named) close(band.values[t]!, row[who.indexOf(voices.indexOf(band.name))] ?? 0);
      assert.ok(bands.every((band) => band.values[t]! <= bands[leader(bands, t)]!.values[t]!));
    });
    const tones = bands.map((band) => band.tone);
    assert.equal(new Set(tones).size, tones.length);
  }
  assert.deepEqual(bandsOf(reply([], []), voices, "voice 0"), []);
});

test("a voice keeps its colour unless another took it, and no seven share one", () => {
  for (let voice = 1; voice < 40; voice++) assert.deepEqual(tonesOf([voice]), tonesOf([voice, 200]).slice(0, 1));
  const tones = tonesOf([1, 8, 15, 22, 29, 36, 43]);
  assert.deepEqual([...tones].sort(), [1, 2, 3, 4, 5, 6, 7]);
});

/** An independent reader of one shell word: plain, or pieces in single quotes with escaped quotes between. */
function word(text: string): string {
  return [...text.matchAll(/'([^']*)'|\\(.)|([^'\\ ])/gs)].map(([, quoted, escaped, plain]) => quoted ?? escaped ?? plain ?? "").join("");
}

test("a shell reads the command's last word as the angle and item that are meant", () => {
  for (const text of [...EVIL, "", "a b", "'", "''"]) {
    assert.equal(word(shellQuoted(text)), text);
    assert.ok(/^'/.test(shellQuoted(text)) || /^[\w.,:/@%+=-]+$/.test(text));
  }
  assert.equal(commandFor("mesolens face m --open", "leet:0.3|json", "q 1"), "mesolens face m --open 'leet:0.3|json/q 1'");
  assert.equal(commandFor("mesolens face m --open x/y", "a", "b"), "mesolens face m --open x/y");
  for (const evil of ["\u202egnp", "\u001b[31m", "a\nrm -rf ~"]) assert.equal(commandFor("mesolens --open", evil, "i"), null);
});

test("an axis of decades holds its values in order, and its ticks lie inside", () => {
  for (const values of [[10, 20, 1000], [3], [], [0.02, 7], [1, 1e6]]) {
    const axis = decades("n", values, 8);
    const places = [...values].sort((a, b) => a - b).map(axis.place);
    places.slice(1).forEach((place, k) => assert.ok(place > places[k]!));
    assert.ok(places.every((place) => place >= 0 && place <= 1));
    assert.ok(axis.marks.every(({ value }) => axis.place(value) >= -1e-9 && axis.place(value) <= 1 + 1e-9));
  }
});

test("the words on breakage name the number that is shown and the best of the others", () => {
  const row = (measure: string, auc: number | null) => ({ measure, auc, low: 0.5, high: 0.9, matched: 0.7 });
  const rows = [row("bits", 0.55), row("distance", 0.84), row("base", null)];
  assert.match(verdict(rows, "bits"), /^Bits tells .* AUC 0\.55 \(95 %: 0\.5 … 0\.9\), 0\.7 matched in length\. The best of the others is distance with 0\.84\.$/);
  assert.match(verdict(rows, "distance"), /0\.84 .*bits with 0\.55/);
  assert.equal(verdict(rows, "base"), "No area under the curve was computed for base.");
  assert.equal(verdict([], "bits"), "No area under the curve was computed for bits.");
});
