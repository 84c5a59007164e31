// round_to: words and what they become, from NumPy and ml_dtypes.

import assert from "node:assert/strict";
import test from "node:test";
import { Builder, Session, observedWords } from "../paragon.mjs";
import { Sha256 } from "../src/sha256.mjs";

/** @type {(format: string, words: Uint32Array) => Uint32Array} every NaN as one */
function rounded(format, words) {
  const builder = new Builder([{ name: "x", dtype: "f32", shape: [words.length] }]);
  builder.output("y", builder.apply("round_to", [0], { format }));
  const x = { dtype: /** @type {const} */ ("f32"), shape: [words.length], data: new Float32Array(words.buffer) };
  const y = new Session(builder.program()).run(new Map([["x", x]])).outputs.get("y");
  return observedWords(/** @type {import("../src/tensor.mjs").Tensor} */ (y));
}

/**
 * For each format: zeros, subnormals of f32 and of the format, ties both ways and their neighbours, what is around the largest
 * value, infinities, NaNs; and the SHA-256 of what every 4099th word becomes.
 * @type {{[format: string]: {pairs: string, sweep: string}}}
 */
const ROUNDINGS = {
  f16: {
    pairs: `
      00000000>00000000 80000000>80000000 00000001>00000000 80000001>80000000 00800000>00000000 33000000>00000000
      33000001>33800000 33800000>33800000 33bfffff>33800000 33c00000>34000000 33c00001>34000000 b4200000>b4000000
      387fdfff>387fc000 387fe000>38800000 38800000>38800000 3f801000>3f800000 3f801001>3f802000 3f803000>3f804000
      bf802fff>bf802000 477fe000>477fe000 477fefff>477fe000 477ff000>7f800000 477ff001>7f800000 c77ff000>ff800000
      c77fefff>c77fe000 7f7fffff>7f800000 7f800000>7f800000 ff800000>ff800000 7fc00000>7fc00000 7f800001>7fc00000
      ffc12345>7fc00000`,
    sweep: "c7c49b1a67340bb434b94c243251f206637f2c85ec0175a18e12ee4ddba25334",
  },
  bf16: {
    pairs: `
      00000000>00000000 80000000>80000000 00000001>00000000 80000001>80000000 00800000>00800000 00008000>00000000
      00008001>00010000 00010000>00010000 00017fff>00010000 00018000>00020000 00018001>00020000 80028000>80020000
      007f7fff>007f0000 007f8000>00800000 3f808000>3f800000 3f808001>3f810000 3f818000>3f820000 bf817fff>bf810000
      7f7f0000>7f7f0000 7f7f7fff>7f7f0000 7f7f8000>7f800000 7f7f8001>7f800000 ff7f8000>ff800000 ff7f7fff>ff7f0000
      7f7fffff>7f800000 7f800000>7f800000 ff800000>ff800000 7fc00000>7fc00000 7f800001>7fc00000 ffc12345>7fc00000`,
    sweep: "268ca6405553607c8ed4532b132f9ec0ee7de3beb11981662e2e0982c20db664",
  },
  e4m3fn: {
    pairs: `
      00000000>00000000 80000000>80000000 00000001>00000000 80000001>80000000 00800000>00000000 3a800000>00000000
      3a800001>3b000000 3b000000>3b000000 3b3fffff>3b000000 3b400000>3b800000 3b400001>3b800000 bba00000>bb800000
      3c6fffff>3c600000 3c700000>3c800000 3c800000>3c800000 3f880000>3f800000 3f880001>3f900000 3f980000>3fa00000
      bf97ffff>bf900000 43e00000>43e00000 43e7ffff>43e00000 43e80000>43e00000 43e80001>7fc00000 c3e80000>c3e00000
      c3e7ffff>c3e00000 7f7fffff>7fc00000 7f800000>7fc00000 ff800000>7fc00000 7fc00000>7fc00000 7f800001>7fc00000
      ffc12345>7fc00000`,
    sweep: "6ef54f296159fd7629090822e6062f39894940b405acef807eed7c2e2fa7dbbc",
  },
  e5m2: {
    pairs: `
      00000000>00000000 80000000>80000000 00000001>00000000 80000001>80000000 00800000>00000000 37000000>00000000
      37000001>37800000 37800000>37800000 37bfffff>37800000 37c00000>38000000 37c00001>38000000 b8200000>b8000000
      385fffff>38400000 38600000>38800000 38800000>38800000 3f900000>3f800000 3f900001>3fa00000 3fb00000>3fc00000
      bfafffff>bfa00000 47600000>47600000 476fffff>47600000 47700000>7f800000 47700001>7f800000 c7700000>ff800000
      c76fffff>c7600000 7f7fffff>7f800000 7f800000>7f800000 ff800000>ff800000 7fc00000>7fc00000 7f800001>7fc00000
      ffc12345>7fc00000`,
    sweep: "084b10cafc72c0e5d579e493b42f2ed3c2f7b534a9c6c67750f4bdb6bf2e152b",
  },
};

for (const [format, { pairs, sweep }] of Object.entries(ROUNDINGS)) {
  test(`round_to ${format}: the classes of values`, () => {
    const table = pairs.trim().split(/\s+/).map((pair) => pair.split(">"));
    const found = rounded(format, Uint32Array.from(table, ([from]) => parseInt(from, 16)));
    const shown = table.map(([from], i) => `${from}>${found[i].toString(16).padStart(8, "0")}`);
    assert.deepEqual(shown, table.map((pair) => pair.join(">")));
  });

  test(`round_to ${format}: every 4099th word`, () => {
    const found = rounded(format, Uint32Array.from({ length: Math.ceil(2 ** 32 / 4099) }, (_, i) => i * 4099));
    const bytes = new DataView(new ArrayBuffer(4 * found.length));
    found.forEach((word, i) => bytes.setUint32(4 * i, word, true));
    const hash = new Sha256();
    hash.update(new Uint8Array(bytes.buffer));
    assert.equal(hash.hex(), sweep);
  });
}

test("round_to refuses other dtypes and formats", () => {
  const apply = (/** @type {"f32" | "i32"} */ dtype, /** @type {string} */ format) =>
    new Builder([{ name: "x", dtype, shape: [1] }]).apply("round_to", [0], { format });
  assert.equal(apply("f32", "e5m2"), 1);
  assert.throws(() => apply("i32", "e5m2"), /i32\[1\] is not f32/);
  assert.throws(() => apply("f32", "e5m3"), /one of f16, bf16, e4m3fn, e5m2 is expected/);
});
