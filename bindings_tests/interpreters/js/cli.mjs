#!/usr/bin/env node
// The command: vectors DIR | run MODEL INPUTS OUTPUTS [--values] | train JOB OUT | fingerprint FILE | operations

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { naming, readRegular, replaceFile } from "./files.mjs";
import { RUN, Session, fileFingerprint, fingerprint, parseProgram, readSafetensors, runVectors, signatures, train, writeSafetensors } from "./paragon.mjs";

/** @typedef {import("./src/tensor.mjs").Tensor} Tensor */

const USAGE = `usage: cli.mjs vectors DIR                             run vector files, 1 if a case fails
       cli.mjs run MODEL INPUTS OUTPUTS [--values]     run a model once; prints the outputs' fingerprint
       cli.mjs train JOB OUT                           run a training job; prints the state's fingerprint
       cli.mjs fingerprint FILE                        of results the outputs', else all tensors'
       cli.mjs operations                              the interpreter's table of operations as JSON
--wasm: by the compiled core in WebAssembly (../../bindings/wasm, built with make) instead of the reference`;

class UsageError extends Error {}

/** @type {import("./src/session.mjs").Open} opens a session of the engine in use */
let open = (program, state) => new Session(program, state);

/** @type {(path: string) => import("./src/safetensors.mjs").TensorFile} */
const read = (path) => naming(path, () => readSafetensors(readRegular(path)));

/** @type {(path: string, tensors: Map<string, Tensor>, metadata?: Map<string, string>) => void} */
const write = (path, tensors, metadata = new Map()) =>
  naming(path, () => replaceFile(path, writeSafetensors({ metadata, tensors })));

/** @type {(tensors: Map<string | number, Tensor>, prefix: string) => [string, Tensor][]} */
const prefixed = (tensors, prefix) => Array.from(tensors, ([name, value]) => [`${prefix}${name}`, value]);

/** @type {(directory: string) => number} */
function vectors(directory) {
  const files = readdirSync(directory).filter((name) => name.endsWith(".safetensors")).sort();
  if (files.length === 0) throw new Error(`${directory}: no .safetensors file`);
  let total = 0;
  let failed = 0;
  for (const file of files) {
    const verdicts = runVectors(read(join(directory, file)), open);
    const failures = verdicts.filter(({ failure }) => failure !== null);
    for (const { name, failure } of failures) console.log(`${file}: ${name}: ${failure}`);
    console.log(`${file}: ${verdicts.length - failures.length} of ${verdicts.length} pass`);
    total += verdicts.length;
    failed += failures.length;
  }
  console.log(`${total - failed} of ${total} cases in ${files.length} files pass`);
  return failed > 0 ? 1 : 0;
}

/** @type {(program: string) => string} the program with the value of every operation as an output, under its number */
function everyValue(program) {
  const document = JSON.parse(program);
  const outputs = document.operations.map((/** @type {{output: number}} */ { output }) => ({ name: `${output}`, value: output }));
  return JSON.stringify({ ...document, outputs, updates: [] });
}

/** @type {(model: string, inputs: string, outputs: string, values: boolean) => number} */
function run(model, inputs, outputs, values) {
  const { metadata, tensors } = read(model);
  const program = metadata.get("program");
  if (metadata.get("format") !== "paragon-model" || program === undefined) {
    throw new Error(`${model}: not a model file; its metadata needs the format paragon-model and a program`);
  }
  const updated = new Set(parseProgram(program).updates.map(({ state }) => state));
  const session = open(program, tensors);
  const bound = read(inputs).tensors;
  const result = session.run(bound);
  const state = new Map(Array.from(session.state).filter(([name]) => updated.has(name)));
  const kept = values ? open(everyValue(program), tensors).run(bound).outputs : new Map();
  write(outputs, new Map([
    ...prefixed(result.outputs, "output."), ...prefixed(state, "state."), ...prefixed(kept, "value."),
  ]), new Map([["format", RUN], ["program", program]]));
  console.log(fingerprint(result.outputs));
  return 0;
}

/** @type {(job: string, out: string) => number} */
function trainFile(job, out) {
  const { state, outputs } = train(read(job), open);
  write(out, new Map([...state, ...prefixed(outputs, "output.")]));
  console.log(fingerprint(state));
  return 0;
}

/** @type {(args: string[]) => Promise<number>} the exit status */
async function main(args) {
  const values = args.includes("--values");
  const wasm = args.includes("--wasm");
  const [command, ...paths] = args.filter((arg) => arg !== "--values" && arg !== "--wasm");
  if (wasm) {
    const core = await (await import("../../bindings/wasm/paragon.mjs")).load();
    open = (program, state) => core.session(program, state);
  }
  if (command === "run" && paths.length === 3) return run(paths[0], paths[1], paths[2], values);
  if (values) throw new UsageError(USAGE);
  if (command === "vectors" && paths.length === 1) return vectors(paths[0]);
  if (command === "train" && paths.length === 2) return trainFile(paths[0], paths[1]);
  if (command === "fingerprint" && paths.length === 1) {
    console.log(fileFingerprint(read(paths[0])));
    return 0;
  }
  if (command === "operations" && paths.length === 0 && !wasm) {
    console.log(`[\n  ${signatures().map((row) => JSON.stringify(row)).join(",\n  ")}\n]`);
    return 0;
  }
  throw new UsageError(USAGE);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof UsageError ? error.message : `error: ${/** @type {Error} */ (error).message}`);
  process.exitCode = 2;
}
