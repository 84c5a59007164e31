// Binary32 arithmetic on JavaScript numbers, every result correctly rounded once.
//
// An f32 is held as the number it equals. `Math.fround` after one + - * / or Math.sqrt of f32 operands is correctly
// rounded (53 >= 2*24 + 2 bits; S. Figueroa, "When is double rounding innocuous?", 1995; sums that are subnormal and
// all products are exact in binary64, and a subnormal quotient is never close enough to a tie). fma is not, and is
// what this file adds.

const { fround } = Math;

const scratch = new DataView(new ArrayBuffer(8));
const SPLIT = 2 ** 28 + 1; // keeps the top 25 bits of a binary64: an f32 value or the middle between two
const ABOVE = 1 + 2 ** -40;
const BELOW = 1 - 2 ** -40;

export const NAN_WORD = 0x7fc00000;

/**
 * The f32 whose bits are `word`.
 * @param {number} word
 * @returns {number}
 */
export function fromWord(word) {
  scratch.setUint32(0, word);
  return scratch.getFloat32(0);
}

/**
 * The bits of the f32 `x`; every NaN is 0x7fc00000.
 * @param {number} x
 * @returns {number}
 */
export function toWord(x) {
  if (x !== x) return NAN_WORD;
  scratch.setFloat32(0, x);
  return scratch.getUint32(0);
}

/**
 * Rounds s + e to f32, once, where s is a binary64 and |e| is at most half a unit in the last place of s.
 *
 * fround(s) can be wrong only when s is a tie between two f32 (rounding is monotone, and ties are binary64 values);
 * a tie has at most 25 significant bits, also among subnormals and at the overflow threshold. Such an s is moved
 * off the tie in the direction of e, by far less than the distance to the next f32 or tie.
 * @param {number} s
 * @param {number} e
 * @returns {number}
 */
export function roundSum(s, e) {
  const h = s * SPLIT;
  if (e === 0 || h - (h - s) !== s) return fround(s);
  return fround(s * (e > 0 === s > 0 ? ABOVE : BELOW));
}

/**
 * fround(p + c), rounded once, where p is an exact product of two f32 and `s` is the binary64 sum p + c.
 * @param {number} p
 * @param {number} c
 * @param {number} s
 * @returns {number}
 */
export function fmaTie(p, c, s) {
  const t = s - p;
  return roundSum(s, p - (s - t) + (c - t)); // 2Sum (Knuth): the exact error of s
}

/**
 * a * b + c with one rounding.
 *
 * The product is exact in binary64. If both ends of an interval around the binary64 sum, which holds the exact sum,
 * round to the same f32, that f32 is the answer; else (also for NaN) the exact sum decides. Inner loops repeat these lines.
 * @param {number} a
 * @param {number} b
 * @param {number} c
 * @returns {number}
 */
export function fma(a, b, c) {
  const p = a * b;
  const s = p + c;
  const r = fround(s * ABOVE);
  return r === fround(s * BELOW) ? r : fmaTie(p, c, s);
}

/**
 * f32 to i32: towards zero, saturating, NaN to 0.
 * @param {number} x
 * @returns {number}
 */
export function toI32(x) {
  return x >= 0x80000000 ? 0x7fffffff : x <= -0x80000000 ? -0x80000000 : x | 0;
}

/**
 * f32 to u32: towards zero, saturating, NaN to 0.
 * @param {number} x
 * @returns {number}
 */
export function toU32(x) {
  return x >= 0x100000000 ? 0xffffffff : x > 0 ? x >>> 0 : 0;
}
