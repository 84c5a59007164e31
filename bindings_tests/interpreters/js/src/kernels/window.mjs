// Windows over images: unfold lays out the window of each position as a row, fold is its transpose and adds up.

import { integers, need, panel } from "../attributes.mjs";
import { ARRAYS, count, sameShape, showType, words } from "../tensor.mjs";
import { allocate } from "./movement.mjs";
import { ADD, sumTerms } from "./reduction.mjs";

/** @typedef {import("../operations.mjs").Attributes} Attributes */

const slidingWindow = { kernel: integers(1, 2), stride: integers(1, 2), padding: integers(0, 4), dilation: integers(1, 2) };

/** @type {(attributes: Attributes, height: number, width: number) => number[]} OH and OW of a sliding window */
function windows({ kernel, stride, padding, dilation }, height, width) {
  return [height, width].map((size, i) => {
    const room = size + padding[2 * i] + padding[2 * i + 1]; // below 2^33: a reach that binary64 must round does not fit
    const n = Math.floor((room - dilation[i] * (kernel[i] - 1) - 1) / stride[i]) + 1;
    need(n >= 1, `the kernel of ${kernel[i]} does not fit into ${room} positions`);
    return n;
  });
}

/** @type {import("../operations.mjs").Definitions} */
export const windowed = {
  unfold: {
    arity: 1,
    attributes: slidingWindow,
    infer([x], a) {
      need(x.shape.length === 4, `${showType(x)} is not of rank 4`);
      const [n, c, h, w] = x.shape;
      return { dtype: x.dtype, shape: [n, ...windows(a, h, w), c * a.kernel[0] * a.kernel[1]] };
    },
    compute([x], operation) {
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
  },
  fold: {
    arity: 1,
    attributes: { size: integers(0, 2), ...slidingWindow, panel },
    infer([x], a) {
      need(x.shape.length === 4, `${showType(x)} is not of rank 4`);
      const [n, oh, ow, last] = x.shape;
      const [h, w] = a.size;
      const expected = windows(a, h, w);
      need(sameShape([oh, ow], expected), `${showType(x)} has not the ${expected.join(" by ")} windows of ${h} by ${w} pixels`);
      const positions = a.kernel[0] * a.kernel[1];
      need(last % positions === 0, `the last axis of ${showType(x)} is not a multiple of ${positions}`);
      return { dtype: x.dtype, shape: [n, last / positions, h, w] };
    },
    compute([x], { dtype, shape, attributes: { kernel, stride, padding, dilation, panel } }) {
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
