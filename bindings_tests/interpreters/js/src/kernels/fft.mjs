// fft, ifft, rfft and irfft: rows of points through F(n), scaled.

import { integer, need, oneOf } from "../attributes.mjs";
import { fma } from "../f32.mjs";
import { singleTwiddles, transformOf } from "../fourier.mjs";
import { count, showType } from "../tensor.mjs";

/** @typedef {import("../tensor.mjs").Tensor} Tensor */
/** @typedef {import("../tensor.mjs").Data} Data */
/** @typedef {import("../program.mjs").Operation} Operation */
/** @typedef {import("../operations.mjs").Type} Type */
/** @typedef {(x: Data, scale: number, y: Float32Array) => void} Row a row of the operand to a row of the result */

const { fround } = Math;

/** @type {(norm: string, n: number, forwards: boolean) => number} for n points of the time axis */
function scaleOf(norm, n, forwards) {
  if (norm === "ortho") return fround(1 / fround(Math.sqrt(n))); // n is exact in binary32
  return (norm === "backward") === forwards ? 1 : fround(1 / n);
}

/** @type {(x: Data, points: number) => [re: Float32Array, im: Float32Array]} complex numbers, +0 beyond the end of x */
function load(x, points) {
  const [re, im] = [new Float32Array(points), new Float32Array(points)];
  for (let k = 0; 2 * k < x.length && k < points; k++) {
    re[k] = x[2 * k];
    im[k] = x[2 * k + 1];
  }
  return [re, im];
}

/** @type {(re: Float32Array, im: Float32Array, scale: number, y: Float32Array) => void} as many complex numbers as y has */
function store(re, im, scale, y) {
  for (let k = 0; 2 * k < y.length; k++) {
    y[2 * k] = re[k] * scale;
    y[2 * k + 1] = im[k] * scale;
  }
}

/** @type {(n: number) => Row} */
function complexForwards(n) {
  const transform = transformOf(n);
  return (x, scale, y) => {
    const [re, im] = load(x, n);
    transform(re, im);
    store(re, im, scale, y);
  };
}

/** @type {(n: number) => Row} */
function complexBackwards(n) {
  const transform = transformOf(n);
  return (x, scale, y) => {
    const [re, im] = load(x, n);
    transform(im, re); // with the parts exchanged
    store(re, im, scale, y);
  };
}

/** @type {Map<number, import("../fourier.mjs").Complex>} W(k,n) for k < n/2, by n */
const TWIDDLES = new Map();

/** @type {(n: number) => import("../fourier.mjs").Complex} */
function halfTwiddles(n) {
  const w = TWIDDLES.get(n) ?? singleTwiddles(n / 2, n);
  TWIDDLES.set(n, w);
  return w;
}

/** @type {(n: number) => Row} */
function realForwards(n) {
  if (n % 2 === 1) {
    const transform = transformOf(n);
    return (x, scale, y) => {
      const [re, im] = [Float32Array.from(x), new Float32Array(n)];
      transform(re, im);
      store(re, im, scale, y);
      y[1] = 0;
    };
  }
  const m = n / 2;
  const transform = transformOf(m);
  const w = halfTwiddles(n);
  return (x, scale, y) => {
    const [re, im] = load(x, m);
    transform(re, im);
    const half = fround(scale * 0.5);
    y[0] = fround(re[0] + im[0]) * scale;
    y[2 * m] = fround(re[0] - im[0]) * scale;
    y[1] = y[2 * m + 1] = 0;
    for (let k = 1; k < m; k++) {
      const c = w.re[k], d = w.im[k];
      const er = fround(re[k] + re[m - k]), ei = fround(im[k] - im[m - k]);
      const or = fround(re[k] - re[m - k]), oi = fround(im[k] + im[m - k]);
      y[2 * k] = fround(er + fma(oi, c, fround(or * d))) * half;
      y[2 * k + 1] = fround(ei + fma(oi, d, -fround(or * c))) * half;
    }
  };
}

/** @type {(n: number) => Row} */
function realBackwards(n) {
  if (n % 2 === 1) {
    const transform = transformOf(n);
    return (x, scale, y) => {
      const [re, im] = load(x, n);
      im[0] = 0;
      for (let k = 1; 2 * k < n; k++) {
        re[n - k] = re[k];
        im[n - k] = -im[k];
      }
      transform(im, re);
      for (let k = 0; k < n; k++) y[k] = re[k] * scale;
    };
  }
  const m = n / 2;
  const transform = transformOf(m);
  const w = halfTwiddles(n);
  return (x, scale, y) => {
    const [xr, xi] = load(x, m + 1);
    const [re, im] = [new Float32Array(m), new Float32Array(m)];
    re[0] = xr[0] + xr[m];
    im[0] = xr[0] - xr[m];
    for (let k = 1; k < m; k++) {
      const c = w.re[k], d = w.im[k];
      const er = fround(xr[k] + xr[m - k]), ei = fround(xi[k] - xi[m - k]);
      const or = fround(xr[k] - xr[m - k]), oi = fround(xi[k] + xi[m - k]);
      re[k] = er - fma(or, -d, fround(oi * c));
      im[k] = ei + fma(or, c, fround(oi * d));
    }
    transform(im, re);
    store(re, im, scale, y);
  };
}

/**
 * A kernel that takes `inWords(n)` words a row to `outWords(n)`.
 * @param {(x: Tensor, operation: Operation) => number} points of the time axis
 * @param {boolean} forwards
 * @param {(n: number) => Row} rowOf
 * @param {(n: number) => number} inWords
 * @param {(n: number) => number} outWords
 * @returns {(operands: Tensor[], operation: Operation) => Float32Array}
 */
const kernel = (points, forwards, rowOf, inWords, outWords) => ([x], operation) => {
  const out = new Float32Array(count(operation.shape));
  if (out.length === 0) return out;
  const n = points(x, operation);
  const row = rowOf(n);
  const scale = scaleOf(operation.attributes.norm, n, forwards);
  for (let from = 0, to = 0; to < out.length; from += inWords(n), to += outWords(n)) {
    row(x.data.subarray(from, from + inWords(n)), scale, out.subarray(to, to + outWords(n)));
  }
  return out;
};

const complexWords = (/** @type {number} */ n) => 2 * n;
const realWords = (/** @type {number} */ n) => n;
const halfWords = (/** @type {number} */ n) => 2 * Math.floor(n / 2) + 2;
const secondLast = (/** @type {Tensor} */ x) => /** @type {number} */ (x.shape.at(-2));

const norm = oneOf(["backward", "ortho", "forward"]);

/** Points of a Fourier transform, at most. */
const MAX_POINTS = 2 ** 24;

/** @type {(n: number) => void} */
const needPoints = (n) => need(n >= 1 && n <= MAX_POINTS, `a transform has 1 to ${MAX_POINTS} points, not ${n}`);

/** @type {(x: Type) => number} n of complex points [..., n, 2] */
function complexPoints(x) {
  const rank = x.shape.length;
  need(x.dtype === "f32" && rank >= 2 && x.shape[rank - 1] === 2, `${showType(x)} is not f32[..., n, 2], complex points`);
  return x.shape[rank - 2];
}

/** @type {Omit<import("../operations.mjs").Definition, "compute">} */
const complexTransform = {
  arity: 1,
  attributes: { norm },
  infer([x]) {
    needPoints(complexPoints(x));
    return { dtype: "f32", shape: x.shape };
  },
};

/** @type {import("../operations.mjs").Definitions} */
export const transforms = {
  fft: { ...complexTransform, compute: kernel(secondLast, true, complexForwards, complexWords, complexWords) },
  ifft: { ...complexTransform, compute: kernel(secondLast, false, complexBackwards, complexWords, complexWords) },
  rfft: {
    arity: 1,
    attributes: { norm },
    infer([x]) {
      need(x.dtype === "f32" && x.shape.length >= 1, `${showType(x)} is not f32[..., n]`);
      const n = x.shape[x.shape.length - 1];
      needPoints(n);
      return { dtype: "f32", shape: [...x.shape.slice(0, -1), Math.floor(n / 2) + 1, 2] };
    },
    compute: kernel((x) => /** @type {number} */ (x.shape.at(-1)), true, realForwards, realWords, halfWords),
  },
  irfft: {
    arity: 1,
    attributes: { norm, n: integer(1, MAX_POINTS) },
    infer([x], { n }) {
      const points = Math.floor(n / 2) + 1;
      need(complexPoints(x) === points, `${n} real points come from ${points} complex ones, not from ${showType(x)}`);
      return { dtype: "f32", shape: [...x.shape.slice(0, -2), n] };
    },
    compute: kernel((_, { attributes: { n } }) => n, false, realBackwards, halfWords, realWords),
  },
};
