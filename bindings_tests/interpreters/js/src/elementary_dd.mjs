// The elementary functions in double-double: slow, with a relative error below 2^-90. They decide what the fast
// versions cannot, and make the fast versions' tables.
//
// Every series below is cut where the next term is under 2^-104 of the sum; a Horner step adds errors of a few
// 2^-104, damped by the factor of the step, so that the whole stays well below 2^-95.

import { add, div, mul, negate, quickTwoSum, scale, twoSum } from "./dd.mjs";
import { roundSum } from "./f32.mjs";

/** @typedef {import("./dd.mjs").DD} DD */

/** @type {DD} */ const ONE = [1, 0];
/** @type {DD} */ const LN2 = [0.6931471805599453, 2.3190468138462996e-17];
/** @type {DD} */ const PI = [3.141592653589793, 1.2246467991473532e-16];
/** @type {DD} */ const TWO_OVER_SQRT_PI = [1.1283791670955126, 1.533545961316588e-17];

/** ln 2 as a sum of three, the first two with 40 bits: their products with integers below 2^13 are exact. */
export const LN2_PARTS = [0.6931471805601177, -1.7239444525610826e-13, -4.00865610552017e-26];

/** @type {(value: number) => DD} */
const dd = (value) => [value, 0];

/**
 * 1 + f(1) * (1 + f(2) * (… (1 + f(n)))).
 * @param {number} n
 * @param {(i: number) => DD} f
 * @returns {DD}
 */
function nested(n, f) {
  let sum = ONE;
  for (let i = n; i >= 1; i--) sum = add(ONE, mul(f(i), sum));
  return sum;
}

/**
 * The nearest integer k to x / ln 2, and (e^r - 1) for r = x - k ln 2.
 * @param {DD} x
 * @returns {{k: number, rest: DD}}
 */
function expm1Reduced(x) {
  const k = Math.round(x[0] / LN2[0]);
  const head = twoSum(x[0] - k * LN2_PARTS[0], -k * LN2_PARTS[1]); // the difference is exact
  const r = add(add(head, dd(-k * LN2_PARTS[2])), dd(x[1]));
  return { k, rest: mul(r, nested(24, (i) => div(r, dd(i + 1)))) };
}

/** @type {(x: DD) => DD} e^x, |x| <= 104 */
export function exp(x) {
  const { k, rest } = expm1Reduced(x);
  return scale(add(ONE, rest), 2 ** k);
}

/** @type {(x: DD) => DD} e^x - 1, |x| <= 104; little cancels, since |x| > 0.34 where k is not 0 */
export function expm1(x) {
  const { k, rest } = expm1Reduced(x);
  return k === 0 ? rest : add(scale(add(ONE, rest), 2 ** k), dd(-1));
}

/** @type {(x: DD) => DD} the natural logarithm of x > 0: k ln 2 + 2 atanh((m - 1) / (m + 1)) for x = 2^k m */
export function log(x) {
  let k = 0;
  let m = x[0];
  for (; m >= Math.SQRT2; k++) m /= 2;
  for (; m < Math.SQRT1_2; k--) m *= 2;
  const mantissa = scale(x, 2 ** -k);
  const s = div(add(mantissa, dd(-1)), add(mantissa, ONE));
  const square = mul(s, s);
  const series = nested(21, (i) => div(mul(square, dd(2 * i - 1)), dd(2 * i + 1)));
  return add(mul(LN2, dd(k)), scale(mul(s, series), 2));
}

/** @type {(x: number) => DD} log(1 + x) for x > -1 */
export const log1p = (x) => log(twoSum(1, x));

/** @type {(x: number) => DD} */
export function tanh(x) {
  const e = expm1(dd(2 * Math.abs(x)));
  const y = div(e, add(e, dd(2)));
  return x < 0 ? negate(y) : y;
}

/** @type {(x: number) => DD} the derivative of erf, for an x whose square is exact in binary64 */
export const erfSlope = (x) => mul(TWO_OVER_SQRT_PI, exp(dd(-x * x)));

/**
 * erf(x) = 2/sqrt(pi) e^(-x^2) sum_n 2^n x^(2n+1) / (2n+1)!!  (Abramowitz and Stegun 7.1.6; all terms have one sign),
 * for an x whose square is exact in binary64, |x| <= 4.
 * @type {(x: number) => DD}
 */
export function erf(x) {
  const square = dd(2 * x * x);
  /** @type {DD} */ let term = dd(x);
  let sum = term;
  for (let n = 1; Math.abs(term[0]) > Math.abs(sum[0]) * 2 ** -112; n++) {
    term = div(mul(term, square), dd(2 * n + 1));
    sum = add(sum, term);
  }
  return mul(erfSlope(x), sum);
}

/** @type {DD[]} 1/n!, n < 30 */
const INVERSE_FACTORIALS = [ONE];
for (let n = 1; n < 30; n++) INVERSE_FACTORIALS.push(div(INVERSE_FACTORIALS[n - 1], dd(n)));

/** @type {(x: DD, odd: 0 | 1) => DD} 1/odd! - x^2/(odd+2)! + x^4/(odd+4)! - … */
function alternating(x, odd) {
  const square = negate(mul(x, x));
  let sum = INVERSE_FACTORIALS[28 + odd];
  for (let n = 26 + odd; n >= 0; n -= 2) sum = add(INVERSE_FACTORIALS[n], mul(square, sum));
  return sum;
}

/** @type {(x: DD) => DD} sin(pi x), |x| <= 1/4 */
export function sinHalfTurns(x) {
  const angle = mul(PI, x);
  return mul(angle, alternating(angle, 1));
}

/** @type {(x: DD) => DD} cos(pi x), |x| <= 1/4 */
export const cosHalfTurns = (x) => alternating(mul(PI, x), 0);

/** @type {(y: number) => DD} sin(pi y), |y| <= 1/4 */
export const sinpi = (y) => sinHalfTurns(dd(y));

/** @type {(y: number) => DD} cos(pi y), |y| <= 1/4 */
export const cospi = (y) => cosHalfTurns(dd(y));

/**
 * The f32 nearest to a value known to a relative 2^-88.
 * @param {DD} value
 * @returns {number}
 * @throws {Error} where that does not decide it (an exhaustive run finds no such argument)
 */
export function round([hi, lo]) {
  const bound = Math.abs(hi) * 2 ** -88;
  const low = roundSum(...quickTwoSum(hi, lo - bound));
  const high = roundSum(...quickTwoSum(hi, lo + bound));
  if (low !== high) throw new Error(`double-double cannot decide how ${hi} + ${lo} rounds to f32`);
  return low;
}
