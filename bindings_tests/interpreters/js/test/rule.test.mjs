// The reduction rule: the kernels against the rule written down as it stands in section 3 of the contract.

import assert from "node:assert/strict";
import test from "node:test";
import { Builder, Session, fma, observedWords, tensor } from "../paragon.mjs";
import { edgyWord, fromWord, xorshift } from "./exact.mjs";

/** @typedef {import("../src/tensor.mjs").Tensor} Tensor */

const { fround } = Math;

/** @type {(n: number, panel: number, step: (acc: number, i: number) => number) => number} */
function reduce(n, panel, step) {
  if (n <= panel) {
    let acc = 0;
    for (let i = 0; i < n; i++) acc = step(acc, i);
    return acc;
  }
  const panels = Array.from({ length: Math.ceil(n / panel) }, (_, p) =>
    reduce(Math.min(panel, n - p * panel), panel, (acc, i) => step(acc, p * panel + i)));
  return reduce(panels.length, panel, (acc, p) => fround(acc + panels[p]));
}

/** @type {(op: string, operands: Tensor[], attributes: any) => Tensor} */
function run(op, operands, attributes) {
  const builder = new Builder(operands.map(({ dtype, shape }, k) => ({ name: `x${k}`, dtype, shape })));
  builder.output("y", builder.apply(op, operands.map((_, k) => k), attributes));
  const inputs = new Map(operands.map((x, k) => [`x${k}`, x]));
  return /** @type {Tensor} */ (new Session(builder.program()).run(inputs).outputs.get("y"));
}

const random = xorshift(11);
/** Values whose products are half a unit of sums of others, or a little more or less. */
const HALVES = [1, -1, 3, 1 + 2 ** -23, 1 - 2 ** -24, 2 ** -12, -(2 ** -12), 2 ** -24, 2 ** -24 + 2 ** -47, 2 ** -36, 2 ** -75, 1.5 * 2 ** -75];
const KINDS = {
  plain: () => fround(random() * 2 ** -31 - 1),
  edges: () => fromWord(edgyWord(random)),
  ties: () => HALVES[random() % HALVES.length],
};

/** @type {(shape: number[], kind?: keyof KINDS) => Tensor} */
const array = (shape, kind = "plain") => tensor("f32", shape, Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, KINDS[kind]));

/** @type {(got: Tensor, want: Float32Array, label: string) => void} */
const same = (got, want, label) =>
  assert.deepEqual([...observedWords(got)], [...observedWords(tensor("f32", [want.length], want))], label);

const PANELS = [2, 3, 4, 16, 256, null];

test("matmul: every element is the dot of the rule, for all layouts and odd sizes", () => {
  for (const panel of PANELS)
    for (const [m, k, n] of [[1, 0, 1], [1, 1, 1], [1, 7, 5], [5, 9, 1], [3, 16, 3], [4, 17, 2], [6, 65, 7], [2, 300, 3], [0, 3, 2]])
      for (const flags of [0, 1, 2, 3])
        for (const kind of /** @type {const} */ (["plain", "edges", "ties"])) {
          const [ta, tb] = [(flags & 1) === 1, (flags & 2) === 2];
          const [x, y] = [array(ta ? [k, m] : [m, k], kind), array(tb ? [n, k] : [k, n], kind)];
          const want = Float32Array.from({ length: m * n }, (_, e) => {
            const [i, j] = [Math.floor(e / n), e % n];
            return reduce(k, panel ?? Infinity, (acc, l) => fma(x.data[ta ? l * m + i : i * k + l], y.data[tb ? j * k + l : l * n + j], acc));
          });
          same(run("matmul", [x, y], { transpose_a: ta, transpose_b: tb, panel }), want, `${m} ${k} ${n} panel ${panel} flags ${flags}`);
        }
});

test("matmul: leading axes broadcast", () => {
  const [x, y] = [array([2, 1, 3, 4]), array([3, 4, 2])];
  const got = run("matmul", [x, y], { transpose_a: false, transpose_b: false, panel: 256 });
  const want = Float32Array.from({ length: 36 }, (_, e) => {
    const [b, c, i, j] = [Math.floor(e / 18), Math.floor(e / 6) % 3, Math.floor(e / 2) % 3, e % 2];
    return reduce(4, 256, (acc, l) => fma(x.data[b * 12 + i * 4 + l], y.data[c * 8 + l * 2 + j], acc));
  });
  assert.deepEqual(got.shape, [2, 3, 3, 2]);
  same(got, want, "batches");
});

test("sum: over any axes, and scatter_add and fold as sums over absent terms", () => {
  for (const panel of PANELS)
    for (const n of [0, 1, 2, 5, 16, 17, 257, 600]) {
      const x = array([2, n, 3], n % 2 === 1 ? "edges" : "plain");
      const want = Float32Array.from({ length: 6 }, (_, e) =>
        reduce(n, panel ?? Infinity, (acc, i) => fround(acc + x.data[(Math.floor(e / 3) * n + i) * 3 + (e % 3)])));
      same(run("sum", [x], { axes: [1], keepdims: false, panel }), want, `sum of ${n}, panel ${panel}`);

      const size = 4;
      const index = tensor("i32", [n], Int32Array.from({ length: n }, () => (random() % 6) - 1));
      const scattered = Float32Array.from({ length: 2 * size * 3 }, (_, e) => {
        const [o, to, p] = [Math.floor(e / 12), Math.floor(e / 3) % 4, e % 3];
        return reduce(n, panel ?? Infinity, (acc, i) => (index.data[i] === to ? fround(acc + x.data[(o * n + i) * 3 + p]) : acc));
      });
      same(run("scatter_add", [x, index], { axis: 1, size, panel }), scattered, `scatter_add of ${n}, panel ${panel}`);
    }
});

test("fold: every pixel is the sum over the kernel positions", () => {
  const [kh, kw, sh, sw, top, left, dh, dw] = [3, 4, 2, 1, 2, 1, 1, 2];
  const [height, width, channels] = [7, 9, 2];
  const attributes = { kernel: [kh, kw], stride: [sh, sw], padding: [top, 1, left, 3], dilation: [dh, dw] };
  const image = array([1, channels, height, width]);
  const [, oh, ow] = run("unfold", [image], attributes).shape;
  const x = array([1, oh, ow, channels * kh * kw]);
  for (const panel of PANELS) {
    const want = Float32Array.from({ length: channels * height * width }, (_, e) => {
      const [c, h, w] = [Math.floor(e / (height * width)), Math.floor(e / width) % height, e % width];
      return reduce(kh * kw, panel ?? Infinity, (acc, position) => {
        const row = (h + top - Math.floor(position / kw) * dh) / sh;
        const column = (w + left - (position % kw) * dw) / sw;
        const covered = Number.isInteger(row) && Number.isInteger(column) && row >= 0 && row < oh && column >= 0 && column < ow;
        return covered ? fround(acc + x.data[((row * ow + column) * channels + c) * kh * kw + position]) : acc;
      });
    });
    same(run("fold", [x], { size: [height, width], ...attributes, panel }), want, `panel ${panel}`);
  }
});
