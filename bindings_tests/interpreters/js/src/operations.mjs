// The table of operations: what operands and attributes each takes, and the dtype and shape it yields.

import { ARRAYS, MAX_DIMENSION, MAX_RANK, count, sameShape, showShape, showType } from "./tensor.mjs";

/** @typedef {import("./tensor.mjs").DType} DType */
/** @typedef {{dtype: DType, shape: readonly number[]}} Type */
/** @typedef {{[name: string]: any}} Attributes checked by the table before they are used */
/** @typedef {{operands: number | "one or more", attributes: {[name: string]: (value: unknown) => void},
 *             infer: (operands: Type[], attributes: Attributes) => Type}} Rule */

/** @type {(condition: boolean, message: string) => void} */
function need(condition, message) {
  if (!condition) throw new Error(message);
}

// --- attributes: each throws what it expects

/** @type {(low: number, high: number) => (value: unknown) => void} */
const integer = (low, high) => (value) =>
  need(isInteger(value, low, high), `an integer from ${low} to ${high} is expected`);

/** @type {(value: unknown, low: number, high: number) => boolean} */
const isInteger = (value, low, high) => Number.isSafeInteger(value) && Number(value) >= low && Number(value) <= high;

/** @type {(low: number, length?: number) => (value: unknown) => void} */
const integers = (low, length) => (value) => {
  const good = Array.isArray(value) && value.every((v) => isInteger(v, low, Number.MAX_SAFE_INTEGER));
  need(good && (length ?? value.length) === value.length, `a list of ${length ?? ""} integers >= ${low} is expected`);
};

/** @type {(value: unknown) => void} */
const boolean = (value) => need(typeof value === "boolean", "true or false is expected");

/** @type {(choices: readonly string[]) => (value: unknown) => void} */
const oneOf = (choices) => (value) =>
  need(typeof value === "string" && choices.includes(value), `one of ${choices.join(", ")} is expected`);

/** @type {(value: unknown) => void} */
const panel = (value) =>
  need(value === null || isInteger(value, 2, Number.MAX_SAFE_INTEGER), "an integer >= 2 or null is expected");

/** @type {(value: unknown) => void} */
const word = (value) =>
  need(typeof value === "string" && /^[0-9a-f]{8}$/.test(value), "8 lower-case hex digits are expected");

const axis = integer(0, MAX_RANK);
const axes = integers(0);
const dtype = oneOf(Object.keys(ARRAYS));
const norm = oneOf(["backward", "ortho", "forward"]);

/** Points of a Fourier transform, at most. */
const MAX_POINTS = 2 ** 24;

/** @type {(value: unknown) => void} */
export function checkShape(value) {
  const good = Array.isArray(value) && value.every((d) => isInteger(d, 0, MAX_DIMENSION));
  need(good, `a shape is a list of integers from 0 to ${MAX_DIMENSION}`);
  const shape = /** @type {number[]} */ (value);
  need(shape.length <= MAX_RANK, `a shape of rank ${shape.length} is over the limit of ${MAX_RANK}`);
  need(count(shape) <= MAX_DIMENSION, `${showShape(shape)} has more than ${MAX_DIMENSION} elements`);
}

// --- shapes

/** @type {(operands: Type[]) => number[]} NumPy's rule */
export function broadcastShape(operands) {
  const rank = Math.max(...operands.map(({ shape }) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const sizes = operands.map(({ shape }) => shape[shape.length - rank + i] ?? 1);
    const size = sizes.find((d) => d !== 1) ?? 1;
    need(sizes.every((d) => d === 1 || d === size), `${operands.map(showType).join(" and ")} do not broadcast`);
    return size;
  });
}

/** @type {(operands: Type[], ...dtypes: DType[]) => DType} the one dtype that all share */
function shared(operands, ...dtypes) {
  const first = operands[0].dtype;
  need(operands.every((x) => x.dtype === first), `the dtypes of ${operands.map(showType).join(" and ")} differ`);
  need(dtypes.length === 0 || dtypes.includes(first), `${showType(operands[0])} is not ${dtypes.join(" or ")}`);
  return first;
}

/** @type {(x: Type, dtype: DType, role: string, shape?: readonly number[]) => void} */
function demand(x, dtype, role, shape) {
  const wanted = shape ? showType({ dtype, shape }) : dtype;
  need(x.dtype === dtype && (!shape || sameShape(x.shape, shape)), `${role} is ${showType(x)}, not ${wanted}`);
}

/** @type {(axis: number, x: Type) => void} */
const inRange = (axis, x) => need(axis < x.shape.length, `axis ${axis} is not an axis of ${showType(x)}`);

/** @type {(shape: readonly number[], axes: number[], keepdims: boolean) => number[]} */
const reduceShape = (shape, axes, keepdims) =>
  keepdims ? shape.map((d, i) => (axes.includes(i) ? 1 : d)) : shape.filter((_, i) => !axes.includes(i));

/** @type {(x: Type, attributes: Attributes) => Type} */
function reduced(x, { axes, keepdims }) {
  for (const [i, a] of axes.entries()) {
    inRange(a, x);
    need(i === 0 || axes[i - 1] < a, "axes are not ascending and distinct");
  }
  return { dtype: x.dtype, shape: reduceShape(x.shape, axes, keepdims) };
}

/** @type {(shape: readonly number[], flag: boolean) => number[]} rows and columns */
const matrix = (shape, flag) => (flag ? shape.slice(-2).reverse() : shape.slice(-2));

/** @type {(value: number) => number} refuses what binary64 does not hold exactly */
function exactly(value) {
  need(Number.isSafeInteger(value), "a size is too large");
  return value;
}

/** @type {(attributes: Attributes, height: number, width: number) => number[]} OH and OW of a sliding window */
function windows({ kernel, stride, padding, dilation }, height, width) {
  return [height, width].map((size, i) => {
    const room = exactly(size + exactly(padding[2 * i] + padding[2 * i + 1]));
    const n = Math.floor((room - exactly(dilation[i] * (kernel[i] - 1)) - 1) / stride[i]) + 1;
    need(n >= 1, `the kernel of ${kernel[i]} does not fit into ${room} positions`);
    return n;
  });
}

/** @type {(n: number) => void} */
const needPoints = (n) => need(n >= 1 && n <= MAX_POINTS, `a transform has 1 to ${MAX_POINTS} points, not ${n}`);

/** @type {(x: Type) => number} n of complex points [..., n, 2] */
function complexPoints(x) {
  const rank = x.shape.length;
  need(x.dtype === "f32" && rank >= 2 && x.shape[rank - 1] === 2, `${showType(x)} is not f32[..., n, 2], complex points`);
  return x.shape[rank - 2];
}

// --- kinds of rules

/** @type {(operands: number, ...dtypes: DType[]) => Rule} */
const elementwise = (operands, ...dtypes) => ({
  operands,
  attributes: {},
  infer: (x) => ({ dtype: shared(x, ...dtypes), shape: broadcastShape(x) }),
});

const slidingWindow = { kernel: integers(1, 2), stride: integers(1, 2), padding: integers(0, 4), dilation: integers(1, 2) };

/** @type {Rule} */
const complexTransform = {
  operands: 1,
  attributes: { norm },
  infer([x]) {
    needPoints(complexPoints(x));
    return { dtype: "f32", shape: x.shape };
  },
};

/** @type {{[name: string]: Rule}} */
const TABLE = {
  add: elementwise(2),
  sub: elementwise(2),
  mul: elementwise(2),
  maximum: elementwise(2),
  minimum: elementwise(2),
  div: elementwise(2, "f32"),
  fma: elementwise(3, "f32"),
  neg: elementwise(1),
  abs: elementwise(1, "f32", "i32"),
  sqrt: elementwise(1, "f32"),
  exp: elementwise(1, "f32"),
  expm1: elementwise(1, "f32"),
  log: elementwise(1, "f32"),
  log1p: elementwise(1, "f32"),
  tanh: elementwise(1, "f32"),
  erf: elementwise(1, "f32"),
  sinpi: elementwise(1, "f32"),
  cospi: elementwise(1, "f32"),

  compare: {
    operands: 2,
    attributes: { how: oneOf(["lt", "le", "eq", "ne", "ge", "gt"]) },
    infer: (x) => (shared(x), { dtype: "i32", shape: broadcastShape(x) }),
  },
  select: {
    operands: 3,
    attributes: {},
    infer: ([c, x, y]) => ({ dtype: shared([x, y]), shape: broadcastShape([c, x, y]) }),
  },
  cast: { operands: 1, attributes: { dtype }, infer: ([x], { dtype }) => ({ dtype, shape: x.shape }) },
  constant: {
    operands: 0,
    attributes: { dtype, shape: checkShape, word },
    infer: (_, { dtype, shape }) => ({ dtype, shape }),
  },

  sum: { operands: 1, attributes: { axes, keepdims: boolean, panel }, infer: ([x], a) => reduced(x, a) },
  max: { operands: 1, attributes: { axes, keepdims: boolean }, infer: ([x], a) => reduced(x, a) },
  argmax: {
    operands: 1,
    attributes: { axis, keepdims: boolean },
    infer([x], { axis, keepdims }) {
      inRange(axis, x);
      need(x.shape[axis] > 0, `axis ${axis} of ${showType(x)} is empty`);
      return { dtype: "i32", shape: reduceShape(x.shape, [axis], keepdims) };
    },
  },
  matmul: {
    operands: 2,
    attributes: { transpose_a: boolean, transpose_b: boolean, panel },
    infer([x, y], { transpose_a, transpose_b }) {
      need(x.shape.length >= 2 && y.shape.length >= 2, `${showType(x)} and ${showType(y)} are not both matrices`);
      const [m, k] = matrix(x.shape, transpose_a);
      const [rows, n] = matrix(y.shape, transpose_b);
      need(k === rows, `${showType(x)} and ${showType(y)} differ in the summed dimension, ${k} and ${rows}`);
      const leading = [x, y].map((t) => ({ dtype: t.dtype, shape: t.shape.slice(0, -2) }));
      return { dtype: shared([x, y], "f32"), shape: [...broadcastShape(leading), m, n] };
    },
  },

  reshape: {
    operands: 1,
    attributes: { shape: checkShape },
    infer([x], { shape }) {
      need(count(shape) === count(x.shape), `${showType(x)} has not the elements of ${showShape(shape)}`);
      return { dtype: x.dtype, shape };
    },
  },
  transpose: {
    operands: 1,
    attributes: { axes },
    infer([x], { axes }) {
      const good = axes.length === x.shape.length && x.shape.every((_, i) => axes.includes(i));
      need(good, `axes ${showShape(axes)} are not a permutation of the axes of ${showType(x)}`);
      return { dtype: x.dtype, shape: axes.map((/** @type {number} */ a) => x.shape[a]) };
    },
  },
  broadcast: {
    operands: 1,
    attributes: { shape: checkShape },
    infer([x], { shape }) {
      const result = broadcastShape([x, { dtype: x.dtype, shape }]);
      need(sameShape(result, shape), `${showType(x)} does not broadcast to ${showShape(shape)}`);
      return { dtype: x.dtype, shape };
    },
  },
  slice: {
    operands: 1,
    attributes: { start: integers(0), stop: integers(0), step: integers(1) },
    infer([x], { start, stop, step }) {
      const r = x.shape.length;
      need([start, stop, step].every((list) => list.length === r), `start, stop and step need ${r} integers each`);
      x.shape.forEach((d, i) =>
        need(start[i] <= stop[i] && stop[i] <= d, `0 <= start <= stop <= ${d} does not hold on axis ${i}`));
      return { dtype: x.dtype, shape: x.shape.map((_, i) => Math.ceil((stop[i] - start[i]) / step[i])) };
    },
  },
  pad: {
    operands: 1,
    attributes: { low: integers(0), high: integers(0), interior: integers(0), word },
    infer([x], { low, high, interior }) {
      const r = x.shape.length;
      need([low, high, interior].every((list) => list.length === r), `low, high and interior need ${r} integers each`);
      const size = (/** @type {number} */ d, /** @type {number} */ i) => low[i] + d + Math.max(d - 1, 0) * interior[i] + high[i];
      return { dtype: x.dtype, shape: x.shape.map(size) };
    },
  },
  concat: {
    operands: "one or more",
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
  },
  gather: {
    operands: 2,
    attributes: { axis },
    infer([x, i], { axis }) {
      demand(i, "i32", "the index");
      inRange(axis, x);
      return { dtype: x.dtype, shape: [...x.shape.slice(0, axis), ...i.shape, ...x.shape.slice(axis + 1)] };
    },
  },
  scatter_add: {
    operands: 2,
    attributes: { axis, size: integer(0, MAX_DIMENSION), panel },
    infer([x, i], { axis, size }) {
      demand(i, "i32", "the index");
      const end = axis + i.shape.length;
      const good = end <= x.shape.length && sameShape(x.shape.slice(axis, end), i.shape);
      need(good, `${showType(x)} has not the shape of the index, ${showShape(i.shape)}, from axis ${axis} on`);
      return { dtype: x.dtype, shape: [...x.shape.slice(0, axis), size, ...x.shape.slice(end)] };
    },
  },
  one_hot: {
    operands: 1,
    attributes: { depth: integer(0, MAX_DIMENSION) },
    infer([i], { depth }) {
      demand(i, "i32", "the index");
      return { dtype: "f32", shape: [...i.shape, depth] };
    },
  },
  unfold: {
    operands: 1,
    attributes: slidingWindow,
    infer([x], a) {
      need(x.shape.length === 4, `${showType(x)} is not of rank 4`);
      const [n, c, h, w] = x.shape;
      return { dtype: x.dtype, shape: [n, ...windows(a, h, w), c * a.kernel[0] * a.kernel[1]] };
    },
  },
  fold: {
    operands: 1,
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
  },
  fft: complexTransform,
  ifft: complexTransform,
  rfft: {
    operands: 1,
    attributes: { norm },
    infer([x]) {
      need(x.dtype === "f32" && x.shape.length >= 1, `${showType(x)} is not f32[..., n]`);
      const n = x.shape[x.shape.length - 1];
      needPoints(n);
      return { dtype: "f32", shape: [...x.shape.slice(0, -1), Math.floor(n / 2) + 1, 2] };
    },
  },
  irfft: {
    operands: 1,
    attributes: { norm, n: integer(1, MAX_POINTS) },
    infer([x], { n }) {
      const points = Math.floor(n / 2) + 1;
      need(complexPoints(x) === points, `${n} real points come from ${points} complex ones, not from ${showType(x)}`);
      return { dtype: "f32", shape: [...x.shape.slice(0, -2), n] };
    },
  },
  scan: {
    operands: 3,
    attributes: { axis, reverse: boolean },
    infer([a, b, h0], { axis }) {
      demand(a, "f32", "a");
      demand(b, "f32", "b", a.shape);
      inRange(axis, a);
      demand(h0, "f32", "h0", reduceShape(a.shape, [axis], false));
      return { dtype: "f32", shape: a.shape };
    },
  },
  bits: {
    operands: 2,
    attributes: { stream: integer(0, 2 ** 32 - 1), shape: checkShape, width: integer(1, 32) },
    infer([seed, step], { shape }) {
      demand(seed, "u32", "the seed", [2]);
      demand(step, "u32", "the step", []);
      return { dtype: "u32", shape };
    },
  },
};

/** The rules by name. */
export const OPERATIONS = new Map(Object.entries(TABLE));

/**
 * Checks an operation's operands and attributes.
 * @param {string} name
 * @param {Type[]} operands
 * @param {Attributes} attributes
 * @returns {Type} what it yields
 * @throws {Error} saying what is wrong, without naming the operation
 */
export function inferType(name, operands, attributes) {
  const rule = OPERATIONS.get(name);
  if (!rule) throw new Error("there is no such operation");
  const wanted = rule.operands;
  const enough = wanted === "one or more" ? operands.length >= 1 : operands.length === wanted;
  need(enough, `${operands.length} operands instead of ${wanted}`);
  for (const key of Object.keys(attributes)) {
    need(Object.hasOwn(rule.attributes, key), `there is no attribute ${JSON.stringify(key)}`);
  }
  for (const [key, check] of Object.entries(rule.attributes)) {
    need(Object.hasOwn(attributes, key), `the attribute ${JSON.stringify(key)} is missing`);
    try {
      check(attributes[key]);
    } catch (error) {
      throw new Error(`attribute ${JSON.stringify(key)}: ${/** @type {Error} */ (error).message}`);
    }
  }
  const type = rule.infer(operands, attributes);
  checkShape(type.shape);
  return type;
}
