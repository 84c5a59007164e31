// Prints how long things take: node examples/speed.mjs. Each figure is processor time, the best of several runs.
// With ../../bindings/wasm/paragon.wasm there (make -C ../../bindings/wasm), the compiled core stands beside the interpreter.

import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { Builder, Session, fingerprint, tensor, train } from "../paragon.mjs";
import { digitsJob } from "./digits.mjs";

/** @typedef {import("../src/session.mjs").Open} Open */

/** @type {[string, Open][]} */
const executors = [["interpreter", (program, state) => new Session(program, state)]];
if (existsSync(fileURLToPath(new URL("../../../bindings/wasm/paragon.wasm", import.meta.url)))) {
  const paragon = await (await import("../../../bindings/wasm/paragon.mjs")).load();
  executors.push(["WebAssembly", (program, state) => paragon.session(program, state)]);
}

/** @type {(runs: number, work: () => void) => number} seconds */
function best(runs, work) {
  let least = Infinity;
  for (let i = 0; i < runs; i++) {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, user + system);
  }
  return least / 1e6;
}

/** @type {(label: string, unit: string, measure: (open: Open) => number) => void} */
function row(label, unit, measure) {
  const figures = executors.map(([, open]) => `${measure(open).toPrecision(3)} ${unit}`);
  console.log(`| ${[label, ...figures].join(" | ")} |`);
}

/** @type {(count: number) => Float32Array} */
const numbers = (count) => Float32Array.from({ length: count }, (_, i) => Math.fround(((i * 7919) % 1009) / 500 - 1));

console.log(`${cpus()[0].model}, Node ${process.version}\n`);
console.log(`| what | ${executors.map(([name]) => name).join(" | ")} |\n|---|${"---|".repeat(executors.length)}`);

for (const [m, k, n] of [[64, 784, 128], [256, 256, 256], [1, 784, 128]]) {
  row(`matmul ${m}x${k}x${n}, a fma`, "ns", (open) => {
    const builder = new Builder([{ name: "x", dtype: "f32", shape: [m, k] }, { name: "y", dtype: "f32", shape: [k, n] }]);
    builder.output("z", builder.apply("matmul", [0, 1], { transpose_a: false, transpose_b: false, panel: 256 }));
    const session = open(builder.program(), new Map());
    const inputs = new Map([["x", tensor("f32", [m, k], numbers(m * k))], ["y", tensor("f32", [k, n], numbers(k * n))]]);
    return (best(20, () => session.run(inputs)) / (m * k * n)) * 1e9;
  });
}
for (const op of ["add", "mul", "fma", "exp", "log", "tanh", "erf", "cospi"]) {
  row(`${op}, an element`, "ns", (open) => {
    const size = 2 ** 18;
    const arity = { add: 2, mul: 2, fma: 3 }[op] ?? 1;
    const builder = new Builder([{ name: "x", dtype: "f32", shape: [size] }]);
    builder.output("y", builder.apply(op, Array(arity).fill(0)));
    const session = open(builder.program(), new Map());
    const inputs = new Map([["x", tensor("f32", [size], numbers(size).map((v) => Math.abs(v) + 0.01))]]);
    return (best(10, () => session.run(inputs)) / size) * 1e9;
  });
}
const job = digitsJob({ steps: 100 });
row("training 64-32-10, 100 steps of 32 rows", "s", (open) => best(3, () => train(job, open)));
const prints = executors.map(([, open]) => fingerprint(train(job, open).state));
console.log(`\nfingerprint${new Set(prints).size > 1 ? "s DIFFER" : ""}: ${prints.join(" ")}`);
process.exitCode = new Set(prints).size > 1 ? 1 : 0;
