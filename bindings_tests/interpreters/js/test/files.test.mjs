// Philox, permutations, SHA-256, JSON, safetensors, fingerprints.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { bits, fingerprint, permutation, readSafetensors, tensor, writeSafetensors } from "../paragon.mjs";
import { Real, parseJson } from "../src/json.mjs";
import { mulHigh, philox, words } from "../src/philox.mjs";
import { Sha256 } from "../src/sha256.mjs";
import { fromWord, hex, xorshift } from "./exact.mjs";

const encoder = new TextEncoder();

test("mulHigh against BigInt", () => {
  const random = xorshift(5);
  const edges = [0, 1, 0xffff, 0x10000, 0xffffffff, 0x80000000];
  for (let i = 0; i < 5000; i++) {
    const [a, b] = [i % 3 ? random() : edges[random() % 6], i % 5 ? random() : edges[random() % 6]];
    assert.equal(mulHigh(a, b), Number((BigInt(a) * BigInt(b)) >> 32n));
  }
});

test("philox4x32-10: the known answers of Random123 (kat_vectors)", () => {
  const known = [
    ["00000000 00000000 00000000 00000000 00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
    ["ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"],
    ["243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"],
  ];
  for (const [input, want] of known) {
    const [c0, c1, c2, c3, k0, k1] = input.split(" ").map((w) => parseInt(w, 16));
    const out = new Uint32Array(4);
    philox(out, k0, k1, c0, c1, c2, c3);
    assert.equal(Array.from(out, hex).join(" "), want);
  }
});

test("streams: block numbers carry and wrap, bits are the top bits at a step", () => {
  const seed = [5, 6];
  const block = (/** @type {number} */ low, /** @type {number} */ high) => {
    const out = new Uint32Array(4);
    philox(out, 5, 6, low, high, 9, 0);
    return [...out];
  };
  assert.deepEqual([...words(seed, 9, 8, 0xffffffff, 1)], [...block(0xffffffff, 1), ...block(0, 2)]);
  assert.deepEqual([...words(seed, 9, 6, 0xffffffff, 0xffffffff)], [...block(0xffffffff, 0xffffffff), ...block(0, 0).slice(0, 2)]);
  assert.deepEqual([...bits(seed, 3, 9, 5, 7)], [...words(seed, 9, 5, 6)].map((word) => word >>> 25));
  const far = 0xfffffff1n * 3n; // step times blocks of 9 draws
  assert.deepEqual([...bits(seed, 0xfffffff1, 9, 9, 32)], [...words(seed, 9, 9, Number(far & 0xffffffffn), Number(far >> 32n))]);
});

test("permutation against the definition in BigInt", () => {
  for (const n of [0, 1, 2, 3, 10, 257]) {
    const draws = words([1, 2], 0x80000003, Math.max(n - 1, 0));
    const a = Array.from({ length: n }, (_, i) => i);
    let draw = 0;
    for (let i = n - 1; i >= 1; i--) {
      const j = Number((BigInt(draws[draw++]) * BigInt(i + 1)) >> 32n);
      [a[i], a[j]] = [a[j], a[i]];
    }
    assert.deepEqual([...permutation(n, [1, 2], 0x80000003)], a);
  }
});

test("SHA-256 against FIPS 180-4 and another implementation", () => {
  assert.equal(new Sha256().update(encoder.encode("abc")).hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const random = xorshift(6);
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, () => random());
    const cut = length ? random() % length : 0;
    const own = new Sha256().update(bytes.subarray(0, cut)).update(bytes.subarray(cut)).hex();
    assert.equal(own, createHash("sha256").update(bytes).digest("hex"), `${length} bytes`);
  }
});

test("JSON: what JSON.parse accepts, except for names that stand twice and depth", () => {
  for (const text of [' {"a": [1, -2.5e3, true, false, null, "x\\n\\u00e9\\"\\\\"], "b": {}, "__proto__": []} ', '""', "0", "[]"]) {
    assert.equal(JSON.stringify(parseJson(text)), JSON.stringify(JSON.parse(text)));
  }
  const bad = ["", "{", "[1,]", '{"a":1,}', "01", "+1", ".5", "1.", "tru", '"\n"', '"\\x"', '"abc', "[1] 2", "{a:1}", "NaN", '{"a" 1}', "'a'", '"\\'];
  for (const text of bad) assert.throws(() => parseJson(text), /^Error: JSON: .* at character \d+$/, text);
  assert.throws(() => parseJson('{"a": 1, "\\u0061": 2}'), /"a" stands twice/);
  for (const text of ['"\\ud800"', '"\\udc00\\ud800"', '{"\\ud800": 1}']) assert.throws(() => parseJson(text), /surrogate/);
  for (const text of ["1e999", "[-1e309]", "9".repeat(310)]) assert.throws(() => parseJson(text), /beyond binary64/);
  for (const text of ["1e308", "1e-999", "9".repeat(300), "3.0", "3e0", "-0", "-1", "9007199254740993"]) {
    assert.ok(parseJson(text) instanceof Real, text);
  }
  assert.deepEqual(["0", "3", "9007199254740991"].map(parseJson), [0, 3, 9007199254740991]);
  for (const inside of ["", "1", "1,2"]) {
    const nested = (/** @type {number} */ depth) => "[".repeat(depth) + inside + "]".repeat(depth);
    parseJson(nested(64));
    assert.throws(() => parseJson(nested(65)), /levels/);
  }
  assert.throws(() => parseJson("[".repeat(100_000)), /levels/);
  assert.equal(parseJson(`"${"\\n".repeat(1_000_000)}"`), "\n".repeat(1_000_000));
});

const sample = new Map([
  ["w", tensor("f32", [2, 3], [1, -0, NaN, Infinity, 2 ** -149, -2.5])],
  ["é/i", tensor("i32", [2], [-1, 2 ** 31 - 1])],
  ["empty", tensor("u32", [0, 4])],
  ["scalar", tensor("u32", [], [4294967295])],
]);

test("safetensors: what is written is read, NaNs as one", () => {
  const odd = tensor("f32", [1]);
  new Uint32Array(odd.data.buffer)[0] = 0xffa12345;
  const tensors = new Map([...sample, ["odd", odd]]);
  const bytes = writeSafetensors({ metadata: new Map([["format", "é \" \n"], ["__proto__", "x"]]), tensors });
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  for (const source of [bytes, shifted.subarray(1), Buffer.from(bytes)]) {
    const back = readSafetensors(source);
    assert.deepEqual([...back.metadata], [["format", "é \" \n"], ["__proto__", "x"]]);
    assert.deepEqual([...back.tensors.keys()].sort(), [...tensors.keys()].sort());
    for (const [name, x] of sample) assert.deepEqual(back.tensors.get(name), x);
    assert.equal(new Uint32Array(/** @type {any} */ (back.tensors.get("odd")).data.buffer)[0], 0x7fc00000);
  }
});

/** @type {(header: unknown, size: number) => Uint8Array} */
function file(header, size) {
  const text = encoder.encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + size);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 8);
  return bytes;
}

test("safetensors: malformed files are refused", () => {
  const good = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
  assert.equal(readSafetensors(file({ a: good }, 8)).tensors.size, 1);
  /** @type {[Uint8Array, RegExp][]} */
  const bad = [
    [new Uint8Array(7), /shorter than 8/],
    [Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 123), /a header of 18446744073709552000 bytes/],
    [Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 123, 125), /a header of 9 bytes/],
    [file("[]", 0), /not a JSON object/],
    [file("{", 0), /JSON: /],
    [file(" {}", 0), /from its first byte on/],
    [file("{}\n", 0), /nothing but spaces/],
    [file('{"__metadata__": null}', 0), /__metadata__/],
    [file('{"a": {"dtype": "F32", "shape": [2.0], "data_offsets": [0, 8]}}', 8), /a shape is a list/],
    [file('{"a": 1, "a": 2}', 0), /stands twice/],
    [file({ a: good, b: good }, 8), /gap or overlap/],
    [file({ a: { ...good, data_offsets: [4, 12] } }, 12), /gap or overlap/],
    [file({ a: good }, 9), /1 bytes at the end/],
    [file({ a: good }, 7), /"a": the bytes 0 to 8 are not within/],
    [file({ a: { ...good, dtype: "F64" } }, 8), /"a": dtype "F64"/],
    [file({ a: { ...good, dtype: "toString" } }, 8), /dtype "toString"/],
    [file({ a: { ...good, shape: [3] } }, 8), /8 bytes for the shape \[3\]/],
    [file({ a: { ...good, shape: [-2] } }, 8), /a shape is a list/],
    [file({ a: { ...good, shape: [2.5] } }, 8), /a shape is a list/],
    [file({ a: { ...good, shape: [2 ** 40, 0], data_offsets: [0, 0] } }, 0), /a shape is a list/],
    [file({ a: { ...good, shape: Array(9).fill(1) } }, 8), /rank 9/],
    [file({ a: { ...good, data_offsets: [8, 0] } }, 8), /not within/],
    [file({ a: { ...good, data_offsets: [0] } }, 8), /data_offsets is a list of two/],
    [file({ a: { ...good, extra: 1 } }, 8), /an entry has the keys/],
    [file({ a: null }, 0), /an entry has the keys/],
    [file({ __metadata__: { a: 1 } }, 0), /__metadata__ is an object of strings/],
    [file({ __metadata__: [] }, 0), /__metadata__ is an object of strings/],
    [(() => { const f = file('{"a"}', 0); f[10] = 0xff; return f; })(), /not UTF-8/],
  ];
  for (const [bytes, message] of bad) assert.throws(() => readSafetensors(bytes), message);
  const whole = writeSafetensors({ metadata: new Map(), tensors: sample });
  for (let length = 0; length < whole.length; length++) assert.throws(() => readSafetensors(whole.subarray(0, length)), Error);
});

test("fingerprint: the bytes that section 8 names", () => {
  const text = (/** @type {string} */ name, /** @type {string} */ dtype, /** @type {string} */ shape) => Buffer.from(`${name}\0${dtype}\0${shape}\0`);
  const wordsOf = (/** @type {number[]} */ ...list) => Buffer.concat(list.map((word) => Buffer.from([word, word >>> 8, word >>> 16, word >>> 24])));
  const message = Buffer.concat([
    text("empty", "u32", "0,4"),
    text("scalar", "u32", ""), wordsOf(0xffffffff),
    text("w", "f32", "2,3"), wordsOf(0x3f800000, 0x80000000, 0x7fc00000, 0x7f800000, 1, 0xc0200000),
    text("é/i", "i32", "2"), wordsOf(0xffffffff, 0x7fffffff),
  ]);
  assert.equal(fingerprint(sample), createHash("sha256").update(message).digest("hex"));
  const one = tensor("f32", [1], [fromWord(0x3f800000)]);
  const order = new Map([["\u{ff5e}", one], ["\u{1f600}", one]]); // by UTF-8 bytes, not by UTF-16 units
  const bytes = [..."\u{ff5e}\u{1f600}"].map((name) => Buffer.concat([text(name, "f32", "1"), wordsOf(0x3f800000)]));
  assert.equal(fingerprint([...order].reverse()), createHash("sha256").update(Buffer.concat(bytes)).digest("hex"));
});
