// Operations that move words and compute nothing.

import { bits } from "../philox.mjs";
import { ARRAYS, count, words } from "../tensor.mjs";
import { broadcastTo } from "./elementwise.mjs";
import { copyStrided, denseStrides, placeStrided } from "./strided.mjs";

/** @typedef {import("../tensor.mjs").Tensor} Tensor */
/** @typedef {import("../tensor.mjs").Data} Data */
/** @typedef {import("../program.mjs").Operation} Operation */

/**
 * A result of the operation's type and its words.
 * @param {Operation} operation
 * @param {string} [word] every element
 * @returns {{data: Data, out: Uint32Array}}
 */
function allocate({ dtype, shape }, word) {
  const data = new ARRAYS[dtype](count(shape));
  const out = words({ dtype, shape, data });
  if (word !== undefined) out.fill(parseInt(word, 16));
  return { data, out };
}

/** @type {(list: number[], strides: number[]) => number} */
const dot = (list, strides) => list.reduce((sum, n, i) => sum + n * strides[i], 0);

/** @type {{[op: string]: (operands: Tensor[], operation: Operation) => Data}} */
export const kernels = {
  constant: (_, operation) => allocate(operation, operation.attributes.word).data,
  reshape: ([x]) => x.data,
  broadcast: ([x], { shape }) => broadcastTo(x, shape),

  transpose([x], operation) {
    const { data, out } = allocate(operation);
    const strides = denseStrides(x.shape);
    copyStrided(out, words(x), operation.shape, operation.attributes.axes.map((/** @type {number} */ a) => strides[a]));
    return data;
  },

  slice([x], operation) {
    const { start, step } = operation.attributes;
    const { data, out } = allocate(operation);
    const strides = denseStrides(x.shape);
    copyStrided(out, words(x), operation.shape, strides.map((s, i) => s * step[i]), dot(start, strides));
    return data;
  },

  pad([x], operation) {
    const { low, interior, word } = operation.attributes;
    const { data, out } = allocate(operation, word);
    const strides = denseStrides(operation.shape);
    placeStrided(out, words(x), x.shape, strides.map((s, i) => s * (interior[i] + 1)), dot(low, strides));
    return data;
  },

  concat(operands, operation) {
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

  gather([x, index], operation) {
    const { axis } = operation.attributes;
    const { data, out } = allocate(operation);
    const source = words(x);
    const size = x.shape[axis];
    const inner = count(x.shape.slice(axis + 1));
    const run = inner * index.data.length;
    for (let at = 0, row = 0; at < out.length; at += run, row += size * inner) {
      for (let i = 0; i < index.data.length; i++) {
        const from = index.data[i];
        if (from < 0 || from >= size) continue;
        const begin = row + from * inner;
        out.set(source.subarray(begin, begin + inner), at + i * inner);
      }
    }
    return data;
  },

  one_hot([index], operation) {
    const { data } = allocate(operation);
    const { depth } = operation.attributes;
    index.data.forEach((/** @type {number} */ hot, /** @type {number} */ i) => {
      if (hot >= 0 && hot < depth) data[i * depth + hot] = 1;
    });
    return data;
  },

  unfold([x], operation) {
    const { kernel, stride, padding, dilation } = operation.attributes;
    const { data, out } = allocate(operation);
    const source = words(x);
    const [, channels, height, width] = x.shape;
    const [n, oh, ow] = operation.shape;
    let to = 0;
    if (out.length === 0) return data;
    for (let image = 0; image < n; image++)
      for (let row = 0; row < oh; row++)
        for (let column = 0; column < ow; column++)
          for (let c = 0; c < channels; c++)
            for (let i = 0; i < kernel[0]; i++) {
              const h = row * stride[0] - padding[0] + i * dilation[0];
              const line = ((image * channels + c) * height + h) * width;
              for (let j = 0; j < kernel[1]; j++, to++) {
                const w = column * stride[1] - padding[2] + j * dilation[1];
                if (h >= 0 && h < height && w >= 0 && w < width) out[to] = source[line + w];
              }
            }
    return data;
  },

  bits([seed, step], { attributes: { stream, width }, shape }) {
    return bits(seed.data, step.data[0], stream, count(shape), width);
  },
};
