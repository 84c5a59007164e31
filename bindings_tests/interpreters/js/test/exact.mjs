// The slow, obviously right arithmetic the library is held to: BigInt rationals, rounded to f32 once, from the definition.

import { fromWord, toWord } from "../paragon.mjs";

/** An exact dyadic number: mantissa * 2^exponent. @typedef {{mantissa: bigint, exponent: number}} Dyadic */

/** @type {(x: bigint) => bigint} */
export const magnitude = (x) => (x < 0n ? -x : x);

/** @type {(x: bigint) => number} */
const bitLength = (x) => x.toString(2).length;

/** @type {(word: number) => Dyadic} the value of a finite f32 */
export function dyadic(word) {
  const field = (word >>> 23) & 255;
  const fraction = word & 0x7fffff;
  const m = BigInt(field === 0 ? fraction : fraction | 0x800000);
  return { mantissa: word >>> 31 ? -m : m, exponent: Math.max(field, 1) - 150 };
}

/**
 * numerator / denominator * 2^exponent as an f32 word, to nearest, ties to even. Zero has the sign `negativeZero` says.
 * @param {bigint} numerator
 * @param {bigint} denominator positive
 * @param {number} exponent
 * @param {boolean} [negativeZero]
 * @returns {number}
 */
export function roundRatio(numerator, denominator, exponent, negativeZero = false) {
  if (numerator === 0n) return negativeZero ? 0x80000000 : 0;
  const sign = numerator < 0n ? 0x80000000 : 0;
  const value = magnitude(numerator);
  // The unit of the result: 24 bits of the quotient, but not below 2^-149.
  const top = bitLength(value) - bitLength(denominator) + exponent; // 2^(top-1) < |value| < 2^(top+1)
  let unit = Math.max(top - 24, -149);
  let m = divideEven(value, denominator, exponent - unit);
  if (m >= 1n << 24n) {
    unit = Math.max(top - 23, -149);
    m = divideEven(value, denominator, exponent - unit);
  }
  if (m === 1n << 24n) {
    m >>= 1n;
    unit++;
  }
  if (unit > 104) return (sign | 0x7f800000) >>> 0;
  const field = m < 1n << 23n ? 0 : unit + 150;
  return (sign | (field << 23) | (Number(m) & 0x7fffff)) >>> 0;
}

/** @type {(a: bigint, b: bigint, shift: number) => bigint} a / b * 2^shift to the nearest integer, ties to even */
function divideEven(a, b, shift) {
  if (shift >= 0) a <<= BigInt(shift);
  else b <<= BigInt(-shift);
  const q = a / b;
  const twice = 2n * (a % b);
  return twice > b || (twice === b && q & 1n) ? q + 1n : q;
}

/** @type {(word: number) => boolean} */
export const isFinite = (word) => ((word >>> 23) & 255) !== 255;

/** @type {(a: number, b: number, c: number) => number} words in and out, for finite arguments */
export function exactFma(a, b, c) {
  const [x, y, z] = [dyadic(a), dyadic(b), dyadic(c)];
  const exponent = x.exponent + y.exponent;
  const common = Math.min(exponent, z.exponent);
  const product = (x.mantissa * y.mantissa) << BigInt(exponent - common);
  const sum = product + (z.mantissa << BigInt(z.exponent - common));
  // A zero sum is -0 only if both terms are: a nonzero product that cancels gives +0.
  const negative = (a ^ b) >>> 31 === 1 && c >>> 31 === 1 && product === 0n;
  return roundRatio(sum, 1n, common, negative);
}

/** @type {(a: number, b: number) => number} b not zero */
export function exactDiv(a, b) {
  const [x, y] = [dyadic(a), dyadic(b)];
  const sign = y.mantissa < 0n ? -1n : 1n;
  return roundRatio(sign * x.mantissa, magnitude(y.mantissa), x.exponent - y.exponent, (a ^ b) >>> 31 === 1);
}

/** @type {(x: bigint) => bigint} floor of the square root */
export function rootBig(x) {
  let low = 0n;
  for (let bit = 1n << BigInt(bitLength(x) >> 1); bit > 0n; bit >>= 1n) if ((low + bit) ** 2n <= x) low += bit;
  return low;
}

/** @type {(a: number) => number} a >= 0, finite */
export function exactSqrt(a) {
  const { mantissa, exponent } = dyadic(a);
  const odd = exponent & 1;
  const scaled = mantissa << BigInt(200 + odd);
  const root = rootBig(scaled);
  // A sticky bit stands for what the floor left out; it is far below the 24 bits that count.
  return roundRatio(2n * root + (root * root === scaled ? 0n : 1n), 2n, (exponent - odd - 200) / 2, a >>> 31 === 1);
}

/** @type {(random: () => number) => number} any word, with many special ones */
export function edgyWord(random) {
  const sign = (random() & 1) << 31;
  const special = [0, 1, 2, 0x7fffff, 0x800000, 0x800001, 0x3f800000, 0x3f7fffff, 0x3f800001, 0x7f7fffff, 0x7f000000, 0x00ffffff];
  if (random() % 4 === 0) return (sign | special[random() % special.length]) >>> 0;
  const field = random() % 3 === 0 ? random() % 255 : 100 + (random() % 54);
  const sparse = random() % 2 === 0 ? 0xffffffff << random() % 24 : 0xffffffff;
  return (sign | (field << 23) | (random() & 0x7fffff & sparse)) >>> 0;
}

/** @type {(seed: number) => () => number} u32 numbers, the same for a seed (G. Marsaglia, "Xorshift RNGs", 2003) */
export function xorshift(seed) {
  let x = seed >>> 0 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    x >>>= 0;
    return x;
  };
}

/** @type {(word: number) => string} */
export const hex = (word) => word.toString(16).padStart(8, "0");

export { fromWord, toWord };
