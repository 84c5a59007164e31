// F(n), the transform of section 7 of the contract on which fft, ifft, rfft and irfft rest.
//
// n complex numbers are two arrays, re and im, that a transform overwrites. Storing into a Float32Array rounds, and so does
// `round` where a rounded value is used at once; in binary64, for Bluestein's filter, neither does anything.

import { fma } from "./f32.mjs";
import { toDouble, toSingle, twiddle } from "./twiddle.mjs";

/** @typedef {Float32Array | Float64Array} Reals */
/** @typedef {{re: Reals, im: Reals}} Complex */
/** @typedef {(re: Reals, im: Reals) => void} Transform in place */
/** @typedef {{zeros: (n: number) => Reals, round: (x: number) => number, fma: (a: number, b: number, c: number) => number,
 *             part: (x: import("./dd.mjs").DD) => number, plans: Map<number, Transform>}} Arithmetic */

/** @type {Arithmetic} */
const SINGLE = { zeros: (n) => new Float32Array(n), round: Math.fround, fma, part: toSingle, plans: new Map() };
/** @type {Arithmetic} */
const DOUBLE = {
  zeros: (n) => new Float64Array(n),
  round: (x) => x,
  fma: (a, b, c) => a * b + c,
  part: toDouble,
  plans: new Map(),
};

/** @type {(arithmetic: Arithmetic, count: number, n: number, index?: (i: number) => number) => Complex} W(index(i), n) */
function twiddles({ zeros, part }, count, n, index = (/** @type {number} */ i) => i) {
  const w = { re: zeros(count), im: zeros(count) };
  for (let i = 0; i < count; i++) {
    const [re, im] = twiddle(index(i), n);
    w.re[i] = part(re);
    w.im[i] = part(im);
  }
  return w;
}

/** @type {(count: number, n: number) => Complex} W(0,n) … W(count-1,n) in binary32 */
export const singleTwiddles = (count, n) => twiddles(SINGLE, count, n);

/**
 * The i-th number of x times the k-th of w, the product of the contract, stored at place `to` of y.
 * @type {(arithmetic: Arithmetic, xRe: Reals, xIm: Reals, i: number, w: Complex, k: number, yRe: Reals, yIm: Reals, to: number) => void}
 */
function multiply({ round, fma }, xRe, xIm, i, w, k, yRe, yIm, to) {
  const a = xRe[i], b = xIm[i], c = w.re[k], d = w.im[k];
  yRe[to] = fma(a, c, -round(b * d));
  yIm[to] = fma(a, d, round(b * c));
}

/**
 * The transform of n points, made once.
 * @param {number} n
 * @param {Arithmetic} [arithmetic]
 * @returns {Transform}
 */
export function transformOf(n, arithmetic = SINGLE) {
  const known = arithmetic.plans.get(n);
  if (known) return known;
  const made = make(n, arithmetic);
  arithmetic.plans.set(n, made);
  return made;
}

/** @type {(n: number, arithmetic: Arithmetic) => Transform} */
function make(n, arithmetic) {
  if (n === 1) return () => {};
  if (n === 2) return two;
  if (n === 4) return four(arithmetic);
  const n1 = split(n);
  if (n1 > 1) return composite(n1, n / n1, arithmetic);
  return n < 100 ? oddPrime(n, arithmetic) : bluestein(n);
}

/**
 * n1 of n = n1 * n2: the largest divisor with a square of at most n whose power of two is a power of four; 1 for 4 and the primes.
 * @param {number} n
 * @returns {number}
 */
export function split(n) {
  let n1 = 1;
  for (let d = 2; d * d <= n; d++) {
    const powerOfTwo = d & -d;
    if (n % d === 0 && Math.log2(powerOfTwo) % 2 === 0) n1 = d;
  }
  return n1 === 1 && n > 4 && n % 2 === 0 ? 2 : n1; // 2 for 8 and twice an odd prime
}

/** @type {Transform} */
function two(re, im) {
  const r = re[0], i = im[0];
  re[0] += re[1];
  im[0] += im[1];
  re[1] = r - re[1];
  im[1] = i - im[1];
}

/** @type {(arithmetic: Arithmetic) => Transform} */
function four({ round }) {
  return (re, im) => {
    const sr = round(re[0] + re[2]), si = round(im[0] + im[2]), dr = round(re[0] - re[2]), di = round(im[0] - im[2]);
    const tr = round(re[1] + re[3]), ti = round(im[1] + im[3]), er = round(re[1] - re[3]), ei = round(im[1] - im[3]);
    re[0] = sr + tr;
    im[0] = si + ti;
    re[1] = dr + ei;
    im[1] = di - er;
    re[2] = sr - tr;
    im[2] = si - ti;
    re[3] = dr - ei;
    im[3] = di + er;
  };
}

/** @type {(n1: number, n2: number, arithmetic: Arithmetic) => Transform} columns of n1 points, twiddles, rows of n2 points */
function composite(n1, n2, arithmetic) {
  const n = n1 * n2;
  const [column, row] = [transformOf(n1, arithmetic), transformOf(n2, arithmetic)];
  const w = twiddles(arithmetic, n, n);
  const { zeros } = arithmetic;
  return (re, im) => {
    const [yRe, yIm, cRe, cIm] = [zeros(n), zeros(n), zeros(n1), zeros(n1)];
    for (let j2 = 0; j2 < n2; j2++) {
      for (let j1 = 0, from = j2; j1 < n1; j1++, from += n2) {
        cRe[j1] = re[from];
        cIm[j1] = im[from];
      }
      column(cRe, cIm);
      for (let k1 = 0, to = j2; k1 < n1; k1++, to += n2) {
        if (j2 * k1 > 0) multiply(arithmetic, cRe, cIm, k1, w, j2 * k1, yRe, yIm, to);
        else {
          yRe[to] = cRe[k1];
          yIm[to] = cIm[k1];
        }
      }
    }
    for (let k1 = 0; k1 < n1; k1++) {
      const [rowRe, rowIm] = [yRe, yIm].map((part) => part.subarray(k1 * n2, (k1 + 1) * n2));
      row(rowRe, rowIm);
      for (let k2 = 0, to = k1; k2 < n2; k2++, to += n1) {
        re[to] = rowRe[k2];
        im[to] = rowIm[k2];
      }
    }
  };
}

/** @type {(n: number, arithmetic: Arithmetic) => Transform} by the definition, on sums and differences of mirrored points */
function oddPrime(n, arithmetic) {
  const h = (n - 1) / 2;
  const w = twiddles(arithmetic, n, n);
  const { zeros, round, fma } = arithmetic;
  return (re, im) => {
    const [pRe, pIm, mRe, mIm] = [zeros(h + 1), zeros(h + 1), zeros(h + 1), zeros(h + 1)];
    const firstRe = re[0], firstIm = im[0];
    for (let j = 1; j <= h; j++) {
      pRe[j] = re[j] + re[n - j];
      pIm[j] = im[j] + im[n - j];
      mRe[j] = re[j] - re[n - j];
      mIm[j] = im[j] - im[n - j];
      re[0] += pRe[j];
      im[0] += pIm[j];
    }
    for (let k = 1; k <= h; k++) {
      let aRe = firstRe, aIm = firstIm, bRe = 0, bIm = 0;
      for (let j = 1; j <= h; j++) {
        const c = w.re[(j * k) % n], d = w.im[(j * k) % n];
        aRe = fma(pRe[j], c, aRe);
        aIm = fma(pIm[j], c, aIm);
        bRe = j === 1 ? round(mRe[1] * d) : fma(mRe[j], d, bRe);
        bIm = j === 1 ? round(mIm[1] * d) : fma(mIm[j], d, bIm);
      }
      re[k] = aRe - bIm;
      im[k] = aIm + bRe;
      re[n - k] = aRe + bIm;
      im[n - k] = aIm - bRe;
    }
  };
}

/** @type {(n: number) => Transform} a convolution with the chirp (L. Bluestein, 1970), for the primes above 100 */
function bluestein(n) {
  let length = 1;
  while (length < 2 * n - 1) length *= 2;
  const chirp = twiddles(SINGLE, n, 2 * n, (j) => (j * j) % (2 * n));
  const spectrum = filter(n, length);
  const wide = transformOf(length);
  return (re, im) => {
    const [aRe, aIm] = [SINGLE.zeros(length), SINGLE.zeros(length)];
    for (let j = 0; j < n; j++) multiply(SINGLE, re, im, j, chirp, j, aRe, aIm, j);
    wide(aRe, aIm);
    for (let k = 0; k < length; k++) multiply(SINGLE, aRe, aIm, k, spectrum, k, aRe, aIm, k);
    wide(aIm, aRe); // with the parts exchanged
    for (let k = 0; k < n; k++) multiply(SINGLE, aRe, aIm, k, chirp, k, re, im, k);
  };
}

/** @type {(n: number, length: number) => Complex} the transform of the mirrored conjugate chirp, in binary64, rounded once */
function filter(n, length) {
  const w = twiddles(DOUBLE, n, 2 * n, (j) => (2 * n - ((j * j) % (2 * n))) % (2 * n));
  const [re, im] = [w.re, w.im].map((part) => {
    const b = new Float64Array(length);
    for (let j = 0; j < n; j++) b[j] = b[(length - j) % length] = part[j];
    return b;
  });
  transformOf(length, DOUBLE)(re, im);
  return { re: Float32Array.from(re, (x) => x / length), im: Float32Array.from(im, (x) => x / length) };
}
