// Twiddle factors against the fixed-point oracle; transforms against the sum that defines them. The vectors have the words.

import assert from "node:assert/strict";
import test from "node:test";
import { Builder, Session, tensor } from "../paragon.mjs";
import { split, transformOf } from "../src/fourier.mjs";
import { toDouble, toSingle, twiddle } from "../src/twiddle.mjs";
import { hex, toWord, xorshift } from "./exact.mjs";
import { twiddleOracle } from "./elementary_oracle.mjs";

/** @type {(k: number, n: number) => void} */
function check(k, n) {
  const found = twiddle(k, n);
  twiddleOracle(k, n).forEach(({ word, double }, part) => {
    assert.equal(hex(toWord(toSingle(found[part]))), hex(word), `part ${part} of W(${k}, ${n}) in binary32`);
    assert.equal(toDouble(found[part]), double, `part ${part} of W(${k}, ${n}) in binary64`);
  });
}

test("twiddles are correctly rounded: all k/n with n <= 200, and a sample of larger n", () => {
  for (let n = 1; n <= 200; n++) for (let k = 0; k < n; k++) if ((4 * k) % n !== 0) check(k, n);
  const random = xorshift(77);
  for (let i = 0; i < 1000; i++) {
    const n = 3 + (random() % 2 ** (2 + (random() % 24)));
    const near = Math.floor(((random() % 4) * n) / 4) + (random() % 3); // small angles, and next to a quarter turn
    const k = (i % 4 === 0 ? near : random()) % n;
    if ((4 * k) % n !== 0) check(k, n);
  }
});

test("quarter turns are exact, with +0 for a zero, and a half is a half", () => {
  for (const n of [4, 12, 2 ** 25]) {
    for (const [quarter, wanted] of [[1, 0], [0, -1], [-1, 0], [0, 1]].entries()) {
      const found = twiddle((quarter * n) / 4, n);
      assert.deepEqual(found.map(toDouble), wanted);
      assert.deepEqual(found.map(toSingle), wanted);
    }
  }
  assert.equal(toDouble(twiddle(1, 6)[0]), 0.5);
  assert.equal(toDouble(twiddle(7, 12)[1]), 0.5);
});

test("a length is split as the contract says", () => {
  /** @type {[number, number][]} */
  const cases = [[1, 1], [2, 1], [3, 1], [4, 1], [6, 2], [8, 2], [9, 3], [12, 3], [16, 4], [24, 4], [32, 4], [36, 4], [64, 4],
    [97, 1], [128, 4], [144, 12], [202, 2], [210, 7], [256, 16], [509, 1], [512, 16], [1000, 25], [1024, 16]];
  for (const [n, n1] of cases) assert.equal(split(n), n1, `n = ${n}`);
});

test("F(n) is near the sum that defines it, for every n up to 200 and some above", () => {
  const random = xorshift(5);
  for (const n of [...Array.from({ length: 200 }, (_, i) => i + 1), 509, 512, 606, 1000]) {
    const [xr, xi] = [0, 1].map(() => Float32Array.from({ length: n }, () => random() * 2 ** -31 - 1));
    const [re, im] = [xr.slice(), xi.slice()];
    transformOf(n)(re, im);
    let [off, size] = [0, 0];
    for (let k = 0; k < n; k++) {
      let [sr, si] = [0, 0];
      for (let j = 0; j < n; j++) {
        const angle = (-2 * Math.PI * ((j * k) % n)) / n;
        sr += xr[j] * Math.cos(angle) - xi[j] * Math.sin(angle);
        si += xr[j] * Math.sin(angle) + xi[j] * Math.cos(angle);
      }
      off += (sr - re[k]) ** 2 + (si - im[k]) ** 2;
      size += sr ** 2 + si ** 2;
    }
    assert.ok(Math.sqrt(off / size) < 1e-6, `n = ${n}: off by ${Math.sqrt(off / size)}`);
  }
});

test("operands that a transform refuses", () => {
  /** @type {[string, import("../src/tensor.mjs").DType, number[], any, RegExp][]} */
  const cases = [
    ["fft", "i32", [4, 2], { norm: "ortho" }, /i32\[4, 2\] is not f32\[\.\.\., n, 2\], complex points/],
    ["fft", "f32", [2], { norm: "ortho" }, /complex points/],
    ["ifft", "f32", [4, 3], { norm: "ortho" }, /complex points/],
    ["fft", "f32", [4, 2], { norm: "none" }, /attribute "norm": one of backward, ortho, forward is expected/],
    ["ifft", "f32", [0, 2], { norm: "forward" }, /1 to 16777216 points, not 0/],
    ["rfft", "f32", [], { norm: "forward" }, /is not f32/],
    ["rfft", "f32", [0, 2 ** 24 + 1], { norm: "forward" }, /points/],
    ["irfft", "f32", [4, 2], { norm: "forward", n: 8 }, /8 real points come from 5 complex ones, not from f32\[4, 2\]/],
    ["irfft", "f32", [1, 2], { norm: "forward", n: 0 }, /attribute "n": an integer from 1 to 16777216/],
  ];
  for (const [op, dtype, shape, attributes, message] of cases) {
    assert.throws(() => new Builder([{ name: "x", dtype, shape }]).apply(op, [0], attributes), message);
  }
});

test("a row is transformed alone, and no row at all is no work", () => {
  const random = xorshift(6);
  /** @type {(x: Float32Array, rows: number) => Float32Array} */
  const transform = (x, rows) => {
    const builder = new Builder([{ name: "x", dtype: "f32", shape: [rows, 30] }]);
    builder.output("y", builder.apply("irfft", [builder.apply("rfft", [0], { norm: "ortho" })], { norm: "forward", n: 30 }));
    const inputs = new Map([["x", tensor("f32", [rows, 30], x)]]);
    return /** @type {any} */ (new Session(builder.program()).run(inputs).outputs.get("y")).data;
  };
  const x = Float32Array.from({ length: 90 }, () => random() * 2 ** -31 - 1);
  const together = transform(x, 3);
  for (let row = 0; row < 3; row++) {
    assert.deepEqual(transform(x.slice(row * 30, row * 30 + 30), 1), together.slice(row * 30, row * 30 + 30));
  }
  assert.equal(transform(new Float32Array(0), 0).length, 0);
});
