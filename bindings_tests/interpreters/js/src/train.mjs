// Training jobs: a program, its initial state, data, and the order of the rows.

import { DATA, readJob } from "./kinds.mjs";
import { permutation } from "./philox.mjs";
import { openSession } from "./session.mjs";
import { count, tensor } from "./tensor.mjs";

/** @typedef {import("./tensor.mjs").Tensor} Tensor */
/** @typedef {import("./safetensors.mjs").TensorFile} TensorFile */
/** @typedef {{step: number, steps: number, outputs: Map<string, Tensor>}} Progress after `step` of `steps` runs */
/** @typedef {{state: Map<string, Tensor>, outputs: Map<string, Tensor>}} Trained */

const EPOCH_STREAM = 2 ** 31;

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
 * Runs a training job. A generator: it pauses after every step, so that a page can show progress or stop.
 * @param {TensorFile} file
 * @param {import("./session.mjs").Open} [open] what runs the program
 * @returns {Generator<Progress, Trained>}
 * @throws {Error} for a bad job
 */
export function* trainJob(file, open = openSession) {
  const { program, steps, batch, seed, rows } = readJob(file);
  const data = new Map([...file.tensors].filter(([name]) => name.startsWith(DATA)).map(([name, x]) => [name.slice(DATA.length), x]));
  const session = open(program, file.tensors);

  /** @type {Map<string, Tensor>} */
  const inputs = new Map();
  if (program.inputs.some(({ name }) => name === "seed") && !data.has("seed")) inputs.set("seed", tensor("u32", [2], seed));

  const batches = Math.floor(rows / batch);
  /** @type {Uint32Array} */
  let order = new Uint32Array();
  /** @type {Map<string, Tensor>} */
  let outputs = new Map();
  for (let t = 0; t < steps; t++) {
    if (data.size > 0 && t % batches === 0) order = permutation(rows, seed, (EPOCH_STREAM + t / batches) >>> 0);
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
