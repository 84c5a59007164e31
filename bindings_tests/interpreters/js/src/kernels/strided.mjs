// Copies between a dense array and a strided view of another, of words of any dtype; broadcasting is one.

import { ARRAYS, count, sameShape, words } from "../tensor.mjs";

/**
 * Calls `row(dense, view)` with the first positions of each run of the last axis, in row-major order.
 * @param {readonly number[]} shape of rank >= 1, not empty
 * @param {readonly number[]} strides
 * @param {number} offset
 * @param {(dense: number, view: number) => void} row
 */
function eachRow(shape, strides, offset, row) {
  const last = shape.length - 1;
  const index = new Array(last).fill(0);
  for (let dense = 0, view = offset; ; dense += shape[last]) {
    row(dense, view);
    let axis = last - 1;
    for (; axis >= 0; axis--) {
      view += strides[axis];
      if (++index[axis] < shape[axis]) break;
      view -= shape[axis] * strides[axis];
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

/**
 * dense[i] = the i-th element of the view of `source` that has the shape, strides and offset.
 * @param {Uint32Array} dense
 * @param {Uint32Array} source
 * @param {readonly number[]} shape
 * @param {readonly number[]} strides
 * @param {number} [offset]
 */
export function copyStrided(dense, source, shape, strides, offset = 0) {
  if (dense.length === 0) return;
  if (shape.length === 0) {
    dense[0] = source[offset];
    return;
  }
  const n = shape[shape.length - 1];
  const step = strides[shape.length - 1];
  eachRow(shape, strides, offset, (to, from) => {
    for (let i = 0; i < n; i++) dense[to + i] = source[from + i * step];
  });
}

/**
 * The i-th element of the view of `target` = dense[i].
 * @param {Uint32Array} target
 * @param {Uint32Array} dense
 * @param {readonly number[]} shape of `dense`
 * @param {readonly number[]} strides
 * @param {number} offset
 */
export function placeStrided(target, dense, shape, strides, offset) {
  if (dense.length === 0) return;
  if (shape.length === 0) {
    target[offset] = dense[0];
    return;
  }
  const n = shape[shape.length - 1];
  const step = strides[shape.length - 1];
  eachRow(shape, strides, offset, (from, to) => {
    for (let i = 0; i < n; i++) target[to + i * step] = dense[from + i];
  });
}

/**
 * The strides of a dense array.
 * @param {readonly number[]} shape
 * @returns {number[]}
 */
export function denseStrides(shape) {
  const strides = shape.map(() => 1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

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

/** @type {(x: import("../tensor.mjs").Tensor, shape: readonly number[]) => import("../tensor.mjs").Data} the elements of x, repeated to fill the shape */
export function broadcastTo(x, shape) {
  if (sameShape(x.shape, shape) || x.data.length === count(shape)) return x.data;
  const out = new ARRAYS[x.dtype](count(shape));
  copyStrided(words({ ...x, data: out }), words(x), shape, broadcastStrides(x.shape, shape));
  return out;
}
