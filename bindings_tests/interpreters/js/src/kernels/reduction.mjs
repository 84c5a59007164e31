// Reductions: sum by the rule of section 3 of the contract, with what scatter_add and fold need of it; max and argmax.

import { axes, axis, boolean, need, panel } from "../attributes.mjs";
import { inRange, reduceShape } from "../shapes.mjs";
import { ARRAYS, count, showType, words } from "../tensor.mjs";
import { copyStrided, denseStrides } from "./strided.mjs";

/** @typedef {import("../tensor.mjs").Tensor} Tensor */
/** @typedef {import("../tensor.mjs").Data} Data */
/** @typedef {import("../tensor.mjs").DType} DType */
/** @typedef {import("../operations.mjs").Type} Type */
/** @typedef {import("../operations.mjs").Attributes} Attributes */

const { fround } = Math;

/** @type {{[dtype in DType]: (acc: number, x: number) => number}} */
export const ADD = { f32: (acc, x) => fround(acc + x), i32: (acc, x) => (acc + x) | 0, u32: (acc, x) => (acc + x) >>> 0 };

/** @type {{[dtype in DType]: number}} */
const LOWEST = { f32: -Infinity, i32: -(2 ** 31), u32: 0 };

/**
 * The sum of n terms of which `present` stand in `values`, at the ascending positions `index`. Both are overwritten.
 * Panels without a term are +0 and change nothing.
 * @param {Data} values
 * @param {Float64Array} index
 * @param {number} present
 * @param {number} n
 * @param {number | null} panel
 * @param {(acc: number, x: number) => number} add
 * @returns {number}
 */
export function sumTerms(values, index, present, n, panel, add) {
  const length = panel ?? Infinity;
  for (; n > length; n = Math.ceil(n / length)) {
    let panels = 0;
    for (let i = 0; i < present; panels++) {
      const number = Math.floor(index[i] / length);
      let acc = 0;
      for (; i < present && Math.floor(index[i] / length) === number; i++) acc = add(acc, values[i]);
      values[panels] = acc;
      index[panels] = number;
    }
    present = panels;
  }
  let acc = 0;
  for (let i = 0; i < present; i++) acc = add(acc, values[i]);
  return acc;
}

/**
 * The sum of x[from … to-1], n > 0 terms.
 * @param {Data} x
 * @param {number} from
 * @param {number} to
 * @param {number} length of a panel
 * @param {(acc: number, x: number) => number} add
 * @returns {number}
 */
function sumRow(x, from, to, length, add) {
  let acc = 0;
  if (to - from <= length) {
    for (let i = from; i < to; i++) acc = add(acc, x[i]);
    return acc;
  }
  const Kind = /** @type {new (length: number) => Data} */ (x.constructor);
  const parts = new Kind(Math.ceil((to - from) / length));
  for (let p = 0; p < parts.length; p++) {
    parts[p] = sumRow(x, from + p * length, Math.min(from + (p + 1) * length, to), length, add);
  }
  return sumRow(parts, 0, parts.length, length, add);
}

/**
 * x with the reduced axes last, in order: rows, each to be reduced to one element.
 * @param {Tensor} x
 * @param {number[]} axes
 * @returns {{data: Data, length: number}}
 */
function rows(x, axes) {
  const kept = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const order = [...kept, ...axes];
  const length = count(axes.map((a) => x.shape[a]));
  if (order.every((axis, i) => axis === i)) return { data: x.data, length };
  const data = new ARRAYS[x.dtype](x.data.length);
  const strides = denseStrides(x.shape);
  copyStrided(words({ ...x, data }), words(x), order.map((a) => x.shape[a]), order.map((a) => strides[a]));
  return { data, length };
}

/** @type {(x: Type, attributes: Attributes) => Type} */
function reduced(x, { axes, keepdims }) {
  for (const [i, a] of axes.entries()) {
    inRange(a, x);
    need(i === 0 || axes[i - 1] < a, "axes are not ascending and distinct");
  }
  return { dtype: x.dtype, shape: reduceShape(x.shape, axes, keepdims) };
}

/** @type {import("../operations.mjs").Definitions} */
export const reductions = {
  sum: {
    arity: 1,
    attributes: { axes, keepdims: boolean, panel },
    infer: ([x], a) => reduced(x, a),
    compute([x], { dtype, shape, attributes: { axes, panel } }) {
      const { data, length } = rows(x, axes);
      const out = new ARRAYS[dtype](count(shape));
      const add = ADD[dtype];
      for (let i = 0; i < out.length; i++) out[i] = sumRow(data, i * length, (i + 1) * length, panel ?? Infinity, add);
      return out;
    },
  },
  max: {
    arity: 1,
    attributes: { axes, keepdims: boolean },
    infer: ([x], a) => reduced(x, a),
    compute([x], { dtype, shape, attributes: { axes } }) {
      const { data, length } = rows(x, axes);
      const out = new ARRAYS[dtype](count(shape));
      for (let i = 0; i < out.length; i++) {
        let acc = LOWEST[dtype];
        for (let j = i * length; j < (i + 1) * length; j++) acc = Math.max(acc, data[j]);
        out[i] = acc;
      }
      return out;
    },
  },
  argmax: {
    arity: 1,
    attributes: { axis, keepdims: boolean },
    infer([x], { axis, keepdims }) {
      inRange(axis, x);
      need(x.shape[axis] > 0, `axis ${axis} of ${showType(x)} is empty`);
      return { dtype: "i32", shape: reduceShape(x.shape, [axis], keepdims) };
    },
    compute([x], { shape, attributes: { axis } }) {
      const { data, length } = rows(x, [axis]);
      const out = new Int32Array(count(shape));
      for (let i = 0; i < out.length; i++) {
        let best = 0;
        for (let j = 0; j < length; j++) {
          const value = data[i * length + j];
          if (value > data[i * length + best]) best = j;
          if (value !== value) {
            best = j;
            break;
          }
        }
        out[i] = best;
      }
      return out;
    },
  },
};
