// The fingerprint of named tensors (section 8 of the contract).

import { toLittleEndian } from "./bytes.mjs";
import { Sha256 } from "./sha256.mjs";
import { observedWords } from "./tensor.mjs";

const encoder = new TextEncoder();

/**
 * The order of UTF-8 bytes; JavaScript's own order of strings is that of UTF-16 units.
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 * @returns {number}
 */
function compareBytes(a, b) {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

/**
 * SHA-256 over tensors sorted by name.
 * @param {Iterable<[string, import("./tensor.mjs").Tensor]>} tensors for instance a Map
 * @returns {string} 64 lower-case hex digits
 */
export function fingerprint(tensors) {
  const entries = Array.from(tensors, ([name, value]) => ({ name: encoder.encode(name), value }));
  entries.sort((a, b) => compareBytes(a.name, b.name));
  const hash = new Sha256();
  for (const { name, value } of entries) {
    hash.update(name).update(encoder.encode(`\0${value.dtype}\0${value.shape.join(",")}\0`));
    hash.update(toLittleEndian(observedWords(value)));
  }
  return hash.hex();
}

/** The format of a file of results. */
export const RUN = "paragon-run";

/**
 * What identifies a file's content: of results the outputs, under their own names, of others all tensors.
 * @param {import("./safetensors.mjs").TensorFile} file
 * @returns {string}
 */
export function fileFingerprint({ metadata, tensors }) {
  if (metadata.get("format") !== RUN) return fingerprint(tensors);
  const prefix = "output.";
  const outputs = [...tensors].filter(([name]) => name.startsWith(prefix));
  return fingerprint(new Map(outputs.map(([name, value]) => [name.slice(prefix.length), value])));
}
