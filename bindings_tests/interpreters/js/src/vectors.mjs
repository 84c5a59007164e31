// Vector files: programs with inputs and the words that must come out.

import { readCases } from "./kinds.mjs";
import { openSession } from "./session.mjs";
import { observedWords, sameShape, showType } from "./tensor.mjs";

/** @typedef {import("./tensor.mjs").Tensor} Tensor */
/** @typedef {{name: string, failure: string | null}} Verdict failure says the first difference */

/** @type {(tensors: Map<string, Tensor>, prefix: string) => Map<string, Tensor>} */
const under = (tensors, prefix) =>
  new Map(Array.from(tensors).filter(([name]) => name.startsWith(prefix)).map(([name, x]) => [name.slice(prefix.length), x]));

/** @type {(word: number) => string} */
const hex = (word) => word.toString(16).padStart(8, "0");

/**
 * @param {string} kind
 * @param {Map<string, Tensor>} expected
 * @param {Map<string, Tensor>} actual
 * @returns {string | null} the first difference
 */
function difference(kind, expected, actual) {
  for (const name of actual.keys()) if (!expected.has(name)) return `${kind} ${name}: nothing is expected`;
  for (const [name, want] of expected) {
    const got = actual.get(name);
    if (!got) return `${kind} ${name}: missing`;
    if (got.dtype !== want.dtype || !sameShape(got.shape, want.shape)) {
      return `${kind} ${name}: ${showType(got)} instead of ${showType(want)}`;
    }
    const [a, b] = [observedWords(want), observedWords(got)];
    const i = a.findIndex((word, j) => word !== b[j]);
    if (i >= 0) return `${kind} ${name}: element ${i} is ${hex(b[i])} instead of ${hex(a[i])}`;
  }
  return null;
}

/**
 * Runs the cases of a vector file.
 * @param {import("./safetensors.mjs").TensorFile} file
 * @param {import("./session.mjs").Open} [open] what runs the programs
 * @returns {Verdict[]}
 * @throws {Error} for a file that is not one of vectors
 */
export function runVectors(file, open = openSession) {
  return readCases(file).map(({ name, program }, k) => {
    const part = (/** @type {string} */ kind) => under(file.tensors, `${k}/${kind}/`);
    try {
      const session = open(program, part("state"));
      const { outputs } = session.run(part("in"));
      const updated = new Set(program.updates.map(({ state }) => state));
      const state = new Map(Array.from(session.state).filter(([key]) => updated.has(key)));
      return { name, failure: difference("output", part("out"), outputs) ?? difference("state", part("new"), state) };
    } catch (error) {
      return { name, failure: /** @type {Error} */ (error).message };
    }
  });
}
