import assert from "node:assert/strict";
import { test } from "node:test";
import { permutation } from "../../bindings_tests/interpreters/js/paragon.mjs";
import { pattern } from "../kit/badge.tsx";
import { parseCsv, toCsv } from "../kit/csv.ts";
import { PAD, type Stroke, rasterise, styleOf } from "../kit/raster.ts";
import { deviation, mcnemar, mean, shuffled, softmax } from "../kit/stats.ts";
import { smooth, thin, thinAll } from "../kit/thin.ts";

test("the order of an epoch is Python's", () => {
  const seed = [12345678901 % 2 ** 32, Math.floor(12345678901 / 2 ** 32)];
  // pg.random.permutation(10, 12345678901, 2**31 + 3)
  assert.deepEqual([...permutation(10, seed, 2 ** 31 + 3)], [1, 4, 9, 5, 7, 0, 2, 3, 8, 6]);
});

test("McNemar's exact test gives the p values of scipy.stats.binomtest", () => {
  const known: [number, number, number][] = [
    [0, 0, 1], [1, 0, 1], [5, 5, 1], [3, 10, 0.09228515625], [10, 3, 0.09228515625], [0, 12, 0.00048828125],
    [40, 61, 0.046044066929342785], [500, 570, 0.03486189092261623], [2000, 2300, 5.079935568924055e-6],
  ];
  for (const [b, c, p] of known) assert.ok(Math.abs(mcnemar(b, c) - p) <= 1e-9 * p, `${b}, ${c}: ${mcnemar(b, c)} is not ${p}`);
});

test("mean, deviation, softmax, shuffles", () => {
  assert.equal(mean([1, 2, 6]), 3);
  assert.ok(Math.abs(deviation([1, 2, 6]) - Math.sqrt(7)) < 1e-12);
  assert.ok(Number.isNaN(deviation([1])));
  assert.ok(Math.abs(softmax([1000, 1000])[0] - 0.5) < 1e-12);
  assert.deepEqual([...shuffled(50, 3)].sort((a, b) => a - b), Array.from({ length: 50 }, (_, i) => i));
  assert.notDeepEqual(shuffled(50, 3), shuffled(50, 4));
  assert.deepEqual(shuffled(50, 3), shuffled(50, 3));
});

test("smoothing: a constant stays that constant, a gap stays a gap, no bias at the beginning", () => {
  for (const weight of [0, 0.3, 0.9, 0.98]) assert.deepEqual(smooth(Array(500).fill(0.1), weight), Array(500).fill(0.1));
  const found = smooth([1, null, 3], 0.5);
  assert.equal(found[0], 1);
  assert.equal(found[1], null);
  assert.ok(Math.abs((found[2] as number) - (0.5 * 1 + 3) / 1.5) < 1e-12); // (w * 1 + 3) / (1 + w)
});

test("thinning keeps the first, the last, and all extremes", () => {
  const values = Array.from({ length: 100_000 }, (_, i) => Math.sin(i / 50));
  values[54_321] = 40;
  values[12_345] = -40;
  const kept = thin(values, 300);
  assert.ok(kept.length <= 602 && kept.length > 300);
  assert.ok(kept[0] === 0 && kept[kept.length - 1] === 99_999);
  assert.ok(kept.includes(54_321) && kept.includes(12_345));
  assert.deepEqual(kept, [...kept].sort((a, b) => a - b));
  assert.equal(thin(values.slice(0, 600), 300).length, 600);
  assert.ok(thinAll([values, values.map((v) => -v)], 300).includes(54_321));
});

const stroke = (...points: [number, number][]): Stroke => points;

test("an empty pad gives no picture", () => assert.equal(rasterise([], 8, 8, 16), null));

test("a picture is in range, the same wherever and however large it was drawn", () => {
  const three = [stroke([330, 230], [560, 160], [680, 320], [480, 470]), stroke([480, 470], [710, 610], [440, 850], [320, 790])];
  for (const [side, most] of [[8, 16], [28, 255]]) {
    const picture = rasterise(three, side, side, most) as Uint8Array;
    assert.equal(picture.length, side * side);
    assert.ok(Math.max(...picture) === most && Math.min(...picture) === 0);
    const moved = three.map((s) => s.map(([x, y]): [number, number] => [x + 100, y - 90]));
    assert.deepEqual(rasterise(moved, side, side, most), picture);
    const halved = three.map((s) => s.map(([x, y]): [number, number] => [2 * Math.floor(x / 4), 2 * Math.floor(y / 4)]));
    const other = rasterise(halved, side, side, most) as Uint8Array;
    const apart = picture.reduce((sum, v, i) => sum + Math.abs(v - other[i]), 0) / picture.length / most;
    assert.ok(apart < 0.03, `${apart}`);
  }
});

test("the ink is centred by mass and fills the box that training pictures fill", () => {
  const picture = rasterise([stroke([100, 100], [100, 900]), stroke([100, 900], [600, 900])], 28, 28, 255) as Uint8Array; // an L
  let [mass, mx, my] = [0, 0, 0];
  let [top, bottom] = [28, 0];
  picture.forEach((v, i) => {
    const [x, y] = [i % 28, Math.floor(i / 28)];
    mass += v;
    mx += v * (x + 0.5);
    my += v * (y + 0.5);
    if (v) [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  });
  assert.ok(Math.abs(mx / mass - 14) < 0.2 && Math.abs(my / mass - 14) < 0.2, `${mx / mass} ${my / mass}`);
  assert.ok(bottom - top + 1 >= 19 && bottom - top + 1 <= 21, `${top} ${bottom}`);
});

test("no ink is lost, even of strokes at the edge, and a dot stays a dot", () => {
  for (const [side, most] of [[8, 16], [28, 255]]) {
    const dot = rasterise([stroke([PAD - 1, 0])], side, side, most) as Uint8Array;
    const ink = dot.reduce((a, b) => a + b, 0) / most;
    const { radius, fine } = styleOf(side, side);
    const disc = (Math.PI * radius * radius) / (fine * fine);
    assert.ok(Math.abs(ink - disc) < 0.35 * disc, `${ink} is not ${disc}`);
    const line = rasterise([stroke([0, 0], [PAD - 1, PAD - 1])], side, side, most) as Uint8Array;
    assert.ok(line[0] === 0 || side === 8);
    assert.ok(line.reduce((a, b) => a + b, 0) > 5 * most);
  }
});

test("CSV: quotes, separators, line ends, and what is wrong", () => {
  assert.deepEqual(parseCsv('\ufeffa,b\r\n1,"x, ""y"""\n\n2;3\n'), [["a", "b"], ["1", 'x, "y"'], ["2", "3"]]);
  assert.throws(() => parseCsv('a\n"b'), /line 2: a quoted cell does not end/);
  assert.equal(toCsv(["a", "b"], [[1, 'x"'], [null, "y,z"]]), 'a,b\n1,"x"""\n,"y,z"\n');
});

test("the pattern of a fingerprint is mirrored and changes with its first digit", () => {
  const [a, b] = ["0", "1"].map((digit) => pattern(digit + "a2b4c6d".padEnd(63, "0")));
  for (let i = 0; i < 25; i++) assert.equal(a.cells[i], a.cells[Math.floor(i / 5) * 5 + 4 - (i % 5)]);
  assert.notDeepEqual({ ...a }, { ...b });
});
