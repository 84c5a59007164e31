// Vector files: programs with inputs and the words that must come out.

import { parseJson } from "./json.mjs";
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
export function runVectors({ metadata, tensors }, open = openSession) {
  if (metadata.get("format") !== "paragon-vectors") throw new Error("the metadata's format is not paragon-vectors");
  const cases = /** @type {any} */ (parseJson(metadata.get("cases") ?? ""));
  if (!Array.isArray(cases) || cases.length === 0) throw new Error("vectors: there is no case");
  return cases.map(({ name, program }, k) => {
    try {
      const session = open(program, under(tensors, `${k}/state/`));
      const { outputs } = session.run(under(tensors, `${k}/in/`));
      const updated = new Set(program.updates.map((/** @type {{state: string}} */ { state }) => state));
      const state = new Map(Array.from(session.state).filter(([key]) => updated.has(key)));
      const failure = difference("output", under(tensors, `${k}/out/`), outputs)
        ?? difference("state", under(tensors, `${k}/new/`), state);
      return { name, failure };
    } catch (error) {
      return { name, failure: /** @type {Error} */ (error).message };
    }
  });
}
