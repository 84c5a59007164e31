// Tensors: dense, row-major, in a typed array of the dtype's kind.

/** @typedef {"f32" | "i32" | "u32"} DType */
/** @typedef {Float32Array | Int32Array | Uint32Array} Data */
/** @typedef {{dtype: DType, shape: readonly number[], data: Data}} Tensor */

export const ARRAYS = { f32: Float32Array, i32: Int32Array, u32: Uint32Array };
export const MAX_DIMENSION = 2 ** 31 - 1;
export const MAX_RANK = 8;

/**
 * The number of elements of a shape.
 * @param {readonly number[]} shape
 * @returns {number}
 */
export const count = (shape) => shape.reduce((n, d) => n * d, 1);

/**
 * A tensor over `data`, or of zeros.
 * @param {DType} dtype
 * @param {readonly number[]} shape
 * @param {Iterable<number>} [data] a typed array of the dtype's kind is taken as it is, other values are converted
 * @returns {Tensor}
 * @throws {Error} where the length is not the shape's
 */
export function tensor(dtype, shape, data) {
  const Kind = ARRAYS[dtype];
  const array = data === undefined ? new Kind(count(shape)) : data instanceof Kind ? data : Kind.from(data);
  if (array.length !== count(shape)) {
    throw new Error(`${array.length} elements for the shape ${showShape(shape)}`);
  }
  return { dtype, shape, data: array };
}

/**
 * The elements as 32-bit words, sharing memory.
 * @param {Tensor} x
 * @returns {Uint32Array}
 */
export const words = ({ data }) => new Uint32Array(data.buffer, data.byteOffset, data.length);

/**
 * A copy of the words as files, fingerprints and comparisons see them: every NaN of an f32 is 0x7fc00000.
 * @param {Tensor} x
 * @returns {Uint32Array}
 */
export function observedWords(x) {
  const out = words(x).slice();
  if (x.dtype === "f32") {
    for (let i = 0; i < out.length; i++) if ((out[i] & 0x7fffffff) > 0x7f800000) out[i] = 0x7fc00000;
  }
  return out;
}

/**
 * @param {readonly number[]} a
 * @param {readonly number[]} b
 * @returns {boolean}
 */
export const sameShape = (a, b) => a.length === b.length && a.every((d, i) => d === b[i]);

/** @type {(shape: readonly number[]) => string} */
export const showShape = (shape) => `[${shape.join(", ")}]`;

/** @type {(x: {dtype: DType, shape: readonly number[]}) => string} */
export const showType = ({ dtype, shape }) => `${dtype}${showShape(shape)}`;
