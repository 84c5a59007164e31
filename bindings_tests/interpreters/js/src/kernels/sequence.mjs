// Operations along a sequence: scan, the linear recurrence, and bits, the random words.

import { axis, boolean, checkShape, integer } from "../attributes.mjs";
import { fma } from "../f32.mjs";
import { bits } from "../philox.mjs";
import { demand, inRange, reduceShape } from "../shapes.mjs";
import { count } from "../tensor.mjs";

/** @type {import("../operations.mjs").Definitions} */
export const sequences = {
  scan: {
    arity: 3,
    attributes: { axis, reverse: boolean },
    infer([a, b, h0], { axis }) {
      demand(a, "f32", "a");
      demand(b, "f32", "b", a.shape);
      inRange(axis, a);
      demand(h0, "f32", "h0", reduceShape(a.shape, [axis], false));
      return { dtype: "f32", shape: a.shape };
    },
    compute([a, b, h0], operation) {
      const { axis, reverse } = operation.attributes;
      const out = new Float32Array(count(operation.shape));
      const steps = operation.shape[axis];
      const inner = count(operation.shape.slice(axis + 1));
      if (out.length === 0) return out;
      const [x, y] = [a.data, b.data];
      for (let lane = 0; lane < h0.data.length; lane++) {
        const base = Math.floor(lane / inner) * steps * inner + (lane % inner);
        let h = h0.data[lane];
        for (let s = 0; s < steps; s++) {
          const i = base + (reverse ? steps - 1 - s : s) * inner;
          out[i] = h = fma(x[i], h, y[i]);
        }
      }
      return out;
    },
  },
  bits: {
    arity: 2,
    attributes: { stream: integer(0, 2 ** 32 - 1), shape: checkShape, width: integer(1, 32) },
    infer([seed, step], { shape }) {
      demand(seed, "u32", "the seed", [2]);
      demand(step, "u32", "the step", []);
      return { dtype: "u32", shape };
    },
    compute([seed, step], { attributes: { stream, width }, shape }) {
      return bits(seed.data, step.data[0], stream, count(shape), width);
    },
  },
};
