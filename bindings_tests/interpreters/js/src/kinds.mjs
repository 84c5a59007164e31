// What a file is and holds, by the format that its metadata state (docs/files.md, section 4): a model, a training job, vectors, or any
// tensors. All that is said here follows from dtypes and shapes; the words are not looked at.

import { parseJson } from "./json.mjs";
import { checkName, checkProgram, members, parseProgram } from "./program.mjs";
import { MAX_DIMENSION, sameShape, showType } from "./tensor.mjs";

/** @typedef {import("./operations.mjs").Type} Type */
/** @typedef {import("./program.mjs").Program} Program */
/** @typedef {import("./program.mjs").Spec} Spec */
/** @typedef {{metadata: Map<string, string>, tensors: Map<string, Type>}} File */
/** @typedef {{program: Program, steps: number, batch: number, seed: [number, number], rows: number}} Job rows of the data: 0 if there is none */
/** @typedef {{name: string, program: Program}} Case */

const MODEL = "paragon-model";
const JOB = "paragon-job";
const VECTORS = "paragon-vectors";
const FURTHER = "program."; // what the names of further programs of a model begin with
const MAX_WORD = 2 ** 32 - 1;
/** What the names of the data of a job begin with. */
export const DATA = "data.";

/**
 * Checks a file as its format says.
 * @param {File} file
 * @throws {Error} saying what is wrong
 */
export function checkFile(file) {
  const format = file.metadata.get("format");
  if (format === MODEL) readModel(file);
  if (format === JOB) readJob(file);
  if (format === VECTORS) readCases(file);
}

/** @type {(name: string) => string} */
const shown = (name) => JSON.stringify(name.slice(0, 300));

/** @type {(file: File, format: string, key: string) => string} the text under a key, in a file of a format */
function entry({ metadata }, format, key) {
  if (metadata.get("format") !== format) throw new Error(`the metadata's format is not ${format}`);
  const text = metadata.get(key);
  if (text === undefined) throw new Error(`the metadata has no ${JSON.stringify(key)}`);
  return text;
}

/** @type {(file: File, ...keys: string[]) => void} refuses other keys */
function onlyKeys({ metadata }, ...keys) {
  for (const key of metadata.keys()) {
    if (!keys.includes(key)) throw new Error(`the metadata has the key ${shown(key)}, which this format has not`);
  }
}

/** @type {(x: Type, y: Type) => boolean} */
const sameType = (x, y) => x.dtype === y.dtype && sameShape(x.shape, y.shape);

/** @type {(prefix: string, specs: Spec[]) => [string, Type][]} */
const named = (prefix, specs) => specs.map((spec) => [prefix + spec.name, spec]);

/**
 * @param {Map<string, Type>} found
 * @param {Map<string, Type>} wanted
 * @throws {Error} unless the one are the other, by name
 */
export function exactly(found, wanted) {
  for (const [name, want] of wanted) {
    const type = found.get(name);
    if (!type) throw new Error(`the tensor ${shown(name)}, ${showType(want)}, is missing`);
    if (!sameType(type, want)) throw new Error(`the tensor ${shown(name)} is ${showType(type)}, not ${showType(want)}`);
  }
  for (const name of found.keys()) if (!wanted.has(name)) throw new Error(`the tensor ${shown(name)} belongs to nothing`);
}

/**
 * @param {File} file a model, whose tensors are the program's state
 * @returns {Program}
 * @throws {Error} if it is no valid model
 */
export function readModel(file) {
  const program = parseProgram(entry(file, MODEL, "program"));
  const further = [...file.metadata.keys()].filter((key) => key.startsWith(FURTHER));
  onlyKeys(file, "format", "program", ...further);
  const state = new Map(named("", program.state));
  for (const key of further) {
    try {
      checkName(key.slice(FURTHER.length));
      for (const spec of parseProgram(entry(file, MODEL, key)).state) {
        const main = state.get(spec.name);
        if (!main || !sameType(main, spec)) throw new Error(`the state ${shown(spec.name)} is not one of the main program`);
      }
    } catch (error) {
      throw new Error(`${shown(key)}: ${/** @type {Error} */ (error).message}`);
    }
  }
  exactly(file.tensors, state);
  return program;
}

/**
 * @param {File} file a training job, whose tensors are the program's state and the data
 * @returns {Job}
 * @throws {Error} if it is no valid job
 */
export function readJob(file) {
  const program = parseProgram(entry(file, JOB, "program"));
  const settings = parseSettings(entry(file, JOB, "job"));
  onlyKeys(file, "format", "program", "job");
  checkStateNames(program);
  const wanted = new Map(named("", program.state));
  let rows = 0;
  for (const spec of program.inputs) {
    const { name, dtype, shape } = spec;
    const data = file.tensors.get(DATA + name);
    if (!data && name === "seed" && dtype === "u32" && sameShape(shape, [2])) continue;
    if (!data) throw new Error(`job: the input ${shown(name)} has no data: the tensor ${shown(DATA + name)} is missing`);
    if (data.shape.length === 0 || shape[0] !== settings.batch) {
      throw new Error(`job: data.${name}: ${showType(data)} in batches of ${settings.batch} does not give ${showType(spec)}`);
    }
    rows ||= data.shape[0];
    if (rows < settings.batch) throw new Error(`job: data.${name}: ${rows} rows do not fill a batch of ${settings.batch}`);
    wanted.set(DATA + name, { dtype, shape: [rows, ...shape.slice(1)] });
  }
  exactly(file.tensors, wanted);
  return { program, rows, ...settings };
}

/** @type {(program: Program) => void} no state has a name that data or results get */
function checkStateNames({ outputs, state }) {
  const results = new Set(outputs.map(({ name }) => `output.${name}`));
  for (const { name } of state) {
    if (results.has(name)) throw new Error(`job: the state ${shown(name)} has the name that an output gets in the results`);
    if (name.startsWith(DATA)) throw new Error(`job: the state ${shown(name)} has a name of data`);
  }
}

/** @type {(text: string) => {steps: number, batch: number, seed: [number, number]}} */
function parseSettings(text) {
  const { steps, batch, seed } = members(parseJson(text), "steps", "batch", "seed");
  const good = (/** @type {unknown} */ n, /** @type {number} */ low, /** @type {number} */ high) =>
    Number.isInteger(n) && Number(n) >= low && Number(n) <= high;
  if (!good(steps, 1, MAX_DIMENSION)) throw new Error("job: steps is not an integer from 1 to 2^31-1");
  if (!good(batch, 1, MAX_DIMENSION)) throw new Error("job: batch is not an integer from 1 to 2^31-1");
  if (!Array.isArray(seed) || seed.length !== 2 || !seed.every((word) => good(word, 0, MAX_WORD))) {
    throw new Error("job: seed is not a list of two u32, low word first");
  }
  return { steps, batch, seed: [seed[0], seed[1]] };
}

/**
 * @param {File} file of vectors, whose tensors are those of the cases
 * @returns {Case[]}
 * @throws {Error} if it is no valid file of vectors
 */
export function readCases(file) {
  const list = parseJson(entry(file, VECTORS, "cases"));
  onlyKeys(file, "format", "cases");
  if (!Array.isArray(list)) throw new Error("cases is not a list");
  /** @type {Map<string, Type>} */
  const wanted = new Map();
  const cases = list.map((item, k) => {
    try {
      const { name, program: source } = members(item, "name", "program");
      const program = checkProgram(source);
      for (const [type, spec] of typesOf(program)) wanted.set(`${k}/${type}`, spec);
      return { name: checkName(name), program };
    } catch (error) {
      throw new Error(`case ${k}: ${/** @type {Error} */ (error).message}`);
    }
  });
  exactly(file.tensors, wanted);
  return cases;
}

/** @type {(program: Program) => [string, Type][]} what a case needs of inputs and state, and yields */
function typesOf({ inputs, state, operations, outputs, updates }) {
  const values = [...inputs, ...state, ...operations];
  return [
    ...named("in/", inputs),
    ...named("state/", state),
    ...named("out/", outputs.map(({ name, value }) => ({ ...values[value], name }))),
    ...named("new/", updates.map(({ state: name, value }) => ({ ...values[value], name }))),
  ];
}
