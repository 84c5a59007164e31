// Sessions: a program with its state, run one operation after another.

import { OPERATIONS } from "./operations.mjs";
import { deadAfter, parseProgram, peakBytes } from "./program.mjs";
import { sameShape, showType } from "./tensor.mjs";

/** @typedef {import("./tensor.mjs").Tensor} Tensor */
/** @typedef {import("./program.mjs").Program} Program */
/** @typedef {import("./program.mjs").Spec} Spec */
/** @typedef {{outputs: Map<string, Tensor>, values: Map<number, Tensor>}} Result */
/** @typedef {{run: (inputs: Map<string, Tensor>) => {outputs: Map<string, Tensor>}, state: Map<string, Tensor>}} Runner */
/** @typedef {(program: unknown, state: Map<string, Tensor>) => Runner} Open makes a session, or what can stand in for one */

/** The values of a program that live at one time take at most this many bytes, unless a session is told otherwise. */
export const DEFAULT_MEMORY = 2 ** 31;

/** @type {(x: Tensor) => Tensor} */
const copy = (x) => ({ ...x, data: x.data.slice() });

/**
 * Copies of the tensors that the specs name.
 * @param {string} kind
 * @param {Spec[]} specs
 * @param {Map<string, Tensor>} tensors
 * @returns {Map<string, Tensor>}
 */
function bind(kind, specs, tensors) {
  return new Map(specs.map((spec) => {
    const value = tensors.get(spec.name);
    const label = `${kind} ${JSON.stringify(spec.name)}`;
    if (!value) throw new Error(`the ${label} is missing; it is ${showType(spec)}`);
    if (value.dtype !== spec.dtype || !sameShape(value.shape, spec.shape)) {
      throw new Error(`the ${label} is ${showType(spec)}, not ${showType(value)}`);
    }
    return [spec.name, copy(value)];
  }));
}

export class Session {
  #program;
  #state;
  #dead;
  #memory;

  /**
   * @param {Program | string | unknown} program as parseProgram takes it; it is checked
   * @param {Map<string, Tensor>} state tensors under the states' names; others are left aside
   * @param {{memory?: number}} [limits] the bytes that live values may take
   * @throws {Error} for a bad program, a missing or unfit state, or one that needs more memory
   */
  constructor(program, state = new Map(), { memory = DEFAULT_MEMORY } = {}) {
    this.#program = parseProgram(program);
    this.#memory = memory;
    this.#checkMemory(false);
    this.#dead = deadAfter(this.#program);
    this.#state = bind("state", this.#program.state, state);
  }

  /** @type {(keep: boolean) => void} */
  #checkMemory(keep) {
    const need = peakBytes(this.#program, keep);
    if (need > this.#memory) {
      throw new Error(`the program needs ${need} bytes for its values; the limit is ${this.#memory} (see the option memory)`);
    }
  }

  /** @returns {Program} */
  get program() {
    return this.#program;
  }

  /** @returns {Map<string, Tensor>} a copy of all states */
  get state() {
    return new Map(Array.from(this.#state, ([name, value]) => [name, copy(value)]));
  }

  /**
   * One run: evaluates the operations, then replaces the updated states at once.
   * @param {Map<string, Tensor>} inputs one tensor for each of the program's inputs
   * @param {{values?: boolean}} [options] whether every operation's value is handed out, by its number
   * @returns {Result}
   * @throws {Error} for a missing, unfit or unknown input
   */
  run(inputs, { values: keep = false } = {}) {
    const { inputs: inputSpecs, state: stateSpecs, operations, outputs, updates } = this.#program;
    if (keep) this.#checkMemory(true);
    for (const name of inputs.keys()) {
      if (!inputSpecs.some((spec) => spec.name === name)) throw new Error(`the program has no input ${JSON.stringify(name)}`);
    }
    const bound = bind("input", inputSpecs, inputs);
    /** @type {(Tensor | undefined)[]} */
    const values = [...bound.values(), ...stateSpecs.map(({ name }) => this.#state.get(name))];
    const at = (/** @type {number} */ id) => /** @type {Tensor} */ (values[id]);
    const first = values.length;

    operations.forEach((operation, i) => {
      const { compute } = /** @type {import("./operations.mjs").Definition} */ (OPERATIONS.get(operation.op));
      const data = compute(operation.inputs.map(at), operation);
      values.push({ dtype: operation.dtype, shape: operation.shape, data });
      if (!keep) for (const id of this.#dead[i]) values[id] = undefined;
    });

    const result = {
      outputs: new Map(outputs.map(({ name, value }) => [name, copy(at(value))])),
      values: new Map(keep ? operations.map((_, i) => [first + i, copy(at(first + i))]) : []),
    };
    for (const { state, value } of updates) this.#state.set(state, at(value));
    return result;
  }
}

/** @type {Open} */
export const openSession = (program, state) => new Session(program, state);
