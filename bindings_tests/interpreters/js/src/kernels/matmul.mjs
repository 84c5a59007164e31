// matmul: every element of the result is a `dot` over k, one chain of fma a panel of k.
//
// A tile of 4 by 2 chains is kept in local variables, over operands packed so that both are read in order. JavaScript
// has no fma: the inner loop repeats the test of fma in f32.mjs, which settles all but one sum in 2^15 by itself. The fround
// around the rare call changes nothing but tells the compiler that the chain is f32: without it, it is 3 times slower.

import { boolean, need, panel } from "../attributes.mjs";
import { fmaTie } from "../f32.mjs";
import { broadcastShape, shared } from "../shapes.mjs";
import { count, showType } from "../tensor.mjs";
import { broadcastStrides } from "./strided.mjs";

/** @typedef {import("../tensor.mjs").Tensor} Tensor */
/** @typedef {import("../program.mjs").Operation} Operation */
/** @typedef {{data: Float32Array, offset: number, outer: number, inner: number}} View a matrix: the strides of its
 *            kept index (the row of A, the column of B) and of its summed index k */

const { fround } = Math;
const ABOVE = 1 + 2 ** -40;
const BELOW = 1 - 2 ** -40;
const ROWS = 4;
const COLUMNS = 2;

/**
 * Packs k = from … to-1 of `n` rows into groups of `width` rows, k after k; missing rows stay 0.
 * @param {View} view
 * @param {number} n
 * @param {number} width
 * @param {number} from
 * @param {number} to
 * @returns {Float64Array}
 */
function pack({ data, offset, outer, inner }, n, width, from, to) {
  const packed = new Float64Array(Math.ceil(n / width) * width * (to - from));
  for (let group = 0, at = 0; group < n; group += width, at += width * (to - from)) {
    for (let r = 0; r < width && group + r < n; r++) {
      let source = offset + (group + r) * outer + from * inner;
      for (let k = from, i = at + r; k < to; k++, i += width, source += inner) packed[i] = data[source];
    }
  }
  return packed;
}

/**
 * The dots of 4 packed rows from `a` on with 2 packed columns from `b` on.
 * @param {Float64Array} A
 * @param {number} a
 * @param {Float64Array} B
 * @param {number} b
 * @param {number} length of the dots
 * @param {Float64Array} tile the 8 results
 */
function dotTile(A, a, B, b, length, tile) {
  let c00 = 0, c01 = 0, c10 = 0, c11 = 0, c20 = 0, c21 = 0, c30 = 0, c31 = 0;
  for (let k = 0; k < length; k++, a += ROWS, b += COLUMNS) {
    const b0 = B[b], b1 = B[b + 1];
    const a0 = A[a], a1 = A[a + 1], a2 = A[a + 2], a3 = A[a + 3];
    let p = a0 * b0, s = p + c00, r = fround(s * ABOVE);
    c00 = r === fround(s * BELOW) ? r : fround(fmaTie(p, c00, s));
    p = a0 * b1, s = p + c01, r = fround(s * ABOVE);
    c01 = r === fround(s * BELOW) ? r : fround(fmaTie(p, c01, s));
    p = a1 * b0, s = p + c10, r = fround(s * ABOVE);
    c10 = r === fround(s * BELOW) ? r : fround(fmaTie(p, c10, s));
    p = a1 * b1, s = p + c11, r = fround(s * ABOVE);
    c11 = r === fround(s * BELOW) ? r : fround(fmaTie(p, c11, s));
    p = a2 * b0, s = p + c20, r = fround(s * ABOVE);
    c20 = r === fround(s * BELOW) ? r : fround(fmaTie(p, c20, s));
    p = a2 * b1, s = p + c21, r = fround(s * ABOVE);
    c21 = r === fround(s * BELOW) ? r : fround(fmaTie(p, c21, s));
    p = a3 * b0, s = p + c30, r = fround(s * ABOVE);
    c30 = r === fround(s * BELOW) ? r : fround(fmaTie(p, c30, s));
    p = a3 * b1, s = p + c31, r = fround(s * ABOVE);
    c31 = r === fround(s * BELOW) ? r : fround(fmaTie(p, c31, s));
  }
  tile[0] = c00, tile[1] = c01, tile[2] = c10, tile[3] = c11;
  tile[4] = c20, tile[5] = c21, tile[6] = c30, tile[7] = c31;
}

/**
 * One panel: the dots over k = from … to-1 of m rows with n columns.
 * @param {View} x
 * @param {View} y
 * @param {number} m
 * @param {number} n
 * @param {number} from
 * @param {number} to
 * @returns {Float32Array} m by n
 */
function panelProduct(x, y, m, n, from, to) {
  if (m === 1 && n > 1) return panelProduct(y, x, n, m, from, to); // 1 by n is n by 1 in memory; the tile is tall
  const out = new Float32Array(m * n);
  const A = pack(x, m, ROWS, from, to);
  const B = pack(y, n, COLUMNS, from, to);
  const tile = new Float64Array(ROWS * COLUMNS);
  for (let j = 0; j < n; j += COLUMNS)
    for (let i = 0; i < m; i += ROWS) {
      dotTile(A, i * (to - from), B, j * (to - from), to - from, tile);
      for (let r = 0; r < ROWS && i + r < m; r++)
        for (let c = 0; c < COLUMNS && j + c < n; c++) out[(i + r) * n + j + c] = tile[r * COLUMNS + c];
    }
  return out;
}

/**
 * The reduction rule over whole matrices of panel results, span by span: `terms` terms from number `first` on, each the
 * reduction of `span` indices (span = 0 means single k).
 * @param {number} k
 * @param {number} length of a panel
 * @param {number} size of a result
 * @param {(from: number, to: number) => Float32Array} product one panel
 * @returns {Float32Array}
 */
function reducePanels(k, length, size, product) {
  /** @type {(from: number, to: number, span: number) => Float32Array} the sum over one panel of terms of `span` indices */
  const reduce = (from, to, span) => {
    if (span === 1) return product(from, to);
    const acc = new Float32Array(size);
    for (let at = from; at < to; at += span) {
      const term = reduce(at, Math.min(at + span, to), span / length);
      for (let i = 0; i < size; i++) acc[i] += term[i];
    }
    return acc;
  };
  let span = 1;
  while (span * length < k) span *= length;
  return reduce(0, k, span);
}

/**
 * @param {Tensor[]} operands
 * @param {Operation} operation
 * @returns {Float32Array}
 */
function matmul([x, y], { shape, attributes: { transpose_a, transpose_b, panel } }) {
  const [m, n] = shape.slice(-2);
  const batch = shape.slice(0, -2);
  const out = new Float32Array(count(shape));
  if (out.length === 0) return out;
  const [xRows, xColumns] = x.shape.slice(-2);
  const [yRows, yColumns] = y.shape.slice(-2);
  const k = transpose_a ? xRows : xColumns;
  /** @type {View} */
  const left = { data: /** @type {Float32Array} */ (x.data), offset: 0, outer: transpose_a ? 1 : xColumns, inner: transpose_a ? xColumns : 1 };
  /** @type {View} */
  const right = { data: /** @type {Float32Array} */ (y.data), offset: 0, outer: transpose_b ? yColumns : 1, inner: transpose_b ? 1 : yColumns };
  const xStrides = broadcastStrides(x.shape.slice(0, -2), batch);
  const yStrides = broadcastStrides(y.shape.slice(0, -2), batch);
  for (let b = 0; b * m * n < out.length; b++) {
    left.offset = position(b, batch, xStrides) * xRows * xColumns;
    right.offset = position(b, batch, yStrides) * yRows * yColumns;
    const product = (/** @type {number} */ from, /** @type {number} */ to) => panelProduct(left, right, m, n, from, to);
    out.set(reducePanels(k, panel ?? Infinity, m * n, product), b * m * n);
  }
  return out;
}

/** @type {(index: number, shape: readonly number[], strides: number[]) => number} of a row-major index in a strided view */
function position(index, shape, strides) {
  let at = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    at += (index % shape[axis]) * strides[axis];
    index = Math.floor(index / shape[axis]);
  }
  return at;
}

/** @type {(shape: readonly number[], flag: boolean) => number[]} rows and columns */
const matrix = (shape, flag) => (flag ? shape.slice(-2).reverse() : shape.slice(-2));

/** @type {import("../operations.mjs").Definitions} */
export const products = {
  matmul: {
    arity: 2,
    attributes: { transpose_a: boolean, transpose_b: boolean, panel },
    infer([x, y], { transpose_a, transpose_b }) {
      need(x.shape.length >= 2 && y.shape.length >= 2, `${showType(x)} and ${showType(y)} are not both matrices`);
      const [m, k] = matrix(x.shape, transpose_a);
      const [rows, n] = matrix(y.shape, transpose_b);
      need(k === rows, `${showType(x)} and ${showType(y)} differ in the summed dimension, ${k} and ${rows}`);
      const leading = [x, y].map((t) => ({ dtype: t.dtype, shape: t.shape.slice(0, -2) }));
      return { dtype: shared([x, y], "f32"), shape: [...broadcastShape(leading), m, n] };
    },
    compute: matmul,
  },
};
