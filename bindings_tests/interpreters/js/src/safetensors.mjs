// Safetensors files (https://github.com/huggingface/safetensors) with F32, I32 and U32 tensors.
//
// 8 bytes: the length of the header, little-endian; the header: a JSON object that gives each tensor's dtype, shape and
// byte range in the rest of the file, and `__metadata__`, strings by name; then the bytes, without gaps or overlaps.

import { checkShape } from "./attributes.mjs";
import { fromLittleEndian, toLittleEndian } from "./bytes.mjs";
import { isObject, parseJson } from "./json.mjs";
import { ARRAYS, count, observedWords } from "./tensor.mjs";

/** @typedef {import("./tensor.mjs").Tensor} Tensor */
/** @typedef {{metadata: Map<string, string>, tensors: Map<string, Tensor>}} TensorFile */
/** @typedef {{dtype: import("./tensor.mjs").DType, shape: number[], begin: number, end: number}} Place where a tensor's bytes lie in the data */
/** @typedef {{metadata: Map<string, string>, tensors: Map<string, Place>}} Header what a file says before the words of its tensors */

/** @type {{[name: string]: import("./tensor.mjs").DType}} */
const DTYPES = { F32: "f32", I32: "i32", U32: "u32" };
const MAX_HEADER = 100_000_000;
const KEYS = ["data_offsets", "dtype", "shape"];

/** @type {(value: unknown) => value is number[]} */
const isSizes = (value) => Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);

/**
 * @param {unknown} entry
 * @param {number} size of the data
 * @returns {Place}
 */
function checkEntry(entry, size) {
  if (!isObject(entry) || Object.keys(entry).sort().join() !== KEYS.join()) {
    throw new Error(`an entry has the keys ${KEYS.join(", ")}`);
  }
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string" || !Object.hasOwn(DTYPES, dtype)) {
    throw new Error(`dtype ${JSON.stringify(dtype)} is none of F32, I32, U32`);
  }
  checkShape(shape);
  if (!isSizes(offsets) || offsets.length !== 2) throw new Error("data_offsets is a list of two integers");
  const [begin, end] = offsets;
  if (begin > end || end > size) throw new Error(`the bytes ${begin} to ${end} are not within the ${size} of the file`);
  if (end - begin !== 4 * count(shape)) throw new Error(`${end - begin} bytes for the shape [${shape.join(", ")}]`);
  return { dtype: DTYPES[dtype], shape, begin, end };
}

/** @type {(value: unknown) => Map<string, string>} */
function checkMetadata(value) {
  if (!isObject(value)) throw new Error("safetensors: __metadata__ is an object of strings");
  const entries = Object.entries(value);
  if (!entries.every(([, text]) => typeof text === "string")) {
    throw new Error("safetensors: __metadata__ is an object of strings");
  }
  return new Map(/** @type {[string, string][]} */ (entries));
}

/**
 * @param {Uint8Array} bytes a whole file
 * @returns {TensorFile}
 * @throws {Error} for a malformed file, naming the tensor
 */
export function readSafetensors(bytes) {
  const length = headerLength(bytes.subarray(0, 8), bytes.length);
  const data = bytes.subarray(8 + length);
  const { metadata, tensors } = readHeader(bytes.subarray(8, 8 + length), data.length);
  return {
    metadata,
    tensors: new Map(Array.from(tensors, ([name, { dtype, shape, begin, end }]) =>
      [name, { dtype, shape, data: new ARRAYS[dtype](fromLittleEndian(data.subarray(begin, end))) }])),
  };
}

/**
 * @param {Uint8Array} bytes the first 8 of a file
 * @param {number} size of the file
 * @returns {number}
 */
export function headerLength(bytes, size) {
  if (bytes.length < 8) throw new Error("safetensors: the file is shorter than 8 bytes");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true) + 2 ** 32 * view.getUint32(4, true);
  if (length > Math.min(size - 8, MAX_HEADER)) {
    throw new Error(`safetensors: a header of ${length} bytes in a file of ${size}`);
  }
  return length;
}

/**
 * @param {Uint8Array} bytes of the header
 * @param {number} size of the data
 * @returns {Header}
 */
export function readHeader(bytes, size) {
  const header = decodeHeader(bytes);
  /** @type {Header["tensors"]} */
  const tensors = new Map();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    try {
      tensors.set(name, checkEntry(entry, size));
    } catch (error) {
      throw new Error(`safetensors: tensor ${JSON.stringify(name)}: ${/** @type {Error} */ (error).message}`);
    }
  }
  checkCover([...tensors.values()], size);
  return { metadata: checkMetadata("__metadata__" in header ? header.__metadata__ : {}), tensors };
}

/** @type {(bytes: Uint8Array) => {[key: string]: unknown}} */
function decodeHeader(bytes) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Error("safetensors: the header is not UTF-8");
  }
  const header = parseJson(text);
  if (!isObject(header) || text[0] !== "{" || !/} *$/.test(text)) {
    throw new Error("safetensors: the header is not a JSON object from its first byte on, with nothing but spaces after it");
  }
  return header;
}

/** @type {(tensors: Place[], size: number) => void} */
function checkCover(tensors, size) {
  let at = 0;
  for (const { begin, end } of tensors.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at) throw new Error(`safetensors: tensors leave a gap or overlap at byte ${Math.min(begin, at)}`);
    at = end;
  }
  if (at !== size) throw new Error(`safetensors: ${size - at} bytes at the end belong to no tensor`);
}

/**
 * @param {TensorFile} file
 * @returns {Uint8Array} a whole file; the data starts at a multiple of 8 bytes
 */
export function writeSafetensors({ metadata, tensors }) {
  /** @type {{[name: string]: unknown}} */
  const header = Object.create(null);
  if (metadata.size > 0) header.__metadata__ = Object.fromEntries(metadata);
  let at = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    if (name === "__metadata__") throw new Error("safetensors: no tensor can have the name __metadata__");
    header[name] = { dtype: dtype.toUpperCase(), shape, data_offsets: [at, at + data.byteLength] };
    at += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + length + at).fill(0x20, 8, 8 + length);
  new DataView(file.buffer).setUint32(0, length, true);
  new DataView(file.buffer).setUint32(4, 0, true);
  file.set(text, 8);
  at = 8 + length;
  for (const value of tensors.values()) {
    file.set(toLittleEndian(observedWords(value)), at);
    at += value.data.byteLength;
  }
  return file;
}
