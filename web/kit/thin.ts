// What curves do to figures before they are drawn: smooth all of them, then keep as many as there are pixels.

export type Series = readonly (number | null)[];

/**
 * An exponential moving average with weight 0 (none) … below 1, without the bias of its beginning. A constant stays that constant,
 * a gap stays a gap.
 */
export function smooth(values: Series, weight: number): (number | null)[] {
  if (weight <= 0) return [...values];
  let present: number | null = null;
  let decayed = 1;
  return values.map((value) => {
    if (value === null) return null;
    decayed *= weight;
    // The share of the new figure is (1 - w) / (1 - w^k): 1 for the first one.
    present = present === null ? value : present + (value - present) * ((1 - weight) / (1 - decayed));
    return present;
  });
}

/** The numbers of the points to draw: of each of `buckets` equal spans the lowest and the highest, and the first and the last. */
export function thin(values: Series, buckets: number): number[] {
  const n = values.length;
  if (n <= 2 * buckets) return values.map((_, i) => i);
  const kept = new Set<number>([0, n - 1]);
  for (let b = 0; b < buckets; b++) {
    let low = -1;
    let high = -1;
    for (let i = Math.floor((b * n) / buckets); i < Math.floor(((b + 1) * n) / buckets); i++) {
      const value = values[i];
      if (value === null) continue;
      if (low < 0 || value < (values[low] as number)) low = i;
      if (high < 0 || value > (values[high] as number)) high = i;
    }
    if (low >= 0) kept.add(low).add(high);
  }
  return [...kept].sort((a, b) => a - b);
}

/** The points to draw of several series over one axis: those that any of them keeps. */
export function thinAll(series: readonly Series[], buckets: number): number[] {
  const kept = new Set<number>();
  for (const values of series) for (const i of thin(values, buckets)) kept.add(i);
  return [...kept].sort((a, b) => a - b);
}
