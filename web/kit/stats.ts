// Small statistics of lists of numbers.

export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** The standard deviation of a sample; NaN for fewer than two. */
export function deviation(values: readonly number[]): number {
  if (values.length < 2) return NaN;
  const m = mean(values);
  return Math.sqrt(values.reduce((sum, v) => sum + (v - m) ** 2, 0) / (values.length - 1));
}

/**
 * The exact McNemar test (two-sided binomial, p = 1/2) of two classifiers on the same rows.
 * `onlyFirst` rows are right with the first alone, `onlySecond` with the second alone.
 */
export function mcnemar(onlyFirst: number, onlySecond: number): number {
  const n = onlyFirst + onlySecond;
  const low = Math.min(onlyFirst, onlySecond);
  if (low * 2 === n) return 1;
  // Terms C(n, k) / 2^n from k = low downwards: each is the one before times k / (n - k + 1).
  let term = Math.exp(logChoose(n, low) - n * Math.LN2);
  let sum = 0;
  for (let k = low; k >= 0 && term > 0; k--) {
    sum += term;
    term *= k / (n - k + 1);
  }
  return Math.min(1, 2 * sum);
}

function logChoose(n: number, k: number): number {
  let sum = 0;
  for (let i = 1; i <= k; i++) sum += Math.log((n - k + i) / i);
  return sum;
}

/** softmax of one row of logits. */
export function softmax(logits: ArrayLike<number>): number[] {
  const most = Math.max(...Array.from(logits));
  const e = Array.from(logits, (v) => Math.exp(v - most));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}

export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** A shuffle of 0 … n-1 by a small seed, for looking at samples (mulberry32, Fisher & Yates). */
export function shuffled(n: number, seed: number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  let a = (seed * 0x9e3779b9) >>> 0;
  const next = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  for (let i = n - 1; i > 0; i--) {
    const j = next() % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
