// Basic operations against exact rational arithmetic.

import assert from "node:assert/strict";
import test from "node:test";
import { fma } from "../paragon.mjs";
import { toI32, toU32 } from "../src/f32.mjs";
import { edgyWord, exactDiv, exactFma, exactSqrt, fromWord, hex, isFinite, toWord, xorshift } from "./exact.mjs";

const { fround } = Math;
const ONE = 0x3f800000;
const MINUS_ONE = 0xbf800000;

/** @type {(a: number, b: number, c: number) => void} */
function checkFma(a, b, c) {
  const got = toWord(fma(fromWord(a), fromWord(b), fromWord(c)));
  const want = exactFma(a, b, c);
  assert.equal(hex(got), hex(want), `fma(${hex(a)}, ${hex(b)}, ${hex(c)})`);
}

test("fma is correctly rounded on random and edge operands", () => {
  const random = xorshift(1);
  for (let i = 0; i < 100_000; i++) checkFma(edgyWord(random), edgyWord(random), edgyWord(random));
});

test("fma is correctly rounded next to every kind of tie", () => {
  // The product has 48 bits; c is the f32 nearest to a tie minus the product, so that the sum lands on or beside ties.
  const random = xorshift(2);
  let wrong = 0;
  for (let i = 0; i < 100_000; i++) {
    const field = [1, 2, 20, 64, 120, 127, 190, 253][random() % 8];
    const target = fromWord((field << 23) | (random() & 0x7fffff));
    const a = edgyWord(random);
    const [x, y] = [fromWord(a), fromWord(edgyWord(random))];
    const tie = target * (1 + (random() % 2) * 2 ** -24);
    const c = toWord(fround(random() % 2 ? tie - x * y : tie));
    const b = random() % 2 ? toWord(y) : toWord(fround((tie - fromWord(c)) / x));
    if (!isFinite(a) || !isFinite(b) || !isFinite(c)) continue;
    checkFma(a, b, c);
    if (toWord(fround(fromWord(a) * fromWord(b) + fromWord(c))) !== exactFma(a, b, c)) wrong++;
  }
  assert.ok(wrong > 50, `the cases separate fma from a twice rounded sum (${wrong} do)`);
});

test("fma is correctly rounded where the result is subnormal or overflows", () => {
  const random = xorshift(3);
  for (let i = 0; i < 50_000; i++) {
    const up = random() % 2;
    const a = ((up ? 180 + (random() % 20) : 40 + (random() % 24)) << 23) | (random() & 0x7fffff);
    const b = ((up ? 252 - (a >>> 23) + 127 + (random() % 3) : 78 - (a >>> 23) + 30 - (random() % 40)) << 23) | (random() & 0x7fffff);
    const c = up ? 0x7f7fffff - (random() % 3) : random() % 5;
    const sign = (random() & 1) << 31;
    checkFma(a >>> 0, b & 0x7fffffff, (sign | c) >>> 0);
  }
});

test("fma of the known double-rounding cases", () => {
  const cases = [
    // 1 + 2^-24 + 2^-100: above the tie between 1 and 1 + 2^-23, by less than binary64 holds.
    [0x3f800001, 0x3f800001, 0x24800000], [0x25800000, 0x25800000, 0x3f800000],
    [0x33800000, 0x3f800001, 0x3f800000], [0x33800000, 0x3f7fffff, 0x3f800000], [0x33800000, 0x3f800000, 0x3f800000],
    // Below half of the smallest subnormal, and just above.
    [0x00000001, 0x3f000000, 0x00000000], [0x00000001, 0x3f000001, 0x00000000], [0x00000001, 0x3effffff, 0x00000000],
    [0x00000001, 0x3f000000, 0x00000001], [0x80000001, 0x00000001, 0x00000000], [0x80000001, 0x00000001, 0x80000000],
    // The overflow threshold.
    [0x7f7fffff, 0x3f800000, 0x73000000], [0x7f7fffff, 0x3f800000, 0x72ffffff], [0x7f7fffff, 0x3f800000, 0x73000001],
  ];
  for (const [a, b, c] of cases) checkFma(a, b, c);
});

test("fma of infinities, NaNs and zeros", () => {
  assert.equal(fma(Infinity, 0, 1), NaN);
  assert.equal(fma(Infinity, 1, -Infinity), NaN);
  assert.equal(fma(Infinity, -1, 5), -Infinity);
  assert.equal(fma(3, 4, Infinity), Infinity);
  assert.equal(fma(NaN, 1, 1), NaN);
  assert.equal(fma(2 ** 100, 2 ** 100, -Infinity), -Infinity);
  assert.equal(fma(0, 1, -0), 0);
  assert.equal(fma(-0, 1, -0), -0);
  assert.equal(fma(1, 1, -1), 0);
  assert.equal(fma(-(2 ** -100), 2 ** -100, 0), -0);
});

test("+ - * / and sqrt, rounded by fround, are correctly rounded", () => {
  const random = xorshift(4);
  for (let i = 0; i < 30_000; i++) {
    const [a, b] = [edgyWord(random), edgyWord(random)];
    const [x, y] = [fromWord(a), fromWord(b)];
    const label = `${hex(a)}, ${hex(b)}`;
    assert.equal(hex(toWord(fround(x + y))), hex(exactFma(a, ONE, b)), `add ${label}`);
    assert.equal(hex(toWord(fround(x - y))), hex(exactFma(b, MINUS_ONE, a)), `sub ${label}`);
    assert.equal(hex(toWord(fround(x * y))), hex(exactFma(a, b, ((a ^ b) & 0x80000000) >>> 0)), `mul ${label}`);
    if (y !== 0) assert.equal(hex(toWord(fround(x / y))), hex(exactDiv(a, b)), `div ${label}`);
    if (x >= 0) assert.equal(hex(toWord(fround(Math.sqrt(x)))), hex(exactSqrt(a)), `sqrt ${label}`);
  }
});

test("casts saturate and truncate", () => {
  /** @type {[number, number, number][]} */
  const cases = [
    [1.9, 1, 1], [-1.9, -1, 0], [2 ** 31, 2 ** 31 - 1, 2 ** 31], [-(2 ** 31), -(2 ** 31), 0], [2 ** 32, 2 ** 31 - 1, 2 ** 32 - 1],
    [4294967040, 2 ** 31 - 1, 4294967040], [NaN, 0, 0], [Infinity, 2 ** 31 - 1, 2 ** 32 - 1], [-Infinity, -(2 ** 31), 0], [-0.5, 0, 0],
  ];
  for (const [x, i, u] of cases) {
    assert.equal(toI32(x) + 0, i);
    assert.equal(toU32(x) + 0, u);
  }
});
