// The command, the vectors, and training.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { digits, digitsJob, stepProgram } from "../examples/digits.mjs";
import { Session, fingerprint, permutation, readSafetensors, runVectors, signatures, tensor, train, trainJob, writeSafetensors } from "../paragon.mjs";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const VECTORS = here("../../../vectors");
const folder = mkdtempSync(join(tmpdir(), "paragon-js-"));
test.after(() => rmSync(folder, { recursive: true }));

/** @type {(...args: string[]) => {status: number | null, stdout: string, stderr: string}} */
const command = (...args) => spawnSync(process.execPath, [here("../cli.mjs"), ...args], { encoding: "utf8" });

test("every vector", () => {
  const files = readdirSync(VECTORS).filter((name) => name.endsWith(".safetensors"));
  assert.ok(files.length > 0, "there are vector files");
  for (const name of files) {
    const verdicts = runVectors(readSafetensors(readFileSync(join(VECTORS, name))));
    assert.deepEqual(verdicts.filter(({ failure }) => failure !== null), [], name);
  }
});

test("vectors: a wrong word, a missing and an unexpected tensor fail a case; the status says so", () => {
  const file = readSafetensors(readFileSync(join(VECTORS, "add.safetensors")));
  const failures = () => runVectors(file).filter(({ failure }) => failure !== null).map(({ failure }) => failure);
  const result = /** @type {import("../src/tensor.mjs").Tensor} */ (file.tensors.get("0/out/result"));
  new Uint32Array(result.data.buffer)[1] ^= 1;
  assert.match(String(failures()), /^output result: element 1 is [0-9a-f]{8} instead of [0-9a-f]{8}$/);
  writeFileSync(join(folder, "bad.safetensors"), writeSafetensors(file));
  const { status, stdout } = command("vectors", folder);
  assert.equal(status, 1);
  assert.match(stdout, /^bad\.safetensors: .*: output result: element 1 is/m);
  rmSync(join(folder, "bad.safetensors"));
  file.tensors.delete("0/out/result");
  assert.throws(failures, /"0\/out\/result", .* is missing/);
  file.tensors.set("0/out/result", result).set("0/out/other", result);
  assert.throws(failures, /"0\/out\/other" belongs to nothing/);
});

test("training: the loss falls, the generator and the command agree with a loop over a session", () => {
  const job = digitsJob({ rows: 70, steps: 12, batch: 16, seed: [3, 4] });
  const losses = Array.from(trainJob(job), ({ outputs }) => Number(outputs.get("loss")?.data[0]));
  assert.equal(losses.length, 12);
  assert.ok(losses[11] < losses[0] - 0.2, `the loss went from ${losses[0]} to ${losses[11]}`);

  const session = new Session(stepProgram(16, 32), job.tensors);
  const { x, label } = digits(70, [3, 4]);
  for (let t = 0; t < 12; t++) {
    const order = [...permutation(70, [3, 4], 2 ** 31 + Math.floor(t / 4))].slice((t % 4) * 16, (t % 4) * 16 + 16);
    const rows = order.flatMap((row) => [...x.data.subarray(row * 64, row * 64 + 64)]);
    session.run(new Map([
      ["x", tensor("f32", [16, 64], rows)], ["label", tensor("i32", [16], order.map((row) => label.data[row]))],
    ]));
  }
  const want = fingerprint(session.state);
  assert.equal(fingerprint(train(job).state), want);

  const [path, out] = [join(folder, "job"), join(folder, "trained")];
  writeFileSync(path, writeSafetensors(job));
  const { status, stdout, stderr } = command("train", path, out);
  assert.deepEqual([status, stdout, stderr], [0, `${want}\n`, ""]);
  const { tensors } = readSafetensors(readFileSync(out));
  assert.equal(tensors.get("output.loss")?.data[0], losses[11]);
  const state = new Map([...tensors].filter(([name]) => !name.startsWith("output.")));
  assert.equal(fingerprint(state), want);
  assert.equal(command("fingerprint", out).stdout, `${fingerprint(tensors)}\n`);
});

test("training: a seed without data comes from the job", () => {
  const program = {
    format: "paragon-program", version: 1, contract: 1, inputs: [{ name: "seed", dtype: "u32", shape: [2] }], state: [],
    operations: [], outputs: [{ name: "seed", value: 0 }], updates: [],
  };
  const job = { steps: 1, batch: 1, seed: [7, 4294967295] };
  const metadata = new Map([["format", "paragon-job"], ["program", JSON.stringify(program)], ["job", JSON.stringify(job)]]);
  assert.deepEqual([.../** @type {any} */ (train({ metadata, tensors: new Map() }).outputs.get("seed")).data], [7, 4294967295]);
});

test("training: bad jobs are refused", () => {
  /** @type {[(job: import("../src/safetensors.mjs").TensorFile) => void, RegExp][]} */
  const cases = [
    [({ metadata }) => metadata.set("format", "paragon-model"), /format is not paragon-job/],
    [({ metadata }) => metadata.delete("program"), /no "program"/],
    [({ metadata }) => metadata.set("job", "{}"), /the key "steps" is missing/],
    [({ metadata }) => metadata.set("job", '{"steps": 1.0, "batch": 16, "seed": [0, 0]}'), /steps is not/],
    [({ metadata }) => metadata.set("job", '{"steps": 0, "batch": 16, "seed": [0, 0]}'), /steps is not/],
    [({ metadata }) => metadata.set("more", ""), /the key "more"/],
    [({ metadata }) => metadata.set("job", '{"steps": -1, "batch": 16, "seed": [0, 0]}'), /steps is not/],
    [({ metadata }) => metadata.set("job", '{"steps": 1, "batch": 0, "seed": [0, 0]}'), /batch is not/],
    [({ metadata }) => metadata.set("job", '{"steps": 1, "batch": 16, "seed": [0]}'), /seed is not/],
    [({ metadata }) => metadata.set("job", '{"steps": 1, "batch": 8, "seed": [0, 0]}'), /data\.x: .* batches of 8/],
    [({ tensors }) => tensors.set("data.z", tensor("f32", [70])), /"data\.z" belongs to nothing/],
    [({ tensors }) => tensors.set("data.label", tensor("i32", [69])), /"data\.label" is i32\[69\], not i32\[70\]/],
    [({ tensors }) => tensors.set("data.x", tensor("f32", [3, 64])), /3 rows do not fill/],
    [({ tensors }) => tensors.delete("data.x"), /the input "x" has no data/],
    [({ tensors }) => tensors.delete("w1"), /"w1", f32\[64, 32\], is missing/],
  ];
  for (const [change, message] of cases) {
    const job = digitsJob({ rows: 70, steps: 2, batch: 16 });
    change(job);
    assert.throws(() => train(job), message);
  }
});

test("run writes outputs, updated states and values", () => {
  const program = stepProgram(16, 8);
  const job = digitsJob({ rows: 16, batch: 16, hidden: 8 });
  const inputs = new Map(Object.entries(digits(16, [1, 1])));
  const [model, input, out] = ["model", "inputs", "outputs"].map((name) => join(folder, name));
  const metadata = new Map([["format", "paragon-model"], ["program", JSON.stringify(program)]]);
  const parameters = new Map(Array.from(job.tensors).filter(([name]) => !name.startsWith("data.")));
  writeFileSync(model, writeSafetensors({ metadata, tensors: parameters }));
  writeFileSync(input, writeSafetensors({ metadata: new Map(), tensors: inputs }));

  const session = new Session(program, job.tensors);
  const { outputs, values } = session.run(inputs, { values: true });
  const { status, stdout, stderr } = command("run", model, input, out);
  assert.deepEqual([status, stdout, stderr], [0, `${fingerprint(outputs)}\n`, ""]);
  assert.equal(command("fingerprint", out).stdout, stdout);
  const plain = readSafetensors(readFileSync(out)).tensors;
  assert.equal(plain.size, outputs.size + program.state.length);
  assert.deepEqual(plain.get("output.loss"), outputs.get("loss"));
  assert.deepEqual(plain.get("state.w1"), session.state.get("w1"));
  assert.equal(command("run", model, input, out, "--values").status, 0);
  const full = readSafetensors(readFileSync(out)).tensors;
  assert.equal(full.size, plain.size + program.operations.length);
  for (const [id, value] of values) assert.deepEqual(full.get(`value.${id}`), value);
});

test("operations prints the table", () => {
  const { status, stdout, stderr } = command("operations");
  assert.deepEqual([status, stderr], [0, ""]);
  const table = JSON.parse(stdout);
  assert.deepEqual(table, signatures());
  const row = (/** @type {string} */ name) => table.find((/** @type {{name: string}} */ row) => row.name === name);
  assert.deepEqual(row("fma"), { name: "fma", arity: 3, attributes: [] });
  assert.deepEqual(row("concat"), { name: "concat", arity: null, attributes: ["axis"] });
  assert.deepEqual(row("irfft"), { name: "irfft", arity: 1, attributes: ["norm", "n"] });
});

test("errors end the command with status 1 and one line that names the file", () => {
  writeFileSync(join(folder, "broken"), "not a file of tensors");
  for (const args of [["fingerprint", join(folder, "broken")], ["train", join(folder, "none"), join(folder, "o")], ["vectors", folder]]) {
    const { status, stderr, stdout } = command(...args);
    assert.equal(status, 1);
    assert.match(stderr, /^error: .*\n$/);
    assert.ok(stderr.includes(folder), stderr);
    assert.equal(stdout, "");
  }
  for (const args of [[], ["fly"], ["run", "a", "b"], ["fingerprint", "a", "--values"], ["operations", "a"], ["check"]]) {
    const { status, stderr } = command(...args);
    assert.equal(status, 2);
    assert.match(stderr, /^usage: /);
  }
  assert.deepEqual(readdirSync(folder).filter((name) => name.endsWith(".tmp")), []);
});

/** @type {(path: string, header: string, data?: number) => void} a file of that header and length of data, which takes no room on the disk */
function headed(path, header, data = 0) {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 8);
  writeFileSync(path, bytes);
  truncateSync(path, bytes.length + data);
}

test("check judges files, and those of folders, by their headers", () => {
  const path = (/** @type {string} */ name) => join(folder, "check", name);
  for (const name of ["folder/inside", "empty"]) mkdirSync(path(name), { recursive: true });
  headed(path("huge"), '{"x":{"dtype":"F32","shape":[2147483647],"data_offsets":[0,8589934588]}}  ', 8589934588);
  headed(path("folder/b"), "{}\n");
  headed(path("folder/a"), "{} ");
  headed(path("folder/inside/not"), "{} ");
  headed(path("lines"), '{"\\u000a":1}');
  symlinkSync("../huge", path("folder/é"));
  symlinkSync("nowhere", path("folder/broken"));
  const { status, stdout, stderr } = command("check", ...["huge", "folder", "empty", "none", "lines"].map(path));
  assert.deepEqual([status, stderr], [1, ""]);
  const wanted = ["huge: ok", "folder/a: ok", "folder/b: refused: ", "folder/é: ok", "empty: refused: ", "none: refused: ", "lines: refused: "];
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.length, wanted.length, stdout);
  wanted.forEach((start, i) => assert.ok(lines[i].startsWith(path(start)), lines[i]));
  const alone = command("check", path("huge"));
  assert.deepEqual([alone.status, alone.stdout], [0, `${path("huge")}: ok\n`]);
});
