// The table of operations, put together from the families: each file of kernels/ declares its own.

import { checkShape, need } from "./attributes.mjs";
import { elementwise } from "./kernels/elementwise.mjs";
import { transforms } from "./kernels/fft.mjs";
import { indexed } from "./kernels/indexed.mjs";
import { products } from "./kernels/matmul.mjs";
import { movement } from "./kernels/movement.mjs";
import { reductions } from "./kernels/reduction.mjs";
import { sequences } from "./kernels/sequence.mjs";
import { windowed } from "./kernels/window.mjs";

/** @typedef {import("./tensor.mjs").DType} DType */
/** @typedef {import("./tensor.mjs").Data} Data */
/** @typedef {import("./tensor.mjs").Tensor} Tensor */
/** @typedef {{dtype: DType, shape: readonly number[]}} Type */
/** @typedef {{[name: string]: any}} Attributes checked by the table before they are used */

/**
 * All that is said of an operation: how many operands it takes (null: one or more), its attributes in order with the checks
 * of their forms, the dtype and shape that it yields, and the kernel that computes the elements.
 * @typedef {{arity: number | null, attributes: {[name: string]: (value: unknown) => void},
 *            infer: (operands: Type[], attributes: Attributes) => Type,
 *            compute: (operands: Tensor[], operation: import("./program.mjs").Operation) => Data}} Definition
 */
/** @typedef {{[name: string]: Definition}} Definitions */

/** @type {Map<string, Definition>} by name */
export const OPERATIONS = new Map(
  [elementwise, reductions, products, movement, indexed, windowed, transforms, sequences].flatMap(Object.entries),
);

/** @type {() => {name: string, arity: number | null, attributes: string[]}[]} how each operation is written in a program */
export const signatures = () =>
  Array.from(OPERATIONS, ([name, { arity, attributes }]) => ({ name, arity, attributes: Object.keys(attributes) }));

/**
 * Checks an operation's operands and attributes.
 * @param {string} name
 * @param {Type[]} operands
 * @param {Attributes} attributes
 * @returns {Type} what it yields
 * @throws {Error} saying what is wrong, without naming the operation
 */
export function inferType(name, operands, attributes) {
  const definition = OPERATIONS.get(name);
  if (!definition) throw new Error("there is no such operation");
  const { arity } = definition;
  const enough = arity === null ? operands.length >= 1 : operands.length === arity;
  need(enough, `${operands.length} operands instead of ${arity ?? "one or more"}`);
  for (const key of Object.keys(attributes)) {
    need(Object.hasOwn(definition.attributes, key), `there is no attribute ${JSON.stringify(key)}`);
  }
  for (const [key, check] of Object.entries(definition.attributes)) {
    need(Object.hasOwn(attributes, key), `the attribute ${JSON.stringify(key)} is missing`);
    try {
      check(attributes[key]);
    } catch (error) {
      throw new Error(`attribute ${JSON.stringify(key)}: ${/** @type {Error} */ (error).message}`);
    }
  }
  const type = definition.infer(operands, attributes);
  checkShape(type.shape);
  return type;
}
