// exp expm1 log log1p tanh erf sinpi cospi of an f32, correctly rounded for every argument.
//
// Each takes a binary64 value with a relative error below 2^-42. If both ends of the interval of +- 2^-40 around it
// round to the same f32, that is the answer (A. Ziv, 1991); else double-double decides, about once in 2^15 arguments.
// Only + - * / and tables made by them are used: the Math functions of JavaScript are approximations.

import * as exact from "./elementary_dd.mjs";

const { fround, abs, floor } = Math;
const ABOVE = 1 + 2 ** -40;
const BELOW = 1 - 2 ** -40;

/**
 * @param {number} y an approximation of f(x)
 * @param {(x: number) => import("./dd.mjs").DD} f
 * @param {number} x
 * @returns {number}
 */
function settle(y, f, x) {
  const r = fround(y * ABOVE);
  return r === fround(y * BELOW) ? r : fround(exact.round(f(x)));
}

/** @type {(count: number, f: (i: number) => number) => Float64Array} */
const table = (count, f) => Float64Array.from({ length: count }, (_, i) => f(i));

// --- exp: x = (32 k + i) ln2/32 + r, |r| < 0.0109

const POW2 = table(401, (i) => 2 ** (i - 200));
const EXP2 = table(32, (i) => exact.exp([(i * Math.LN2) / 32, 0])[0]);
const [LN2_HIGH, LN2_MIDDLE, LN2_LOW] = exact.LN2_PARTS;
const STEP_HIGH = LN2_HIGH / 32;
const STEP_LOW = (LN2_MIDDLE + LN2_LOW) / 32;

/** @type {(x: number) => number} */
function expFast(x) {
  const n = Math.round(x * (32 / LN2_HIGH));
  const r = x - n * STEP_HIGH - n * STEP_LOW;
  const p = r * (1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720))))));
  const t = EXP2[n & 31] * POW2[(n >> 5) + 200];
  return t + t * p;
}

const exactExp = (/** @type {number} */ x) => exact.exp([x, 0]);

/** @type {(x: number) => number} */
export function exp(x) {
  if (x > 89) return Infinity;
  if (x < -104) return 0;
  return x === x ? settle(expFast(x), exactExp, x) : x;
}

/** @type {(x: number) => number} */
function expm1Fast(x) {
  if (x > 1 / 16 || x < -1 / 16) return expFast(x) - 1;
  const tail = 1 / 120 + x * (1 / 720 + x * (1 / 5040 + x * (1 / 40320 + x * (1 / 362880))));
  return x * (1 + x * (1 / 2 + x * (1 / 6 + x * (1 / 24 + x * tail))));
}

const exactExpm1 = (/** @type {number} */ x) => exact.expm1([x, 0]);

/** @type {(x: number) => number} */
export function expm1(x) {
  if (x > 89) return Infinity;
  if (x < -18) return -1; // e^-18 < 2^-25
  if (abs(x) < 2 ** -25) return x; // x + x^2/2 is nearer to x than to a tie
  return x === x ? settle(expm1Fast(x), exactExpm1, x) : x;
}

// --- log: x = 2^k m, m near 1/INVERSE[i]; m * INVERSE[i] - 1 is exact for an f32 m, and at most 2^-7

const CENTER = table(128, (i) => 1 + (i + 0.5) / 128);
const INVERSE = table(128, (i) => (i === 0 ? 1 : i === 127 ? 0.5 : Math.round(1024 / CENTER[i]) / 1024));
const UPPER_HALF = CENTER.findIndex((c) => c > Math.SQRT2); // from here on m/2 is the mantissa
const LOG = table(128, (i) => -exact.log([INVERSE[i] * (i < UPPER_HALF ? 1 : 2), 0])[0]);
const doubles = new Float64Array(1);
const halves = new Uint32Array(doubles.buffer);
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0]; // the index of the high half: 1 on a little-endian machine

/** @type {(u: number) => number} log of a positive, normal binary64 */
function logFast(u) {
  doubles[0] = u;
  const high = halves[HIGH];
  const i = (high >>> 13) & 127;
  const k = (high >>> 20) - (i < UPPER_HALF ? 1023 : 1022);
  halves[HIGH] = (high & 0xfffff) | 0x3ff00000;
  const f = doubles[0] * INVERSE[i] - 1;
  const tail = 1 / 5 + f * (-1 / 6 + f * (1 / 7 + f * (-1 / 8)));
  const p = f * (1 + f * (-1 / 2 + f * (1 / 3 + f * (-1 / 4 + f * tail))));
  return k * Math.LN2 + (LOG[i] + p);
}

const exactLog = (/** @type {number} */ x) => exact.log([x, 0]);

/** @type {(x: number) => number} */
export function log(x) {
  if (x > 0) return x === Infinity ? x : settle(logFast(x), exactLog, x);
  return x === 0 ? -Infinity : NaN;
}

/** @type {(x: number) => number} */
function log1pFast(x) {
  if (abs(x) > 2 ** -6) return logFast(1 + x);
  const tail = 1 / 5 + x * (-1 / 6 + x * (1 / 7 + x * (-1 / 8 + x * (1 / 9 + x * (-1 / 10)))));
  return x * (1 + x * (-1 / 2 + x * (1 / 3 + x * (-1 / 4 + x * tail))));
}

/** @type {(x: number) => number} */
export function log1p(x) {
  if (abs(x) < 2 ** -25) return x; // x - x^2/2 is nearer to x than to a tie
  if (x > -1) return x === Infinity ? x : settle(log1pFast(x), exact.log1p, x);
  return x === -1 ? -Infinity : NaN;
}

/** @type {(x: number) => number} (e^2x - 1) / (e^2x + 1) */
export function tanh(x) {
  if (abs(x) > 9.1) return x < 0 ? -1 : 1; // 2 e^-18.2 < 2^-25
  if (abs(x) < 2 ** -13) return x; // x - x^3/3 is nearer to x than to a tie
  if (x !== x) return x;
  const e = expm1Fast(2 * x);
  return settle(e / (e + 2), exact.tanh, x);
}

// --- erf: its Taylor series of degree 10 around i/16, from erf'' = -2x erf'

const ERF_DEGREE = 10;
const ERF = new Float64Array(65 * (ERF_DEGREE + 1));
for (let i = 0; i <= 64; i++) {
  const row = ERF.subarray(i * (ERF_DEGREE + 1), (i + 1) * (ERF_DEGREE + 1));
  const c = i / 16;
  row[0] = exact.erf(c)[0];
  row[1] = exact.erfSlope(c)[0];
  for (let n = 2; n <= ERF_DEGREE; n++) {
    row[n] = (-2 * c * (n - 1) * row[n - 1] - 2 * (n - 2) * row[n - 2]) / (n * (n - 1));
  }
}

/** @type {(x: number) => number} */
export function erf(x) {
  const a = abs(x);
  if (a > 4) return x < 0 ? -1 : 1; // erfc(4) < 2^-25
  if (a === 0 || x !== x) return x;
  const i = Math.round(a * 16);
  const h = a - i / 16;
  const end = i * (ERF_DEGREE + 1);
  let y = ERF[end + ERF_DEGREE];
  for (let n = end + ERF_DEGREE - 1; n >= end; n--) y = ERF[n] + h * y;
  return settle(x < 0 ? -y : y, exact.erf, x);
}

// --- sinpi, cospi: |x| = n/2 + y, |y| <= 1/4, exactly

// Taylor coefficients of sin(t)/t and of cos(t) in -t^2; the next terms are below 2^-58.
let factorial = 1;
const factorials = table(19, (n) => (factorial *= n || 1));
const SIN = table(9, (i) => 1 / factorials[2 * i + 1]);
const COS = table(10, (i) => 1 / factorials[2 * i]);

/** @type {(coefficients: Float64Array, s: number) => number} */
function horner(coefficients, s) {
  let y = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) y = coefficients[i] + s * y;
  return y;
}

/** @type {(y: number) => number} */
function sinFast(y) {
  const t = Math.PI * y;
  return t * horner(SIN, -t * t);
}

/** @type {(y: number) => number} */
function cosFast(y) {
  const t = Math.PI * y;
  return horner(COS, -t * t);
}

/**
 * sin(pi (n/2 + y)), without the exact zeros.
 * @param {number} n
 * @param {number} y
 * @returns {number}
 */
function sinQuarter(n, y) {
  const r = n & 1 ? settle(cosFast(y), exact.cospi, y) : settle(sinFast(y), exact.sinpi, y);
  return n & 2 ? -r : r;
}

/** @type {(x: number) => number} */
export function sinpi(x) {
  const a = abs(x);
  if (a === Infinity || x !== x) return NaN;
  if (floor(a) === a) return x < 0 || Object.is(x, -0) ? -0 : 0;
  const n = Math.round(2 * a); // below 2^24, as x is no integer
  const r = sinQuarter(n, a - n / 2);
  return x < 0 ? -r : r;
}

/** @type {(x: number) => number} */
export function cospi(x) {
  const a = abs(x);
  if (a === Infinity || x !== x) return NaN;
  const t = a - 2 * floor(a / 2); // cos has period 2
  const n = Math.round(2 * t);
  const y = t - n / 2;
  return y === 0 && n & 1 ? 0 : sinQuarter(n + 1, y);
}
