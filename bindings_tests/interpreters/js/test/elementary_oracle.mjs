// The elementary functions in fixed point: BigInt integers in units of 2^-F. Series other than the library's where there
// is a choice: exp by halving and squaring, log by Halley's iteration on exp, erf by its alternating series.

import { dyadic, magnitude, rootBig, roundRatio } from "./exact.mjs";

const F = 640n;
const ONE = 1n << F;
/** Every result is good to this many bits below its own size; the smallest is above 2^-150. */
const GOOD_BITS = 400n;

/** @type {(a: bigint, b: bigint) => bigint} */
const mul = (a, b) => (a * b) >> F;
/** @type {(a: bigint, b: bigint) => bigint} */
const div = (a, b) => (a << F) / b;

/** @type {(first: bigint, next: (term: bigint, n: bigint) => bigint) => bigint} first + next + … until the terms vanish */
function series(first, next) {
  let sum = 0n;
  for (let term = first, n = 1n; magnitude(term) > 1n; n++) {
    sum += term;
    term = next(term, n);
  }
  return sum;
}

/** @type {(n: bigint) => bigint} */
const arctanOfInverse = (n) => {
  let power = ONE / n;
  let sum = 0n;
  for (let k = 0n; power !== 0n; k++, power /= n * n) sum += (k & 1n ? -power : power) / (2n * k + 1n);
  return sum;
};

/** J. Machin, 1706. */
const PI = 4n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n));
const SQRT_PI = rootBig(PI << F);

/** @type {(x: bigint) => bigint} */
function exp(x) {
  const halvings = 16n;
  const small = x >> halvings;
  let y = series(ONE, (term, n) => mul(term, small) / n);
  for (let i = 0n; i < halvings; i++) y = mul(y, y);
  return y;
}

/** @type {(x: bigint) => bigint} x > 0 */
function log(x) {
  let y = 0n;
  // ln x = bits * ln 2 to within a half: a start from which each step triples the correct digits.
  const exponent = x.toString(2).length - Number(F);
  y = (BigInt(exponent) * ONE * 6931n) / 10000n;
  for (let i = 0; i < 9; i++) {
    const e = exp(y);
    y += 2n * div(x - e, x + e);
  }
  return y;
}

/** @type {(x: bigint) => bigint} sin of an angle below 1 */
const sin = (x) => series(x, (term, n) => -mul(mul(term, x), x) / (2n * n * (2n * n + 1n)));
/** @type {(x: bigint) => bigint} */
const cos = (x) => series(ONE, (term, n) => -mul(mul(term, x), x) / (2n * n * (2n * n - 1n)));

/** @type {(x: bigint) => bigint} sin(pi x / 2), by quadrants */
function sinHalfTurns(x) {
  const n = (x + ONE / 2n) >> F;
  const rest = mul(PI, x - (n << F)) / 2n;
  const value = n & 1n ? cos(rest) : sin(rest);
  return n & 2n ? -value : value;
}

/** @type {{[name: string]: (x: bigint) => bigint}} */
const FUNCTIONS = {
  exp,
  expm1: (x) => exp(x) - ONE,
  log,
  log1p: (x) => log(ONE + x),
  tanh: (x) => div(exp(2n * x) - ONE, exp(2n * x) + ONE),
  erf: (x) => {
    const square = mul(x, x);
    let power = x;
    let sum = 0n;
    for (let n = 0n; magnitude(power) > 0n; ) {
      sum += power / (2n * n + 1n);
      n++;
      power = -mul(power, square) / n;
      if (power === -1n) break; // a shift rounds -0 to -1
    }
    return div(2n * sum, SQRT_PI);
  },
  sinpi: (x) => sinHalfTurns(2n * x),
  cospi: (x) => sinHalfTurns(2n * x + ONE),
};

/**
 * An upper bound of log2 of the relative error of hi + lo as a value of a function.
 * @param {string} name
 * @param {number} word the argument
 * @param {readonly [number, number]} value
 * @returns {number}
 */
export function errorBits(name, word, [hi, lo]) {
  const { mantissa, exponent } = dyadic(word);
  const y = FUNCTIONS[name](mantissa << (F + BigInt(exponent)));
  const difference = magnitude(fixed(hi) + fixed(lo) - y);
  return difference.toString(2).length - magnitude(y).toString(2).length + 1;
}

/** @type {(x: number) => bigint} a binary64 in units of 2^-F, cut at 2^-F */
function fixed(x) {
  let scale = 0;
  for (; !Number.isInteger(x); scale++) x *= 2;
  return (BigInt(x) << F) >> BigInt(scale);
}

/**
 * The correctly rounded word of a function at a finite argument where it is finite, not an exact tie and not a saturated
 * tail: |x| <= 128, and the result not zero.
 * @param {string} name
 * @param {number} word
 * @returns {number}
 */
export function oracle(name, word) {
  const { mantissa, exponent } = dyadic(word);
  const y = FUNCTIONS[name](mantissa << (F + BigInt(exponent)));
  const error = (magnitude(y) >> GOOD_BITS) + (1n << 160n);
  const [low, high] = [y - error, y + error].map((v) => roundRatio(v, 1n, -Number(F)));
  if (low !== high) throw new Error(`the oracle cannot decide ${name} of ${word.toString(16)}`);
  return low;
}

/**
 * The parts of exp(-2 pi i k/n), for 4k not a multiple of n, correctly rounded: to binary32 as words, and to binary64.
 * @param {number} k
 * @param {number} n
 * @returns {{word: number, double: number}[]}
 */
export function twiddleOracle(k, n) {
  const quarters = (BigInt(4 * k) << F) / BigInt(n);
  return [sinHalfTurns(quarters + ONE), -sinHalfTurns(quarters)].map((y) => {
    // Number(BigInt) rounds to nearest; what is cut off before it is replaced by a bit that is set.
    const cut = F - 120n;
    return { word: roundRatio(y, 1n, -Number(F)), double: Number((y >> cut) | 1n) * 2 ** -120 };
  });
}
