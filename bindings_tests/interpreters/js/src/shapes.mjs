// What the shape rules of several operations share.

import { need } from "./attributes.mjs";
import { sameShape, showType } from "./tensor.mjs";

/** @typedef {import("./tensor.mjs").DType} DType */
/** @typedef {import("./operations.mjs").Type} Type */

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
export function shared(operands, ...dtypes) {
  const first = operands[0].dtype;
  need(operands.every((x) => x.dtype === first), `the dtypes of ${operands.map(showType).join(" and ")} differ`);
  need(dtypes.length === 0 || dtypes.includes(first), `${showType(operands[0])} is not ${dtypes.join(" or ")}`);
  return first;
}

/** @type {(x: Type, dtype: DType, role: string, shape?: readonly number[]) => void} */
export function demand(x, dtype, role, shape) {
  const wanted = shape ? showType({ dtype, shape }) : dtype;
  need(x.dtype === dtype && (!shape || sameShape(x.shape, shape)), `${role} is ${showType(x)}, not ${wanted}`);
}

/** @type {(axis: number, x: Type) => void} */
export const inRange = (axis, x) => need(axis < x.shape.length, `axis ${axis} is not an axis of ${showType(x)}`);

/** @type {(shape: readonly number[], axes: number[], keepdims: boolean) => number[]} */
export const reduceShape = (shape, axes, keepdims) =>
  keepdims ? shape.map((d, i) => (axes.includes(i) ? 1 : d)) : shape.filter((_, i) => !axes.includes(i));
