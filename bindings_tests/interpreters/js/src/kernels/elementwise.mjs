// Elementwise operations: one scalar function for each operation and dtype, applied to broadcast operands.

import { dtype, oneOf } from "../attributes.mjs";
import * as elementary from "../elementary.mjs";
import { fma, toI32, toU32 } from "../f32.mjs";
import { broadcastShape, shared } from "../shapes.mjs";
import { ARRAYS, count, words } from "../tensor.mjs";
import { broadcastTo } from "./strided.mjs";

/** @typedef {import("../tensor.mjs").Tensor} Tensor */
/** @typedef {import("../tensor.mjs").Data} Data */
/** @typedef {import("../tensor.mjs").DType} DType */
/** @typedef {import("../program.mjs").Operation} Operation */
/** @typedef {import("../operations.mjs").Definition} Definition */
/** @typedef {(x: number) => number} Unary */
/** @typedef {(x: number, y: number) => number} Binary */

const { fround, max, min, imul, abs, sqrt } = Math;

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

/** Bits of precision, the exponent of the least normal value, the largest finite value, and what is beyond it. */
const FORMATS = {
  f16: { precision: 11, least: -14, largest: 65504, beyond: Infinity },
  bf16: { precision: 8, least: -126, largest: 255 * 2 ** 120, beyond: Infinity },
  e4m3fn: { precision: 4, least: -6, largest: 448, beyond: NaN }, // it has no infinity
  e5m2: { precision: 3, least: -14, largest: 57344, beyond: Infinity },
};

/**
 * Rounds to the nearest value of a format, ties to even. The values around x are multiples of a unit, a power of two that
 * the exponent of x gives: x / unit is exact in binary64, and so is what becomes of it.
 * @param {{precision: number, least: number, largest: number, beyond: number}} format
 * @returns {(x: number, word: number) => number} of an f32 and its bits
 */
function rounder({ precision, least, largest, beyond }) {
  const units = new Float64Array(256); // by the exponent's bits in the word
  units[0] = 2 ** (least - precision + 1);
  for (let bits = 1; bits < 256; bits++) units[bits] = units[bits - 1] * (bits - 127 > least ? 2 : 1);
  return (x, word) => {
    const unit = units[(word >>> 23) & 255];
    const steps = abs(x) / unit + 2 ** 52 - 2 ** 52; // binary64 has no fractions from 2^52 on
    const size = steps * unit > largest ? beyond : steps * unit;
    return word >>> 31 ? -size : size;
  };
}

/** @type {(operation: Operation) => Data} */
const result = ({ dtype, shape }) => new ARRAYS[dtype](count(shape));

/** @type {(arity: number, functions: {[dtype in DType]?: unknown}) => Omit<Definition, "compute">} of the dtypes that have a function */
const broadcasting = (arity, functions) => ({
  arity,
  attributes: {},
  infer: (x) => ({ dtype: shared(x, .../** @type {DType[]} */ (Object.keys(functions))), shape: broadcastShape(x) }),
});

/** @type {(functions: {[dtype in DType]?: Unary}) => Definition} */
const unary = (functions) => ({
  ...broadcasting(1, functions),
  compute([x], operation) {
    const f = /** @type {Unary} */ (functions[x.dtype]);
    const out = result(operation);
    for (let i = 0; i < out.length; i++) out[i] = f(x.data[i]);
    return out;
  },
});

/** @type {(functions: {[dtype in DType]?: Binary}) => Definition} */
const binary = (functions) => ({
  ...broadcasting(2, functions),
  compute(operands, operation) {
    const f = /** @type {Binary} */ (functions[operands[0].dtype]);
    const [x, y] = operands.map((t) => broadcastTo(t, operation.shape));
    const out = result(operation);
    for (let i = 0; i < out.length; i++) out[i] = f(x[i], y[i]);
    return out;
  },
});

/** @type {import("../operations.mjs").Definitions} */
export const elementwise = {
  add: binary({ f32: (x, y) => x + y, i32: (x, y) => x + y, u32: (x, y) => x + y }),
  sub: binary({ f32: (x, y) => x - y, i32: (x, y) => x - y, u32: (x, y) => x - y }),
  mul: binary({ f32: (x, y) => x * y, i32: imul, u32: imul }),
  maximum: binary({ f32: max, i32: max, u32: max }),
  minimum: binary({ f32: min, i32: min, u32: min }),
  div: binary({ f32: (x, y) => x / y }),
  neg: unary({ f32: (x) => -x, i32: (x) => -x, u32: (x) => -x }),
  abs: unary({ f32: abs, i32: abs }),
  sqrt: unary({ f32: sqrt }),
  exp: unary({ f32: elementary.exp }),
  expm1: unary({ f32: elementary.expm1 }),
  log: unary({ f32: elementary.log }),
  log1p: unary({ f32: elementary.log1p }),
  tanh: unary({ f32: elementary.tanh }),
  erf: unary({ f32: elementary.erf }),
  sinpi: unary({ f32: elementary.sinpi }),
  cospi: unary({ f32: elementary.cospi }),

  fma: {
    ...broadcasting(3, { f32: fma }),
    compute(operands, operation) {
      const [x, y, z] = operands.map((t) => broadcastTo(t, operation.shape));
      const out = result(operation);
      for (let i = 0; i < out.length; i++) out[i] = fma(x[i], y[i], z[i]);
      return out;
    },
  },
  compare: {
    arity: 2,
    attributes: { how: oneOf(Object.keys(COMPARE)) },
    infer: (x) => (shared(x), { dtype: "i32", shape: broadcastShape(x) }),
    compute(operands, operation) {
      const f = COMPARE[operation.attributes.how];
      const [x, y] = operands.map((t) => broadcastTo(t, operation.shape));
      const out = result(operation);
      for (let i = 0; i < out.length; i++) out[i] = f(x[i], y[i]) ? 1 : 0;
      return out;
    },
  },
  select: {
    arity: 3,
    attributes: {},
    infer: ([c, x, y]) => ({ dtype: shared([x, y]), shape: broadcastShape([c, x, y]) }),
    compute(operands, operation) {
      const [c, x, y] = operands.map((t) => broadcastTo(t, operation.shape));
      const out = result(operation);
      for (let i = 0; i < out.length; i++) out[i] = c[i] !== 0 ? x[i] : y[i];
      return out;
    },
  },
  cast: {
    arity: 1,
    attributes: { dtype },
    infer: ([x], { dtype }) => ({ dtype, shape: x.shape }),
    compute([x], operation) {
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
  },
  round_to: {
    arity: 1,
    attributes: { format: oneOf(Object.keys(FORMATS)) },
    infer: (x) => ({ dtype: shared(x, "f32"), shape: x[0].shape }),
    compute([x], operation) {
      const round = rounder(FORMATS[/** @type {keyof FORMATS} */ (operation.attributes.format)]);
      const bits = words(x);
      const out = result(operation);
      for (let i = 0; i < out.length; i++) out[i] = round(x.data[i], bits[i]);
      return out;
    },
  },
};
