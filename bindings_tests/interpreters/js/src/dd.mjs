// Double-double arithmetic: a value is the exact sum hi + lo of two binary64 with |lo| <= ulp(hi)/2.
//
// Error-free transforms: Knuth's 2Sum, Dekker's product with Veltkamp's splitting. Error bounds of the operations:
// M. Joldes, J.-M. Muller, V. Popescu, "Tight and rigorous error bounds for basic building blocks of double-word
// arithmetic", 2017: relative errors add 3u^2, mul at most 7u^2, div at most 15u^2 + O(u^3), u = 2^-53. Operands here lie
// between 2^-900 and 2^900 or are zero, so nothing over- or underflows on the way that matters.

/** @typedef {readonly [hi: number, lo: number]} DD */

/** @type {(a: number, b: number) => DD} */
export function twoSum(a, b) {
  const s = a + b;
  const t = s - a;
  return [s, a - (s - t) + (b - t)];
}

/** @type {(a: number, b: number) => DD} the same for |a| >= |b| or a = 0 */
export function quickTwoSum(a, b) {
  const s = a + b;
  return [s, b - (s - a)];
}

const SPLIT = 2 ** 27 + 1;

/** @type {(a: number, b: number) => DD} */
export function twoProduct(a, b) {
  const p = a * b;
  const s = a * SPLIT;
  const ah = s - (s - a);
  const al = a - ah;
  const t = b * SPLIT;
  const bh = t - (t - b);
  const bl = b - bh;
  return [p, ah * bh - p + ah * bl + al * bh + al * bl];
}

/** @type {(x: DD, y: DD) => DD} */
export function add(x, y) {
  const [s, e] = twoSum(x[0], y[0]);
  const [t, f] = twoSum(x[1], y[1]);
  const [h, l] = quickTwoSum(s, e + t);
  return quickTwoSum(h, l + f);
}

/** @type {(x: DD, y: DD) => DD} */
export function mul(x, y) {
  const [p, e] = twoProduct(x[0], y[0]);
  return quickTwoSum(p, e + (x[0] * y[1] + x[1] * y[0]));
}

/** @type {(x: DD, y: DD) => DD} */
export function div(x, y) {
  const q = x[0] / y[0];
  const r = add(x, negate(mul([q, 0], y)));
  return quickTwoSum(q, r[0] / y[0]);
}

/** @type {(x: DD) => DD} */
export function negate(x) {
  return [-x[0], -x[1]];
}

/** @type {(x: DD, factor: number) => DD} `factor` is a power of two */
export function scale(x, factor) {
  return [x[0] * factor, x[1] * factor];
}
