#!/usr/bin/env node
// The command: vectors DIR | run MODEL INPUTS OUTPUTS [--values] | train JOB OUT | fingerprint FILE

import { closeSync, fsyncSync, openSync, readFileSync, readdirSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Session, fingerprint, readSafetensors, runVectors, train, writeSafetensors } from "./paragon.mjs";

/** @typedef {import("./src/tensor.mjs").Tensor} Tensor */

const USAGE = `usage: cli.mjs vectors DIR                             run vector files, 1 if a case fails
       cli.mjs run MODEL INPUTS OUTPUTS [--values]     run a model file's program once
       cli.mjs train JOB OUT                           run a training job; prints the state's fingerprint
       cli.mjs fingerprint FILE                        of a file's tensors`;

class UsageError extends Error {}

/** @type {(path: string) => import("./src/safetensors.mjs").TensorFile} */
function read(path) {
  try {
    return readSafetensors(readFileSync(path));
  } catch (error) {
    throw new Error(`${path}: ${/** @type {Error} */ (error).message}`);
  }
}

/** @type {(path: string, tensors: Map<string, Tensor>) => void} replaces the file whole or not at all */
function write(path, tensors) {
  const temporary = `${path}.${process.pid}.tmp`;
  const bytes = writeSafetensors({ metadata: new Map(), tensors });
  try {
    const file = openSync(temporary, "wx");
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** @type {(tensors: Map<string | number, Tensor>, prefix: string) => [string, Tensor][]} */
const prefixed = (tensors, prefix) => Array.from(tensors, ([name, value]) => [`${prefix}${name}`, value]);

/** @type {(directory: string) => number} */
function vectors(directory) {
  const files = readdirSync(directory).filter((name) => name.endsWith(".safetensors")).sort();
  if (files.length === 0) throw new Error(`${directory}: no .safetensors file`);
  let total = 0;
  let failed = 0;
  for (const file of files) {
    const verdicts = runVectors(read(join(directory, file)));
    const failures = verdicts.filter(({ failure }) => failure !== null);
    for (const { name, failure } of failures) console.log(`${file}: ${name}: ${failure}`);
    console.log(`${file}: ${verdicts.length - failures.length} of ${verdicts.length} pass`);
    total += verdicts.length;
    failed += failures.length;
  }
  console.log(`${total - failed} of ${total} cases in ${files.length} files pass`);
  return failed > 0 ? 1 : 0;
}

/** @type {(model: string, inputs: string, outputs: string, values: boolean) => number} */
function run(model, inputs, outputs, values) {
  const { metadata, tensors } = read(model);
  const program = metadata.get("program");
  if (metadata.get("format") !== "paragon-model" || program === undefined) {
    throw new Error(`${model}: not a model file; its metadata needs the format paragon-model and a program`);
  }
  const session = new Session(program, tensors);
  const result = session.run(read(inputs).tensors, { values });
  const updated = new Set(session.program.updates.map(({ state }) => state));
  const state = new Map(Array.from(session.state).filter(([name]) => updated.has(name)));
  write(outputs, new Map([
    ...prefixed(result.outputs, "output."), ...prefixed(state, "state."), ...prefixed(result.values, "value."),
  ]));
  return 0;
}

/** @type {(job: string, out: string) => number} */
function trainFile(job, out) {
  const { state, outputs } = train(read(job));
  write(out, new Map([...state, ...prefixed(outputs, "output.")]));
  console.log(fingerprint(state));
  return 0;
}

/** @type {(args: string[]) => number} the exit status */
function main(args) {
  const values = args.includes("--values");
  const [command, ...paths] = args.filter((arg) => arg !== "--values");
  if (command === "run" && paths.length === 3) return run(paths[0], paths[1], paths[2], values);
  if (values) throw new UsageError(USAGE);
  if (command === "vectors" && paths.length === 1) return vectors(paths[0]);
  if (command === "train" && paths.length === 2) return trainFile(paths[0], paths[1]);
  if (command === "fingerprint" && paths.length === 1) {
    console.log(fingerprint(read(paths[0]).tensors));
    return 0;
  }
  throw new UsageError(USAGE);
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof UsageError ? error.message : `error: ${/** @type {Error} */ (error).message}`);
  process.exitCode = 2;
}
