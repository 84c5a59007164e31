// What somebody who looks at the figures for the first time would want to be told, in words.

import type { Run } from "../kit/data.ts";
import { fixed } from "../kit/parts.tsx";

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

export function observations({ metrics, predictions, loss, buckets }: Run): string[] {
  const found: string[] = [];
  if (metrics) {
    const seen = metrics.report.filter(({ support }) => support > 0);
    const [best, worst] = [...seen].sort((a, b) => b.f1 - a.f1).filter((_, i, all) => i === 0 || i === all.length - 1);
    if (worst && best.f1 > worst.f1) {
      const cause = worst.recall < worst.precision ? `it is missed ${percent(1 - worst.recall)} of the time` : `${percent(1 - worst.precision)} of what is called so is something else`;
      found.push(`Class ${worst.label} is the hardest (F1 ${fixed(worst.f1)}: ${cause}), class ${best.label} the easiest (F1 ${fixed(best.f1)}).`);
    }
    const pair = worstPair(metrics.confusion);
    if (pair) found.push(`The most frequent mistake: ${metrics.classes[pair.i]} taken for ${metrics.classes[pair.j]}, ${pair.n} of ${pair.of} times.`);
    const unseen = metrics.report.filter(({ support }) => support === 0).map(({ label }) => label);
    if (unseen.length) found.push(`The test rows hold none of class ${unseen.join(", ")}: its figures say nothing.`);
    if (metrics.rows < 200) found.push(`With ${metrics.rows} test rows chance moves the accuracy by some ± ${fixed(1.96 * Math.sqrt((metrics.accuracy * (1 - metrics.accuracy)) / metrics.rows))}.`);
  }
  if (predictions) {
    const sureAndWrong = predictions.label.filter((label, i) => label !== predictions.prediction[i] && predictions.confidence[i] > 0.9).length;
    if (sureAndWrong) found.push(`${sureAndWrong} ${sureAndWrong === 1 ? "sample is" : "samples are"} wrong with a confidence above 0.9: look at their labels first.`);
  }
  if (buckets) {
    const rows = buckets.buckets.reduce((n, b) => n + b.rows, 0);
    const bias = buckets.buckets.reduce((sum, b) => sum + (b.rows / rows) * ((b.confidence ?? 0) - (b.accuracy ?? 0)), 0);
    found.push(Math.abs(bias) < 0.01 ? "Confidence and accuracy agree on average within one point."
      : bias > 0 ? `The model is overconfident: by ${percent(bias)} on average.` : `The model is too modest: more often right than it claims, by ${percent(-bias)} on average.`);
  }
  if (loss && loss.loss.length > 4) found.push(...ofTraining(loss.loss, loss.val_loss));
  return found;
}

function worstPair(confusion: readonly (readonly number[])[]): { i: number; j: number; n: number; of: number } | null {
  let best: { i: number; j: number; n: number; of: number } | null = null;
  confusion.forEach((row, i) => row.forEach((n, j) => {
    if (i !== j && n > (best?.n ?? 0)) best = { i, j, n, of: row.reduce((a, b) => a + b, 0) };
  }));
  return best;
}

function ofTraining(loss: readonly (number | null)[], validation: readonly (number | null)[]): string[] {
  const found: string[] = [];
  const n = loss.length;
  const [last, before] = [loss[n - 1], loss[Math.floor(n * 0.8) - 1]];
  if (last !== null && before !== null && last < before * 0.9) found.push(`The loss fell by ${percent(1 - last / before)} over the last fifth of the epochs: more epochs may help.`);
  const values = validation.filter((v): v is number => v !== null);
  if (values.length > 4) {
    const low = values.indexOf(Math.min(...values));
    if (low < values.length - 3 && values[values.length - 1] > values[low] * 1.05) found.push(`The validation loss was lowest after epoch ${low + 1} and has risen since: the model begins to learn by heart.`);
  }
  return found;
}
