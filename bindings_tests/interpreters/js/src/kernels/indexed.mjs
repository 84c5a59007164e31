// The operations that take indices. An index outside its axis is no error: it yields zero, or is dropped.

import { axis, integer, need, panel } from "../attributes.mjs";
import { demand, inRange } from "../shapes.mjs";
import { ARRAYS, MAX_DIMENSION, count, sameShape, showShape, showType, words } from "../tensor.mjs";
import { allocate } from "./movement.mjs";
import { ADD, sumTerms } from "./reduction.mjs";

/** @type {import("../operations.mjs").Definitions} */
export const indexed = {
  gather: {
    arity: 2,
    attributes: { axis },
    infer([x, i], { axis }) {
      demand(i, "i32", "the index");
      inRange(axis, x);
      return { dtype: x.dtype, shape: [...x.shape.slice(0, axis), ...i.shape, ...x.shape.slice(axis + 1)] };
    },
    compute([x, index], operation) {
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
  },
  scatter_add: {
    arity: 2,
    attributes: { axis, size: integer(0, MAX_DIMENSION), panel },
    infer([x, i], { axis, size }) {
      demand(i, "i32", "the index");
      const end = axis + i.shape.length;
      const good = end <= x.shape.length && sameShape(x.shape.slice(axis, end), i.shape);
      need(good, `${showType(x)} has not the shape of the index, ${showShape(i.shape)}, from axis ${axis} on`);
      return { dtype: x.dtype, shape: [...x.shape.slice(0, axis), size, ...x.shape.slice(end)] };
    },
    compute([x, index], { dtype, shape, attributes: { axis, size, panel } }) {
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
  },
  one_hot: {
    arity: 1,
    attributes: { depth: integer(0, MAX_DIMENSION) },
    infer([i], { depth }) {
      demand(i, "i32", "the index");
      return { dtype: "f32", shape: [...i.shape, depth] };
    },
    compute([index], operation) {
      const { data } = allocate(operation);
      const { depth } = operation.attributes;
      index.data.forEach((/** @type {number} */ hot, /** @type {number} */ i) => {
        if (hot >= 0 && hot < depth) data[i * depth + hot] = 1;
      });
      return data;
    },
  },
};
