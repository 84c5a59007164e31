// The twiddle factors of section 7 of the contract, W(k,n) = exp(-2 pi i k/n), correctly rounded.
//
// k/n of a turn is reduced with integers to a fraction of at most an eighth, whose sine and cosine are evaluated in
// double-double to 2^-92. The leading part is then the nearest binary64 unless the exact value lies within 2^-39 of a unit from
// the middle between two binary64; binary32 has a still wider margin.

import { div } from "./dd.mjs";
import { cosHalfTurns, sinHalfTurns } from "./elementary_dd.mjs";
import { roundSum } from "./f32.mjs";

/** @typedef {import("./dd.mjs").DD} DD */

/** @type {(x: DD) => DD} -x, with +0 for a zero */
const negative = ([hi, lo]) => [0 - hi, 0 - lo];

/**
 * The real and the imaginary part of W(k,n).
 * @param {number} k 0 <= k < n
 * @param {number} n below 2^50
 * @returns {[re: DD, im: DD]}
 */
export function twiddle(k, n) {
  const rest = (4 * k) % n; // the angle is quarter + rest/n quarters of a turn
  const quarter = (4 * k - rest) / n;
  const mirrored = 2 * rest > n;
  const x = div([mirrored ? n - rest : rest, 0], [2 * n, 0]); // in half turns
  const [s, c] = mirrored ? [cosHalfTurns(x), sinHalfTurns(x)] : [sinHalfTurns(x), cosHalfTurns(x)];
  if (quarter === 0) return [c, negative(s)];
  if (quarter === 1) return [negative(s), negative(c)];
  return quarter === 2 ? [negative(c), s] : [s, c];
}

/** @type {(x: DD) => number} the nearest binary64 */
export const toDouble = ([hi]) => hi;

/** @type {(x: DD) => number} the nearest binary32 */
export const toSingle = ([hi, lo]) => roundSum(hi, lo);
