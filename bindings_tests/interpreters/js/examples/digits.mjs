// A small training job made from nothing: noisy 8 by 8 pictures of the ten digits, a 64-32-10 network, SGD with momentum.
// It runs in Node and in a browser.

import { Builder, bits, tensor } from "../paragon.mjs";

/** @typedef {import("../src/tensor.mjs").Tensor} Tensor */

const GLYPHS = [
  "00111100 01100110 01100110 01100110 01100110 01100110 00111100", "00011000 00111000 00011000 00011000 00011000 00011000 01111110",
  "00111100 01100110 00000110 00001100 00110000 01100000 01111110", "00111100 01100110 00000110 00011100 00000110 01100110 00111100",
  "00001100 00011100 00101100 01001100 01111110 00001100 00001100", "01111110 01100000 01111100 00000110 00000110 01100110 00111100",
  "00111100 01100110 01100000 01111100 01100110 01100110 00111100", "01111110 00000110 00001100 00001100 00011000 00011000 00011000",
  "00111100 01100110 01100110 00111100 01100110 01100110 00111100", "00111100 01100110 01100110 00111110 00000110 01100110 00111100",
].map((rows) => [...rows.replaceAll(" ", ""), ..."00000000"].map(Number));

const WORDS = { zero: "00000000", rate: "3d4ccccd", momentum: "3f666666" };

/** @type {(seed: number[], stream: number, count: number) => Float32Array} numbers in [0, 1) */
const uniform = (seed, stream, count) => Float32Array.from(bits(seed, 0, stream, count, 24), (u) => u * 2 ** -24);

/**
 * Pictures and labels: row i shows digit i mod 10, with half of each pixel noise.
 * @param {number} rows
 * @param {number[]} seed
 * @returns {{x: Tensor, label: Tensor}}
 */
export function digits(rows, seed) {
  const noise = uniform(seed, 7, rows * 64);
  const x = noise.map((u, i) => 0.5 * u + 0.5 * GLYPHS[Math.floor(i / 64) % 10][i % 64]);
  const label = Int32Array.from({ length: rows }, (_, i) => i % 10);
  return { x: tensor("f32", [rows, 64], x), label: tensor("i32", [rows], label) };
}

/**
 * Forward pass, cross entropy, gradients and update, as one program.
 * @param {number} batch
 * @param {number} hidden
 * @returns {ReturnType<Builder["program"]>}
 */
export function stepProgram(batch, hidden) {
  const shapes = { w1: [64, hidden], b1: [hidden], w2: [hidden, 10], b2: [10] };
  const parameters = Object.entries(shapes);
  const f32 = (/** @type {string} */ name, /** @type {number[]} */ shape) => ({ name, dtype: /** @type {const} */ ("f32"), shape });
  const build = new Builder(
    [f32("x", [batch, 64]), { name: "label", dtype: "i32", shape: [batch] }],
    [...parameters.map(([name, shape]) => f32(name, shape)), ...parameters.map(([name, shape]) => f32(`v.${name}`, shape))],
  );
  const op = build.apply.bind(build);
  const [x, label, w1, b1, w2, b2, v1] = [0, 1, 2, 3, 4, 5, 6];
  const constant = (/** @type {string} */ word) => op("constant", [], { dtype: "f32", shape: [], word });
  const matmul = (/** @type {number} */ a, /** @type {number} */ b, ta = false, tb = false) =>
    op("matmul", [a, b], { transpose_a: ta, transpose_b: tb, panel: 256 });
  const sum = (/** @type {number} */ a, /** @type {number} */ axis, keepdims = false) =>
    op("sum", [a], { axes: [axis], keepdims, panel: 256 });

  const zero = constant(WORDS.zero);
  const a1 = op("add", [matmul(x, w1), b1]);
  const off = op("compare", [a1, zero], { how: "le" });
  const h1 = op("select", [off, zero, a1]);
  const logits = op("add", [matmul(h1, w2), b2]);
  const shifted = op("sub", [logits, op("max", [logits], { axes: [1], keepdims: true })]);
  const e = op("exp", [shifted]);
  const total = sum(e, 1, true);
  const hot = op("one_hot", [label], { depth: 10 });
  const n = op("cast", [op("constant", [], { dtype: "i32", shape: [], word: batch.toString(16).padStart(8, "0") })], { dtype: "f32" });
  const logp = op("sub", [shifted, op("log", [total])]);
  const losses = op("neg", [sum(op("mul", [logp, hot]), 1)]);
  build.output("loss", op("div", [sum(losses, 0), n]));
  const right = op("compare", [op("argmax", [logits], { axis: 1, keepdims: false }), label], { how: "eq" });
  build.output("correct", sum(right, 0));

  const d2 = op("div", [op("sub", [op("div", [e, total]), hot]), n]);
  const d1 = op("select", [off, zero, matmul(d2, w2, false, true)]);
  const gradients = [matmul(x, d1, true), sum(d1, 0), matmul(h1, d2, true), sum(d2, 0)];
  const [momentum, rate] = [constant(WORDS.momentum), op("neg", [constant(WORDS.rate)])];
  parameters.forEach(([name], i) => {
    const v = op("fma", [momentum, v1 + i, gradients[i]]);
    build.update(`v.${name}`, v);
    build.update(name, op("fma", [rate, v, w1 + i]));
  });
  return build.program();
}

/**
 * The job, as a file that any executor can train.
 * @param {{rows?: number, steps?: number, batch?: number, hidden?: number, seed?: [number, number]}} [settings]
 * @returns {import("../src/safetensors.mjs").TensorFile}
 */
export function digitsJob({ rows = 500, steps = 100, batch = 32, hidden = 32, seed = [2024, 0] } = {}) {
  const program = stepProgram(batch, hidden);
  const { x, label } = digits(rows, seed);
  /** @type {Map<string, Tensor>} */
  const tensors = new Map([["data.x", x], ["data.label", label]]);
  program.state.forEach(({ name, dtype, shape }, stream) => {
    const limit = Math.fround(Math.sqrt(Math.fround(6 / (shape[0] + (shape[1] ?? 0))))); // Glorot and Bengio, 2010
    const count = shape.reduce((a, b) => a * b, 1);
    const start = name.startsWith("w") ? uniform(seed, stream, count).map((u) => Math.fround(2 * u - 1) * limit) : undefined;
    tensors.set(name, tensor(dtype, shape, start));
  });
  const metadata = new Map([
    ["format", "paragon-job"], ["program", JSON.stringify(program)], ["job", JSON.stringify({ steps, batch, seed })],
  ]);
  return { metadata, tensors };
}
