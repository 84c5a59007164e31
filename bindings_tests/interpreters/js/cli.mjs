#!/usr/bin/env node
// The command: vectors DIR | run MODEL INPUTS OUTPUTS [--values] | train JOB OUT | fingerprint FILE | check PATH... | operations

import { join } from "node:path";
import { filesAt, namesIn, naming, readHead, readRegular, replaceFile } from "./files.mjs";
import {
  RUN, Session, checkFile, exactly, fileFingerprint, fingerprint, parseProgram, readModel, readSafetensors, runVectors, signatures, train,
  writeSafetensors,
} from "./paragon.mjs";

/** @typedef {import("./src/tensor.mjs").Tensor} Tensor */

const USAGE = `usage: cli.mjs vectors DIR                             run vector files, 1 if a case fails
       cli.mjs run MODEL INPUTS OUTPUTS [--values]     run a model once; prints the outputs' fingerprint
       cli.mjs train JOB OUT                           run a training job; prints the state's fingerprint
       cli.mjs fingerprint FILE                        of results the outputs', else all tensors'
       cli.mjs check PATH...                           tell of files, and those of folders, whether they are valid
       cli.mjs operations                              the interpreter's table of operations as JSON
--wasm: by the compiled core in WebAssembly (../../bindings/wasm, built with make) instead of the reference`;

class UsageError extends Error {}

/** @type {import("./src/session.mjs").Open} opens a session of the engine in use */
let open = (program, state) => new Session(program, state);

/** @type {(path: string) => void} throws what is wrong with a file for the engine in use */
let checkPath = (path) => checkFile(readHead(path));

/** @type {(path: string) => import("./src/safetensors.mjs").TensorFile} */
const read = (path) => naming(path, () => readSafetensors(readRegular(path)));

/** @type {(path: string, tensors: Map<string, Tensor>, metadata?: Map<string, string>) => void} */
const write = (path, tensors, metadata = new Map()) =>
  naming(path, () => replaceFile(path, writeSafetensors({ metadata, tensors })));

/** @type {(tensors: Map<string | number, Tensor>, prefix: string) => [string, Tensor][]} */
const prefixed = (tensors, prefix) => Array.from(tensors, ([name, value]) => [`${prefix}${name}`, value]);

/** @type {(directory: string) => number} */
function vectors(directory) {
  const files = naming(directory, () => namesIn(directory)).filter((name) => name.endsWith(".safetensors"));
  let total = 0;
  let failed = 0;
  for (const file of files) {
    const path = join(directory, file);
    const verdicts = naming(path, () => runVectors(read(path), open));
    const failures = verdicts.filter(({ failure }) => failure !== null);
    for (const { name, failure } of failures) console.log(`${file}: ${name}: ${failure}`);
    total += verdicts.length;
    failed += failures.length;
  }
  if (total === 0) throw new Error(`${directory}: no vectors`);
  if (failed > 0) throw new Error(`${failed} of ${total} cases wrong`);
  console.log(`${total} cases in ${files.length} files, all right`);
  return 0;
}

/** @type {(paths: string[]) => number} */
function check(paths) {
  let status = 0;
  /** @type {(path: string, action: () => void) => void} */
  const judge = (path, action) => {
    let verdict = "ok";
    try {
      action();
    } catch (error) {
      verdict = `refused: ${/** @type {Error} */ (error).message.replace(/\p{Cc}/gu, " ")}`;
      status = 1;
    }
    console.log(`${path}: ${verdict}`);
  };
  for (const path of paths) {
    /** @type {string[]} */
    let files = [];
    try {
      files = filesAt(path);
    } catch (error) {
      judge(path, () => {
        throw error;
      });
    }
    for (const file of files) judge(file, () => checkPath(file));
  }
  return status;
}

/** @type {(program: string) => string} the program with the value of every operation as an output, under its number */
function everyValue(program) {
  const document = parseProgram(program);
  const outputs = document.operations.map(({ output }) => ({ name: `${output}`, value: output }));
  return JSON.stringify({ ...document, outputs, updates: [] });
}

/** @type {(model: string, inputs: string, outputs: string, values: boolean) => number} */
function run(model, inputs, outputs, values) {
  const file = read(model);
  const { tensors } = file;
  const parsed = naming(model, () => readModel(file));
  const program = /** @type {string} */ (file.metadata.get("program"));
  const updated = new Set(parsed.updates.map(({ state }) => state));
  const session = open(program, tensors);
  const bound = read(inputs).tensors;
  naming(inputs, () => exactly(bound, new Map(parsed.inputs.map((spec) => [spec.name, spec]))));
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
  const { state, outputs } = naming(job, () => train(read(job), open));
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
    checkPath = (path) => core.check(readRegular(path));
  }
  if (command === "run" && paths.length === 3) return run(paths[0], paths[1], paths[2], values);
  if (values) throw new UsageError(USAGE);
  if (command === "vectors" && paths.length === 1) return vectors(paths[0]);
  if (command === "train" && paths.length === 2) return trainFile(paths[0], paths[1]);
  if (command === "fingerprint" && paths.length === 1) {
    console.log(fileFingerprint(read(paths[0])));
    return 0;
  }
  if (command === "check" && paths.length > 0) return check(paths);
  if (command === "operations" && paths.length === 0 && !wasm) {
    console.log(`[\n  ${signatures().map((row) => JSON.stringify(row)).join(",\n  ")}\n]`);
    return 0;
  }
  throw new UsageError(USAGE);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const usage = error instanceof UsageError;
  console.error(usage ? error.message : `error: ${/** @type {Error} */ (error).message}`);
  process.exitCode = usage ? 2 : 1;
}
