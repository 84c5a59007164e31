// Programs: parsing and checking of the JSON form, and building new ones.

import { isObject, parseJson, show } from "./json.mjs";
import { checkShape } from "./attributes.mjs";
import { inferType } from "./operations.mjs";
import { ARRAYS, count, sameShape, showType } from "./tensor.mjs";

/** @typedef {import("./operations.mjs").Type} Type */
/** @typedef {import("./operations.mjs").Attributes} Attributes */
/** @typedef {{name: string} & Type} Spec */
/** @typedef {{op: string, inputs: number[], output: number, attributes: Attributes} & Type} Operation */
/** @typedef {{format: string, version: number, contract: number, inputs: Spec[], state: Spec[], operations: Operation[], outputs: {name: string, value: number}[],
 *             updates: {state: string, value: number}[]}} Program the JSON form, without `meta` */

const MAX_OPERATIONS = 200_000;
const HEADER = { format: "paragon-program", version: 1, contract: 1 };
const LISTS = ["inputs", "state", "operations", "outputs", "updates"];
const encoder = new TextEncoder();

/** @type {(value: unknown, ...keys: string[]) => {[key: string]: any}} an object with exactly these keys */
export function members(value, ...keys) {
  if (!isObject(value)) throw new Error("an object is expected");
  for (const key of Object.keys(value)) if (!keys.includes(key)) throw new Error(`unknown key ${JSON.stringify(key)}`);
  for (const key of keys) if (!Object.hasOwn(value, key)) throw new Error(`the key ${JSON.stringify(key)} is missing`);
  return value;
}

/** @type {(name: unknown, taken?: Set<string>) => string} a name that nothing has taken */
export function checkName(name, taken) {
  if (typeof name !== "string") throw new Error("the name is not a string");
  const shown = JSON.stringify(name.slice(0, 300));
  const length = encoder.encode(name).length;
  if (length < 1 || length > 255) throw new Error(`the name ${shown} is not of 1 to 255 bytes`);
  if (/[\p{Cc}\p{Cs}]/u.test(name)) throw new Error(`the name ${shown} has a control character or half a character`);
  if (taken?.has(name)) throw new Error(`the name ${shown} is taken`);
  taken?.add(name);
  return name;
}

/** @type {(value: unknown) => Type} */
function checkType(value) {
  const { dtype, shape } = /** @type {any} */ (value);
  if (typeof dtype !== "string" || !Object.hasOwn(ARRAYS, dtype)) {
    throw new Error(`dtype ${JSON.stringify(dtype)} is none of ${Object.keys(ARRAYS).join(", ")}`);
  }
  checkShape(shape);
  return { dtype: /** @type {keyof ARRAYS} */ (dtype), shape };
}

/** @type {(value: unknown, types: Type[]) => number} the number of a value that exists already */
function checkValue(value, types) {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value >= types.length) {
    throw new Error(`there is no value ${show(value)} yet; values 0 to ${types.length - 1} exist`);
  }
  return value;
}

/** @type {(value: unknown, types: Type[]) => Operation} */
function checkOperation(value, types) {
  const { op, inputs, output, dtype, shape, attributes } =
    members(value, "op", "inputs", "output", "dtype", "shape", "attributes");
  if (!Array.isArray(inputs)) throw new Error("inputs is not a list");
  const operands = inputs.map((id) => types[checkValue(id, types)]);
  if (!isObject(attributes)) throw new Error("attributes is not an object");
  const type = inferType(op, operands, attributes);
  if (output !== types.length) throw new Error(`output is ${show(output)}; the next value is ${types.length}`);
  const stated = checkType({ dtype, shape });
  if (stated.dtype !== type.dtype || !sameShape(stated.shape, type.shape)) {
    throw new Error(`yields ${showType(type)}, but ${showType(stated)} is stated`);
  }
  return { op, inputs, output, attributes, ...type };
}

/**
 * @template T
 * @param {unknown[]} list
 * @param {(item: any) => T} check
 * @param {(item: any, index: number) => string} label
 * @returns {T[]}
 */
function each(list, check, label) {
  return list.map((item, index) => {
    try {
      return check(item);
    } catch (error) {
      throw new Error(`program: ${label(item, index)}: ${/** @type {Error} */ (error).message}`);
    }
  });
}

/**
 * Checks a program, all of it: names, numbering, attributes, dtypes, shapes, limits.
 * @param {string | unknown} source JSON text, or what it says
 * @returns {Program}
 * @throws {Error} naming the operation by index and name, or the input, state, output or update
 */
export const parseProgram = (source) => checkProgram(typeof source === "string" ? parseJson(source) : source);

/** @type {(value: unknown) => Program} what the JSON text of a program says, checked */
export function checkProgram(value) {
  const hasMeta = isObject(value) && Object.hasOwn(value, "meta");
  const [top] = each([value], (v) => members(v, ...Object.keys(HEADER), ...LISTS, ...(hasMeta ? ["meta"] : [])), () => "top level");
  for (const [key, wanted] of Object.entries(HEADER)) {
    if (top[key] !== wanted) throw new Error(`program: ${key} is ${show(top[key])}, not ${JSON.stringify(wanted)}`);
  }
  if (hasMeta && !isObject(top.meta)) throw new Error("program: meta is not an object");
  for (const key of LISTS) if (!Array.isArray(top[key])) throw new Error(`program: ${key} is not a list`);
  if (top.operations.length > MAX_OPERATIONS) throw new Error(`program: more than ${MAX_OPERATIONS} operations`);

  /** @type {Type[]} */ const types = [];
  /** @type {(kind: string, taken: Set<string>) => Spec[]} */
  const specs = (kind, taken) =>
    each(top[kind], (item) => {
      const name = checkName(members(item, "name", "dtype", "shape").name, taken);
      const type = checkType(item);
      types.push(type);
      return { name, ...type };
    }, (_, index) => `${kind} ${index}`);

  const taken = new Set();
  const inputs = specs("inputs", taken);
  const state = specs("state", taken);
  const operations = each(top.operations, (item) => {
    const operation = checkOperation(item, types);
    types.push(operation);
    return operation;
  }, (item, index) => `operation ${index} (${typeof item?.op === "string" ? item.op.slice(0, 40) : "?"})`);

  const outputNames = new Set();
  const outputs = each(top.outputs, (item) => {
    const { name, value } = members(item, "name", "value");
    return { name: checkName(name, outputNames), value: checkValue(value, types) };
  }, (_, index) => `output ${index}`);

  const specOf = new Map(state.map((spec) => [spec.name, spec]));
  const updates = each(top.updates, (item) => {
    const { state: name, value } = members(item, "state", "value");
    const spec = specOf.get(name);
    if (!spec) throw new Error(`no state ${JSON.stringify(name)}, or it is updated twice`);
    specOf.delete(name);
    const type = types[checkValue(value, types)];
    if (type.dtype !== spec.dtype || !sameShape(type.shape, spec.shape)) {
      throw new Error(`the state ${JSON.stringify(name)} is ${showType(spec)}, value ${value} is ${showType(type)}`);
    }
    return { state: name, value };
  }, (_, index) => `update ${index}`);
  return { ...HEADER, inputs, state, operations, outputs, updates };
}

/** Puts a program together, one checked operation at a time. Inputs and states come first, in any order. */
export class Builder {
  /** @type {Spec[]} */ #inputs = [];
  /** @type {Spec[]} */ #state = [];
  /** @type {Type[]} */ #types = [];
  /** @type {Operation[]} */ #operations = [];
  /** @type {{name: string, value: number}[]} */ #outputs = [];
  /** @type {{state: string, value: number}[]} */ #updates = [];

  /**
   * @param {Spec[]} inputs values 0, 1, …
   * @param {Spec[]} state the values that follow
   */
  constructor(inputs, state = []) {
    this.#inputs = inputs;
    this.#state = state;
    this.#types = [...inputs, ...state];
  }

  /**
   * Appends an operation.
   * @param {string} op
   * @param {number[]} inputs
   * @param {Attributes} [attributes]
   * @returns {number} its value
   */
  apply(op, inputs, attributes = {}) {
    const type = inferType(op, inputs.map((id) => this.#types[id]), attributes);
    const output = this.#types.push(type) - 1;
    this.#operations.push({ op, inputs, output, ...type, attributes });
    return output;
  }

  /** @type {(value: number) => readonly number[]} */
  shape(value) {
    return this.#types[value].shape;
  }

  /** @type {(name: string, value: number) => void} */
  output(name, value) {
    this.#outputs.push({ name, value });
  }

  /** @type {(state: string, value: number) => void} */
  update(state, value) {
    this.#updates.push({ state, value });
  }

  /**
   * @returns {Program} the JSON form
   */
  program() {
    return {
      ...HEADER,
      inputs: this.#inputs,
      state: this.#state,
      operations: this.#operations,
      outputs: this.#outputs,
      updates: this.#updates,
    };
  }
}

/**
 * The bytes of the largest set of values that lives at one time when each is dropped after its last use.
 * @param {Program} program
 * @param {boolean} keep all values live to the end
 * @returns {number}
 */
export function peakBytes(program, keep) {
  const types = [...program.inputs, ...program.state, ...program.operations];
  const bytes = types.map(({ shape }) => 4 * count(shape));
  const dead = keep ? [] : deadAfter(program);
  const first = program.inputs.length + program.state.length;
  let live = bytes.slice(0, first).reduce((a, b) => a + b, 0);
  let peak = live;
  for (let i = 0; i < program.operations.length; i++) {
    live += bytes[first + i];
    peak = Math.max(peak, live);
    for (const id of dead[i] ?? []) live -= bytes[id];
  }
  return peak;
}

/**
 * For each operation, the operations' values that nothing needs after it.
 * @param {Program} program
 * @returns {number[][]}
 */
export function deadAfter({ inputs, state, operations, outputs, updates }) {
  const first = inputs.length + state.length;
  const last = operations.map((_, i) => i);
  for (const [i, operation] of operations.entries()) {
    for (const id of operation.inputs) if (id >= first) last[id - first] = i;
  }
  for (const { value } of [...outputs, ...updates]) if (value >= first) last[value - first] = operations.length;
  /** @type {number[][]} */
  const dead = operations.map(() => []);
  last.forEach((i, id) => dead[i]?.push(first + id));
  return dead;
}
