// Reductions by the rule of section 3 of the contract: sum, and the sums over absent terms, scatter_add and fold.

import { ARRAYS, count, words } from "../tensor.mjs";
import { copyStrided, denseStrides } from "./strided.mjs";

/** @typedef {import("../tensor.mjs").Tensor} Tensor */
/** @typedef {import("../tensor.mjs").Data} Data */
/** @typedef {import("../tensor.mjs").DType} DType */
/** @typedef {import("../program.mjs").Operation} Operation */

const { fround } = Math;

/** @type {{[dtype in DType]: (acc: number, x: number) => number}} */
const ADD = { f32: (acc, x) => fround(acc + x), i32: (acc, x) => (acc + x) | 0, u32: (acc, x) => (acc + x) >>> 0 };

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

/** @type {{[op: string]: (operands: Tensor[], operation: Operation) => Data}} */
export const kernels = {
  sum([x], { dtype, shape, attributes: { axes, panel } }) {
    const { data, length } = rows(x, axes);
    const out = new ARRAYS[dtype](count(shape));
    const add = ADD[dtype];
    for (let i = 0; i < out.length; i++) out[i] = sumRow(data, i * length, (i + 1) * length, panel ?? Infinity, add);
    return out;
  },

  max([x], { dtype, shape, attributes: { axes } }) {
    const { data, length } = rows(x, axes);
    const out = new ARRAYS[dtype](count(shape));
    for (let i = 0; i < out.length; i++) {
      let acc = LOWEST[dtype];
      for (let j = i * length; j < (i + 1) * length; j++) acc = Math.max(acc, data[j]);
      out[i] = acc;
    }
    return out;
  },

  argmax([x], { shape, attributes: { axis } }) {
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

  scatter_add([x, index], { dtype, shape, attributes: { axis, size, panel } }) {
    const out = new ARRAYS[dtype](count(shape));
    const n = index.data.length;
    const inner = count(shape.slice(axis + 1));
    if (out.length === 0 || n === 0) return out;
    const outer = out.length / size / inner;
    /** @type {Map<number, number[]>} the sources of each destination, ascending */
    const sources = new Map();
    index.data.forEach((/** @type {number} */ to, /** @type {number} */ i) => {
      if (to < 0 || to >= size) return;
      const list = sources.get(to);
      if (list) list.push(i);
      else sources.set(to, [i]);
    });
    const add = ADD[dtype];
    for (const [to, list] of sources) {
      const values = new ARRAYS[dtype](list.length);
      const positions = new Float64Array(list.length);
      for (let o = 0; o < outer; o++)
        for (let p = 0; p < inner; p++) {
          list.forEach((source, k) => {
            values[k] = x.data[(o * n + source) * inner + p];
            positions[k] = source;
          });
          out[(o * size + to) * inner + p] = sumTerms(values, positions, list.length, n, panel, add);
        }
    }
    return out;
  },

  fold([x], { dtype, shape, attributes: { kernel, stride, padding, dilation, panel } }) {
    const out = new ARRAYS[dtype](count(shape));
    if (out.length === 0) return out;
    const [images, channels, height, width] = shape;
    const [, oh, ow] = x.shape;
    const [kh, kw] = kernel;
    const onRows = coverage(height, oh, kh, stride[0], padding[0], dilation[0]);
    const onColumns = coverage(width, ow, kw, stride[1], padding[2], dilation[1]);
    const most = (/** @type {number[][]} */ lists) => lists.reduce((m, list) => Math.max(m, list.length), 0);
    const room = (most(onRows) * most(onColumns)) / 4;
    const values = new ARRAYS[dtype](room);
    const positions = new Float64Array(room);
    const add = ADD[dtype];
    let to = 0;
    for (let image = 0; image < images; image++)
      for (let c = 0; c < channels; c++)
        for (const rowTerms of onRows)
          for (const columnTerms of onColumns) {
            let present = 0;
            for (let i = 0; i < rowTerms.length; i += 2)
              for (let j = 0; j < columnTerms.length; j += 2, present++) {
                const window = (image * oh + rowTerms[i + 1]) * ow + columnTerms[j + 1];
                positions[present] = rowTerms[i] * kw + columnTerms[j];
                values[present] = x.data[(window * channels + c) * kh * kw + positions[present]];
              }
            out[to++] = sumTerms(values, positions, present, kh * kw, panel, add);
          }
    return out;
  },
};

/**
 * For each pixel of one axis, the kernel positions, ascending, and windows that cover it: [position, window, position, …].
 * @param {number} pixels
 * @param {number} windows
 * @param {number} kernel
 * @param {number} stride
 * @param {number} padding before the first pixel
 * @param {number} dilation
 * @returns {number[][]}
 */
function coverage(pixels, windows, kernel, stride, padding, dilation) {
  /** @type {number[][]} */
  const lists = Array.from({ length: pixels }, () => []);
  for (let i = 0; i < kernel; i++)
    for (let o = 0; o < windows; o++) lists[o * stride - padding + i * dilation]?.push(i, o);
  return lists;
}
