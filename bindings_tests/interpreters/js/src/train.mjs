// Training jobs: a program, its initial state, data, and the order of the rows.

import { parseJson } from "./json.mjs";
import { permutation } from "./philox.mjs";
import { parseProgram } from "./program.mjs";
import { openSession } from "./session.mjs";
import { count, sameShape, showType, tensor } from "./tensor.mjs";

/** @typedef {import("./tensor.mjs").Tensor} Tensor */
/** @typedef {import("./safetensors.mjs").TensorFile} TensorFile */
/** @typedef {{steps: number, batch: number, seed: [number, number]}} Settings */
/** @typedef {{step: number, steps: number, outputs: Map<string, Tensor>}} Progress after `step` of `steps` runs */
/** @typedef {{state: Map<string, Tensor>, outputs: Map<string, Tensor>}} Trained */

const MAX_WORD = 2 ** 32 - 1;
const EPOCH_STREAM = 2 ** 31;

/** @type {(text: string) => Settings} */
function parseSettings(text) {
  const job = /** @type {any} */ (parseJson(text));
  const good = (/** @type {unknown} */ n, /** @type {number} */ low) =>
    Number.isSafeInteger(n) && Number(n) >= low && Number(n) <= MAX_WORD;
  const keys = typeof job === "object" && job !== null ? Object.keys(job).sort().join() : "";
  if (keys !== "batch,seed,steps") throw new Error("job: an object with steps, batch and seed is expected");
  if (!good(job.steps, 0)) throw new Error("job: steps is not an integer from 0 to 2^32-1");
  if (!good(job.batch, 1)) throw new Error("job: batch is not an integer from 1 to 2^32-1");
  const seed = job.seed;
  if (!Array.isArray(seed) || seed.length !== 2 || !seed.every((word) => good(word, 0))) {
    throw new Error("job: seed is not a list of two u32, low word first");
  }
  return job;
}

/** @type {(file: TensorFile, key: string) => string} */
function entry(file, key) {
  const text = file.metadata.get(key);
  if (text === undefined) throw new Error(`job: the metadata has no ${JSON.stringify(key)}`);
  return text;
}

/**
 * The rows of `data` that `order` lists.
 * @param {Tensor} data
 * @param {Uint32Array} order
 * @returns {Tensor}
 */
function takeRows({ dtype, shape, data }, order) {
  const size = count(shape.slice(1));
  const out = tensor(dtype, [order.length, ...shape.slice(1)]);
  order.forEach((row, i) => out.data.set(data.subarray(row * size, (row + 1) * size), i * size));
  return out;
}

/**
 * The data of a job by input name, checked against the program.
 * @param {TensorFile} file
 * @param {import("./program.mjs").Program} program
 * @param {number} batch
 * @returns {{data: Map<string, Tensor>, rows: number}}
 */
function jobData(file, program, batch) {
  /** @type {Map<string, Tensor>} */
  const data = new Map();
  for (const [name, value] of file.tensors) if (name.startsWith("data.")) data.set(name.slice(5), value);
  let rows = batch;
  for (const [i, [name, value]] of [...data].entries()) {
    const spec = program.inputs.find((input) => input.name === name);
    const label = `job: data.${name}`;
    if (!spec) throw new Error(`${label}: the program has no such input`);
    const fits = value.dtype === spec.dtype && spec.shape[0] === batch && value.shape.length > 0
      && sameShape(value.shape.slice(1), spec.shape.slice(1));
    if (!fits) throw new Error(`${label}: ${showType(value)} in batches of ${batch} does not give ${showType(spec)}`);
    if (i > 0 && value.shape[0] !== rows) throw new Error(`${label}: ${value.shape[0]} rows, other data has ${rows}`);
    rows = value.shape[0];
    if (rows < batch) throw new Error(`${label}: ${rows} rows do not fill a batch of ${batch}`);
  }
  return { data, rows };
}

/**
 * Runs a training job. A generator: it pauses after every step, so that a page can show progress or stop.
 * @param {TensorFile} file
 * @param {import("./session.mjs").Open} [open] what runs the program
 * @returns {Generator<Progress, Trained>}
 * @throws {Error} for a bad job
 */
export function* trainJob(file, open = openSession) {
  if (entry(file, "format") !== "paragon-job") throw new Error("job: the metadata's format is not paragon-job");
  const program = parseProgram(entry(file, "program"));
  const results = new Set(program.outputs.map(({ name }) => `output.${name}`));
  const taken = program.state.find(({ name }) => results.has(name));
  if (taken) throw new Error(`job: the state ${JSON.stringify(taken.name)} has the name that an output gets in the results`);
  const { steps, batch, seed } = parseSettings(entry(file, "job"));
  const { data, rows } = jobData(file, program, batch);
  const session = open(program, file.tensors);

  /** @type {Map<string, Tensor>} */
  const inputs = new Map();
  const wantsSeed = program.inputs.some((s) => s.name === "seed" && s.dtype === "u32" && sameShape(s.shape, [2]));
  if (wantsSeed && !data.has("seed")) inputs.set("seed", tensor("u32", [2], seed));

  const batches = Math.floor(rows / batch);
  /** @type {Uint32Array} */
  let order = new Uint32Array();
  /** @type {Map<string, Tensor>} */
  let outputs = new Map();
  for (let t = 0; t < steps; t++) {
    if (t % batches === 0) order = permutation(rows, seed, (EPOCH_STREAM + t / batches) >>> 0);
    const chosen = order.subarray((t % batches) * batch, (t % batches + 1) * batch);
    for (const [name, value] of data) inputs.set(name, takeRows(value, chosen));
    ({ outputs } = session.run(inputs));
    yield { step: t + 1, steps, outputs };
  }
  return { state: session.state, outputs };
}

/**
 * Runs a training job to its end.
 * @param {TensorFile} file
 * @param {import("./session.mjs").Open} [open]
 * @returns {Trained}
 */
export function train(file, open) {
  const steps = trainJob(file, open);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
