// The elementary functions against the fixed-point oracle, on samples, hard cases and special values.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import * as elementary from "../src/elementary.mjs";
import * as slow from "../src/elementary_dd.mjs";
import { fromWord, hex, toWord, xorshift } from "./exact.mjs";
import { errorBits, oracle } from "./elementary_oracle.mjs";

/** @type {{[name: string]: (x: number) => number}} */
const functions = { ...elementary };

/** Where a function is neither exact, nor rounds to a constant, nor is undefined: [lowest, highest exponent field, signs]. */
/** @type {{[name: string]: {fields: [number, number], signs: number[], avoid?: (x: number) => boolean}}} */
const DOMAINS = {
  exp: { fields: [100, 133], signs: [0, 1], avoid: (x) => x > 88.8 || x < -103.9 },
  expm1: { fields: [1, 133], signs: [0, 1], avoid: (x) => x > 88.8 },
  log: { fields: [1, 254], signs: [0], avoid: (x) => x === 1 },
  log1p: { fields: [1, 254], signs: [0, 1], avoid: (x) => x <= -1 },
  tanh: { fields: [1, 130], signs: [0, 1] },
  erf: { fields: [1, 129], signs: [0, 1] },
  sinpi: { fields: [1, 149], signs: [0, 1], avoid: (x) => (2 * x) % 1 === 0 },
  cospi: { fields: [100, 149], signs: [0, 1], avoid: (x) => (2 * x) % 1 === 0 },
};

/** @type {(name: string, word: number) => void} */
function check(name, word) {
  assert.equal(hex(toWord(functions[name](fromWord(word)))), hex(oracle(name, word)), `${name}(${hex(word)})`);
}

for (const [name, { fields: [low, high], signs, avoid }] of Object.entries(DOMAINS)) {
  test(`${name} is correctly rounded on a sample`, () => {
    const random = xorshift(name.length * 7 + name.charCodeAt(0));
    for (let i = 0; i < 400; i++) {
      const field = i % 2 ? 118 + (random() % 12) : low + (random() % (high - low + 1));
      const word = ((signs[random() % signs.length] << 31) | (field << 23) | (random() & 0x7fffff)) >>> 0;
      if (field >= low && field <= high && !avoid?.(fromWord(word))) check(name, word);
    }
  });

  test(`${name}: the error of the double-double version is below 2^-92`, () => {
    const random = xorshift(name.length);
    const f = /** @type {any} */ (slow)[name];
    for (let i = 0; i < 100; i++) {
      const field = i % 2 ? 119 + (random() % 7) : low + (random() % (Math.min(high, 126) - low + 1));
      const x = fromWord(((signs[random() % signs.length] << 31) | (field << 23) | (random() & 0x7fffff)) >>> 0);
      const argument = name.endsWith("pi") ? Math.fround(x / 4) : x; // reduced already
      if (argument === 0 || avoid?.(argument)) continue;
      const bits = errorBits(name, toWord(argument), f(["exp", "expm1", "log"].includes(name) ? [argument, 0] : argument));
      assert.ok(bits < -92, `${name}(${argument}) has an error of 2^${bits}`);
    }
  });
}

test("log where rounding a binary64 logarithm goes wrong", () => {
  for (const word of [0x3c413d3a, 0x41178feb, 0x4c5d65a5, 0x65d890d3, 0x6f31a8ec]) check("log", word);
});

test("the arguments whose results come nearest to ties, of all 2^32 (tests/data/hard_cases.json)", () => {
  /** @type {{[name: string]: [string, string][]}} */
  const cases = JSON.parse(readFileSync(new URL("../../../../tests/data/hard_cases.json", import.meta.url), "utf8"));
  assert.deepEqual(Object.keys(cases).sort(), Object.keys(DOMAINS).sort());
  for (const [name, pairs] of Object.entries(cases)) {
    assert.ok(pairs.length > 50);
    for (const [argument, result] of pairs) {
      assert.equal(hex(toWord(functions[name](fromWord(parseInt(argument, 16))))), result, `${name}(${argument})`);
    }
  }
});

test("next to ties: expm1 and log1p of 2^-k, where x^2/2 is half a unit", () => {
  for (const name of ["expm1", "log1p"])
    for (let field = 100; field < 106; field++)
      for (const fraction of [0, 1, 2, 0x400000, 0x7fffff])
        for (const sign of [0, 0x80000000]) check(name, (sign | (field << 23) | fraction) >>> 0);
});

test("special values", () => {
  const { exp, expm1, log, log1p, tanh, erf, sinpi, cospi } = elementary;
  const tiny = 2 ** -149;
  /** @type {[string, number, number][]} */
  const cases = [
    ["exp(0)", exp(0), 1], ["exp(-0)", exp(-0), 1], ["exp(inf)", exp(Infinity), Infinity], ["exp(-inf)", exp(-Infinity), 0],
    ["exp overflow", exp(fromWord(0x42b17218)), Infinity], ["exp max", exp(fromWord(0x42b17217)), fromWord(0x7f7fff84)],
    ["exp(-104)", exp(-104), 0], ["exp(tiny)", exp(tiny), 1], ["exp(NaN)", exp(NaN), NaN],
    ["expm1(-0)", expm1(-0), -0], ["expm1(-inf)", expm1(-Infinity), -1], ["expm1(tiny)", expm1(tiny), tiny], ["expm1(NaN)", expm1(NaN), NaN],
    ["log(0)", log(0), -Infinity], ["log(-0)", log(-0), -Infinity], ["log(1)", log(1), 0], ["log(-1)", log(-1), NaN], ["log(inf)", log(Infinity), Infinity],
    ["log1p(-1)", log1p(-1), -Infinity], ["log1p(-0)", log1p(-0), -0], ["log1p(-2)", log1p(-2), NaN], ["log1p(inf)", log1p(Infinity), Infinity],
    ["tanh(-0)", tanh(-0), -0], ["tanh(-inf)", tanh(-Infinity), -1], ["tanh(NaN)", tanh(NaN), NaN],
    ["erf(-0)", erf(-0), -0], ["erf(inf)", erf(Infinity), 1], ["erf(-5)", erf(-5), -1], ["erf(NaN)", erf(NaN), NaN],
    ["sinpi(0)", sinpi(0), 0], ["sinpi(-0)", sinpi(-0), -0], ["sinpi(3)", sinpi(3), 0], ["sinpi(-2)", sinpi(-2), -0], ["sinpi(2^30)", sinpi(2 ** 30), 0],
    ["sinpi(1/2)", sinpi(0.5), 1], ["sinpi(-3/2)", sinpi(-1.5), 1], ["sinpi(inf)", sinpi(Infinity), NaN], ["sinpi(NaN)", sinpi(NaN), NaN],
    ["cospi(1/2)", cospi(0.5), 0], ["cospi(-7/2)", cospi(-3.5), 0], ["cospi(1)", cospi(1), -1], ["cospi(2^30)", cospi(2 ** 30), 1],
    ["cospi(8388607)", cospi(8388607), -1], ["cospi(-inf)", cospi(-Infinity), NaN], ["cospi(tiny)", cospi(tiny), 1],
  ];
  for (const [label, got, want] of cases) assert.ok(Object.is(got, want), `${label} is ${got}, not ${want}`);
});
