// The forms that attributes of operations have, and the attributes that several operations share. Each form is a function that
// throws what it expects when a value is something else.

import { ARRAYS, MAX_DIMENSION, MAX_RANK, count, showShape } from "./tensor.mjs";

/** @type {(condition: boolean, message: string) => void} */
export function need(condition, message) {
  if (!condition) throw new Error(message);
}

/** @type {(value: unknown, low: number, high: number) => boolean} */
const isInteger = (value, low, high) => Number.isSafeInteger(value) && Number(value) >= low && Number(value) <= high;

/** @type {(low: number, high: number) => (value: unknown) => void} */
export const integer = (low, high) => (value) =>
  need(isInteger(value, low, high), `an integer from ${low} to ${high} is expected`);

/** @type {(low: number, length?: number) => (value: unknown) => void} */
export const integers = (low, length) => (value) => {
  const good = Array.isArray(value) && value.every((v) => isInteger(v, low, MAX_DIMENSION));
  need(good && (length ?? value.length) === value.length, `a list of ${length ?? ""} integers from ${low} to ${MAX_DIMENSION} is expected`);
};

/** @type {(value: unknown) => void} */
export const boolean = (value) => need(typeof value === "boolean", "true or false is expected");

/** @type {(choices: readonly string[]) => (value: unknown) => void} */
export const oneOf = (choices) => (value) =>
  need(typeof value === "string" && choices.includes(value), `one of ${choices.join(", ")} is expected`);

/** @type {(value: unknown) => void} */
export const panel = (value) =>
  need(value === null || isInteger(value, 2, MAX_DIMENSION), `an integer from 2 to ${MAX_DIMENSION} or null is expected`);

/** @type {(value: unknown) => void} */
export const word = (value) =>
  need(typeof value === "string" && /^[0-9a-f]{8}$/.test(value), "8 lower-case hex digits are expected");

export const axis = integer(0, MAX_RANK);
export const axes = integers(0);
export const dtype = oneOf(Object.keys(ARRAYS));

/** @type {(value: unknown) => asserts value is number[]} */
export function checkShape(value) {
  const good = Array.isArray(value) && value.every((d) => isInteger(d, 0, MAX_DIMENSION));
  need(good, `a shape is a list of integers from 0 to ${MAX_DIMENSION}`);
  const shape = /** @type {number[]} */ (value);
  need(shape.length <= MAX_RANK, `a shape of rank ${shape.length} is over the limit of ${MAX_RANK}`);
  need(count(shape) <= MAX_DIMENSION, `${showShape(shape)} has more than ${MAX_DIMENSION} elements`);
}
