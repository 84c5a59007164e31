// Elementwise operations: one scalar function for each operation and dtype, applied to broadcast operands.

import * as elementary from "../elementary.mjs";
import { fma, toI32, toU32 } from "../f32.mjs";
import { ARRAYS, count, sameShape, words } from "../tensor.mjs";
import { copyStrided } from "./strided.mjs";

/** @typedef {import("../tensor.mjs").Tensor} Tensor */
/** @typedef {import("../tensor.mjs").Data} Data */
/** @typedef {import("../tensor.mjs").DType} DType */
/** @typedef {import("../program.mjs").Operation} Operation */

const { fround, max, min, imul, abs, sqrt } = Math;

/**
 * The strides that repeat an array of shape `from` over the shape `to`.
 * @param {readonly number[]} from
 * @param {readonly number[]} to
 * @returns {number[]}
 */
export function broadcastStrides(from, to) {
  const strides = to.map(() => 0);
  let stride = 1;
  for (let i = from.length - 1, j = to.length - 1; i >= 0; i--, j--) {
    if (from[i] !== 1) strides[j] = stride;
    stride *= from[i];
  }
  return strides;
}

/** @type {(x: Tensor, shape: readonly number[]) => Data} the elements of x, repeated to fill the shape */
export function broadcastTo(x, shape) {
  if (sameShape(x.shape, shape) || x.data.length === count(shape)) return x.data;
  const out = new ARRAYS[x.dtype](count(shape));
  copyStrided(words({ ...x, data: out }), words(x), shape, broadcastStrides(x.shape, shape));
  return out;
}

/** @typedef {(x: number) => number} Unary */
/** @typedef {(x: number, y: number) => number} Binary */

/** @type {{[op: string]: {[dtype in DType]?: Unary}}} the result is stored into an array of the dtype, which wraps */
const UNARY = {
  neg: { f32: (x) => -x, i32: (x) => -x, u32: (x) => -x },
  abs: { f32: abs, i32: abs },
  sqrt: { f32: sqrt },
  ...Object.fromEntries(Object.entries(elementary).map(([name, f]) => [name, { f32: f }])),
};

/** @type {{[op: string]: {f32: Binary, i32: Binary, u32: Binary}}} */
const BINARY = {
  add: { f32: (x, y) => x + y, i32: (x, y) => x + y, u32: (x, y) => x + y },
  sub: { f32: (x, y) => x - y, i32: (x, y) => x - y, u32: (x, y) => x - y },
  mul: { f32: (x, y) => x * y, i32: imul, u32: imul },
  div: { f32: (x, y) => x / y, i32: () => NaN, u32: () => NaN },
  maximum: { f32: max, i32: max, u32: max },
  minimum: { f32: min, i32: min, u32: min },
};

/** @type {{[how: string]: (x: number, y: number) => boolean}} */
const COMPARE = {
  lt: (x, y) => x < y,
  le: (x, y) => x <= y,
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
  ge: (x, y) => x >= y,
  gt: (x, y) => x > y,
};

/** @type {{[dtype in DType]: Unary}} */
const CAST = { f32: fround, i32: toI32, u32: toU32 };

/** @type {(operation: Operation) => Data} */
const result = ({ dtype, shape }) => new ARRAYS[dtype](count(shape));

/** @type {(f: {[dtype in DType]?: Unary}) => (operands: Tensor[], operation: Operation) => Data} */
const unary = (functions) => ([x], operation) => {
  const f = /** @type {Unary} */ (functions[x.dtype]);
  const out = result(operation);
  for (let i = 0; i < out.length; i++) out[i] = f(x.data[i]);
  return out;
};

/** @type {(f: {[dtype in DType]: Binary}) => (operands: Tensor[], operation: Operation) => Data} */
const binary = (functions) => (operands, operation) => {
  const f = functions[operands[0].dtype];
  const [x, y] = operands.map((t) => broadcastTo(t, operation.shape));
  const out = result(operation);
  for (let i = 0; i < out.length; i++) out[i] = f(x[i], y[i]);
  return out;
};

/** @type {{[op: string]: (operands: Tensor[], operation: Operation) => Data}} */
export const kernels = {
  ...Object.fromEntries(Object.entries(UNARY).map(([name, f]) => [name, unary(f)])),
  ...Object.fromEntries(Object.entries(BINARY).map(([name, f]) => [name, binary(f)])),

  fma(operands, operation) {
    const [x, y, z] = operands.map((t) => broadcastTo(t, operation.shape));
    const out = result(operation);
    for (let i = 0; i < out.length; i++) out[i] = fma(x[i], y[i], z[i]);
    return out;
  },

  compare(operands, operation) {
    const f = COMPARE[operation.attributes.how];
    const [x, y] = operands.map((t) => broadcastTo(t, operation.shape));
    const out = result(operation);
    for (let i = 0; i < out.length; i++) out[i] = f(x[i], y[i]) ? 1 : 0;
    return out;
  },

  select(operands, operation) {
    const [c, x, y] = operands.map((t) => broadcastTo(t, operation.shape));
    const out = result(operation);
    for (let i = 0; i < out.length; i++) out[i] = c[i] !== 0 ? x[i] : y[i];
    return out;
  },

  cast([x], operation) {
    if (x.dtype === operation.dtype) return x.data;
    const out = result(operation);
    if (x.dtype !== "f32" && operation.dtype !== "f32") {
      words({ ...operation, data: out }).set(words(x));
      return out;
    }
    const f = CAST[operation.dtype];
    for (let i = 0; i < out.length; i++) out[i] = f(x.data[i]);
    return out;
  },

  scan([a, b, h0], operation) {
    const { axis, reverse } = operation.attributes;
    const out = result(operation);
    const steps = operation.shape[axis];
    const inner = count(operation.shape.slice(axis + 1));
    if (out.length === 0) return out;
    const [x, y] = [a.data, b.data];
    for (let lane = 0; lane < h0.data.length; lane++) {
      const base = Math.floor(lane / inner) * steps * inner + (lane % inner);
      let h = h0.data[lane];
      for (let s = 0; s < steps; s++) {
        const i = base + (reverse ? steps - 1 - s : s) * inner;
        out[i] = h = fma(x[i], h, y[i]);
      }
    }
    return out;
  },
};
