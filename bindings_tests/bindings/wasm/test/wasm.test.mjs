// WebAssembly against the reference interpreter and the vectors.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { digits, digitsJob, stepProgram } from "../../../interpreters/js/examples/digits.mjs";
import { Builder, fingerprint, readSafetensors, runVectors, tensor, train, writeSafetensors } from "../../../interpreters/js/paragon.mjs";
import { load } from "../paragon.mjs";

const VECTORS = fileURLToPath(new URL("../../../vectors", import.meta.url));
const paragon = await load();

test("the examples of docs/files.md: accepted and refused as by every reader", () => {
  for (const folder of ["accept", "refuse"]) {
    const files = readdirSync(join(VECTORS, "files", folder)).map((name) => join(VECTORS, "files", folder, name));
    assert.ok(files.length >= 100, `only ${files.length} examples`);
    for (const path of files) {
      const judge = () => paragon.check(readFileSync(path));
      if (folder === "accept") assert.doesNotThrow(judge, path);
      else assert.throws(judge, Error, path);
    }
  }
});

test("the first error of a module says why", async () => {
  const fresh = await load();
  assert.throws(() => fresh.check(new Uint8Array(3)), /3 bytes/);
});

test("sizes beyond 32 bits are not cut off", () => {
  for (const entry of ['"shape":[1073741824],"data_offsets":[0,0]', '"shape":[0],"data_offsets":[4294967296,4294967296]']) {
    const header = new TextEncoder().encode(`{"x":{"dtype":"F32",${entry}}}`);
    assert.throws(() => paragon.check(Uint8Array.of(header.length, 0, 0, 0, 0, 0, 0, 0, ...header)), /"x"/);
  }
});

/** @type {import("../../../interpreters/js/src/session.mjs").Open} */
const open = (program, state) => paragon.session(program, state);

test("every vector", () => {
  const files = readdirSync(VECTORS).filter((name) => name.endsWith(".safetensors"));
  assert.ok(files.length > 0, "there are vector files");
  for (const name of files) {
    /** @type {import("../paragon.mjs").Session[]} */
    const sessions = [];
    const verdicts = runVectors(readSafetensors(readFileSync(join(VECTORS, name))), (program, state) => {
      sessions.push(paragon.session(program, state));
      return sessions[sessions.length - 1];
    });
    assert.deepEqual(verdicts.filter(({ failure }) => failure !== null), [], name);
    assert.equal(sessions.length, verdicts.length);
    for (const session of sessions) session.free();
  }
});

test("training gives the fingerprint of the reference interpreter, step by step", () => {
  const job = digitsJob({ rows: 120, steps: 10, batch: 32 });
  const want = train(job);
  const got = train(job, open);
  assert.equal(fingerprint(got.state), fingerprint(want.state));
  assert.deepEqual([...got.outputs], [...want.outputs]);
  assert.equal(paragon.session(stepProgram(32, 32), want.state).fingerprint, fingerprint(want.state));
});

const predictor = () => {
  const builder = new Builder([{ name: "x", dtype: "f32", shape: [2, 3] }], [{ name: "w", dtype: "f32", shape: [3, 2] }]);
  builder.output("y", builder.apply("matmul", [0, 1], { transpose_a: false, transpose_b: false, panel: 256 }));
  const metadata = new Map([["format", "paragon-model"], ["program", JSON.stringify(builder.program())]]);
  return writeSafetensors({ metadata, tensors: new Map([["w", tensor("f32", [3, 2], [1, 2, 3, 4, 5, 6])]]) });
};

test("a model file predicts, through the example too", () => {
  const session = paragon.open(predictor());
  assert.deepEqual(session.inputs, [{ name: "x", dtype: "f32", shape: [2, 3], elements: 6 }]);
  const x = tensor("f32", [2, 3], [1, 0, 0, 1, 1, 1]);
  assert.deepEqual(session.run(new Map([["x", x]])).outputs.get("y"), tensor("f32", [2, 2], [1, 2, 9, 12]));
  session.free();

  const folder = mkdtempSync(join(tmpdir(), "paragon-wasm-"));
  try {
    const path = join(folder, "model.safetensors");
    writeFileSync(path, predictor());
    const example = fileURLToPath(new URL("../example.mjs", import.meta.url));
    assert.equal(execFileSync(process.execPath, [example, path], { encoding: "utf8" }), "y Float32Array(4) [ 4.5, 6, 4.5, 6 ]\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("bad files, programs and tensors are Errors that say why, and the module lives on", () => {
  assert.throws(() => paragon.open(new Uint8Array(5)), /.+/);
  const file = predictor();
  for (let length = 0; length < file.length; length += 7) assert.throws(() => paragon.open(file.subarray(0, length)), Error);
  assert.throws(() => paragon.open(file, { program: "other" }), /other/);
  assert.throws(() => paragon.session("{"), Error);
  const bad = stepProgram(4, 4);
  bad.operations[1].shape = [7];
  assert.throws(() => paragon.session(bad, digitsJob({ hidden: 4 }).tensors), /operation 1 /);
  const session = paragon.open(file);
  assert.throws(() => session.run(new Map()), /the input "x" is f32\[2, 3\]; it is missing/);
  assert.throws(() => session.run(new Map([["x", tensor("f32", [3, 2])]])), /the input "x" is f32\[2, 3\], not f32\[3, 2\]/);
  assert.throws(() => session.run(new Map([["x", tensor("f32", [2, 3])], ["z", tensor("f32", [1])]])), /no input "z"/);
  assert.throws(() => paragon.session(stepProgram(4, 4), new Map()), /the state "w1" is f32\[64, 4\]; it is missing/);
  const { x, label } = digits(4, [0, 0]);
  const job = digitsJob({ rows: 8, batch: 4, hidden: 4 });
  const two = [paragon.session(stepProgram(4, 4), job.tensors), paragon.session(stepProgram(4, 4), job.tensors)];
  for (const each of two) each.run(new Map([["x", x], ["label", label]]));
  assert.equal(two[0].fingerprint, two[1].fingerprint);
});

test("a program for more memory than the limit is refused", () => {
  for (const shape of [[1000, 1000], [2 ** 15, 2 ** 15], [2 ** 29], [2 ** 31 - 1]]) {
    const builder = new Builder([]);
    builder.output("y", builder.apply("constant", [], { dtype: "f32", shape, word: "3f800000" }));
    const refused = /memory limit of 1048576 bytes/;
    assert.throws(() => paragon.session(builder.program(), new Map(), { memory: 2 ** 20 }), refused, `${shape}`);
  }
});
