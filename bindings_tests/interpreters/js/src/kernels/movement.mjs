// Operations that move words and compute nothing.

import { axes, axis, checkShape, dtype, integers, need, word } from "../attributes.mjs";
import { broadcastShape, inRange, shared } from "../shapes.mjs";
import { ARRAYS, count, sameShape, showShape, showType, words } from "../tensor.mjs";
import { broadcastTo, copyStrided, denseStrides, placeStrided } from "./strided.mjs";

/** @typedef {import("../tensor.mjs").Tensor} Tensor */
/** @typedef {import("../tensor.mjs").Data} Data */
/** @typedef {import("../program.mjs").Operation} Operation */
/** @typedef {import("../operations.mjs").Type} Type */

/**
 * A result of the operation's type and its words.
 * @param {Operation} operation
 * @param {string} [word] every element
 * @returns {{data: Data, out: Uint32Array}}
 */
export function allocate({ dtype, shape }, word) {
  const data = new ARRAYS[dtype](count(shape));
  const out = words({ dtype, shape, data });
  if (word !== undefined) out.fill(parseInt(word, 16));
  return { data, out };
}

/** @type {(list: number[], strides: number[]) => number} */
const dot = (list, strides) => list.reduce((sum, n, i) => sum + n * strides[i], 0);

/** @type {import("../operations.mjs").Definitions} */
export const movement = {
  constant: {
    arity: 0,
    attributes: { dtype, shape: checkShape, word },
    infer: (_, { dtype, shape }) => ({ dtype, shape }),
    compute: (_, operation) => allocate(operation, operation.attributes.word).data,
  },
  reshape: {
    arity: 1,
    attributes: { shape: checkShape },
    infer([x], { shape }) {
      need(count(shape) === count(x.shape), `${showType(x)} has not the elements of ${showShape(shape)}`);
      return { dtype: x.dtype, shape };
    },
    compute: ([x]) => x.data,
  },
  broadcast: {
    arity: 1,
    attributes: { shape: checkShape },
    infer([x], { shape }) {
      const result = broadcastShape([x, { dtype: x.dtype, shape }]);
      need(sameShape(result, shape), `${showType(x)} does not broadcast to ${showShape(shape)}`);
      return { dtype: x.dtype, shape };
    },
    compute: ([x], { shape }) => broadcastTo(x, shape),
  },
  transpose: {
    arity: 1,
    attributes: { axes },
    infer([x], { axes }) {
      const good = axes.length === x.shape.length && x.shape.every((_, i) => axes.includes(i));
      need(good, `axes ${showShape(axes)} are not a permutation of the axes of ${showType(x)}`);
      return { dtype: x.dtype, shape: axes.map((/** @type {number} */ a) => x.shape[a]) };
    },
    compute([x], operation) {
      const { data, out } = allocate(operation);
      const strides = denseStrides(x.shape);
      copyStrided(out, words(x), operation.shape, operation.attributes.axes.map((/** @type {number} */ a) => strides[a]));
      return data;
    },
  },
  slice: {
    arity: 1,
    attributes: { start: integers(0), stop: integers(0), step: integers(1) },
    infer([x], { start, stop, step }) {
      const r = x.shape.length;
      need([start, stop, step].every((list) => list.length === r), `start, stop and step need ${r} integers each`);
      x.shape.forEach((d, i) =>
        need(start[i] <= stop[i] && stop[i] <= d, `0 <= start <= stop <= ${d} does not hold on axis ${i}`));
      return { dtype: x.dtype, shape: x.shape.map((_, i) => Math.ceil((stop[i] - start[i]) / step[i])) };
    },
    compute([x], operation) {
      const { start, step } = operation.attributes;
      const { data, out } = allocate(operation);
      const strides = denseStrides(x.shape);
      copyStrided(out, words(x), operation.shape, strides.map((s, i) => s * step[i]), dot(start, strides));
      return data;
    },
  },
  pad: {
    arity: 1,
    attributes: { low: integers(0), high: integers(0), interior: integers(0), word },
    infer([x], { low, high, interior }) {
      const r = x.shape.length;
      need([low, high, interior].every((list) => list.length === r), `low, high and interior need ${r} integers each`);
      const size = (/** @type {number} */ d, /** @type {number} */ i) => low[i] + d + Math.max(d - 1, 0) * interior[i] + high[i];
      return { dtype: x.dtype, shape: x.shape.map(size) };
    },
    compute([x], operation) {
      const { low, interior, word } = operation.attributes;
      const { data, out } = allocate(operation, word);
      const strides = denseStrides(operation.shape);
      placeStrided(out, words(x), x.shape, strides.map((s, i) => s * (interior[i] + 1)), dot(low, strides));
      return data;
    },
  },
  concat: {
    arity: null,
    attributes: { axis },
    infer(operands, { axis }) {
      const [first] = operands;
      inRange(axis, first);
      const rest = (/** @type {Type} */ { shape }) => shape.filter((_, i) => i !== axis);
      for (const x of operands) {
        const good = x.shape.length === first.shape.length && sameShape(rest(x), rest(first));
        need(good, `${showType(first)} and ${showType(x)} differ off axis ${axis}`);
      }
      const total = operands.reduce((n, { shape }) => n + shape[axis], 0);
      return { dtype: shared(operands), shape: first.shape.map((d, i) => (i === axis ? total : d)) };
    },
    compute(operands, operation) {
      const { axis } = operation.attributes;
      const { data, out } = allocate(operation);
      const strides = denseStrides(operation.shape);
      let at = 0;
      for (const x of operands) {
        placeStrided(out, words(x), x.shape, strides, at * strides[axis]);
        at += x.shape[axis];
      }
      return data;
    },
  },
};
