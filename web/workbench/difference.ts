// What sets runs apart: the rules of `paragon runs compare`, from records and predictions.

import type { RunSummary } from "../generated/documents.ts";
import type { Run } from "../kit/data.ts";
import { mcnemar } from "../kit/stats.ts";

/** Settings by dotted names. */
export function flatten(config: Record<string, unknown>, prefix = ""): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(config)) {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) Object.assign(found, flatten(value as Record<string, unknown>, `${prefix}${name}.`));
    else found[prefix + name] = value;
  }
  return found;
}

/** The settings in which records differ: name, and the value of each record. */
export function differing(records: readonly RunSummary[]): [string, unknown[]][] {
  const flat = records.map(({ config }) => flatten(config));
  const names = [...new Set(flat.flatMap((settings) => Object.keys(settings)))];
  return names
    .map((name): [string, unknown[]] => [name, flat.map((settings) => settings[name])])
    .filter(([, values]) => values.some((value) => JSON.stringify(value) !== JSON.stringify(values[0])));
}

/** Whether what came out is the same: every fingerprint that both have; "none" without a last state or predictions of both. */
export function bits(a: RunSummary, b: RunSummary): "equal" | "differs" | "none" {
  const names = (["final", "predictions", "history"] as const).filter((name) => a.fingerprints[name] && b.fingerprints[name]);
  if (!names.some((name) => name !== "history")) return "none";
  return names.every((name) => a.fingerprints[name] === b.fingerprints[name]) ? "equal" : "differs";
}

export const sameBits = (a: RunSummary, b: RunSummary): boolean => bits(a, b) === "equal";

/** One line, as `paragon runs compare` says it. */
export function verdict(a: RunSummary, b: RunSummary): string {
  if (sameBits(a, b)) return "same bits";
  if (a.program?.step !== b.program?.step) return "other program";
  if (a.data?.sha256 !== b.data?.sha256) return "same program, other data";
  if (differing([a, b]).length) return "other configuration";
  if (bits(a, b) === "none") return "no fingerprints to compare";
  return a.work_id !== null && a.work_id === b.work_id ? "same work, other bits" : "other bits";
}

/** Two classifiers on the same rows. `changed` are places in the first one's test set, with the place in the second one's. */
export interface Paired {
  rows: number;
  bothRight: number;
  onlyFirst: number;
  onlySecond: number;
  bothWrong: number;
  p: number;
  changed: [number, number][];
}

/** Rows are paired by their number in the whole data set; null where there are none in common, or their labels differ. */
export function paired(a: Run, b: Run): Paired | null {
  const [p, q] = [a.predictions, b.predictions];
  if (!p || !q || p.classes.join("\n") !== q.classes.join("\n")) return null;
  const places = new Map(q.id.map((id, j) => [id, j]));
  const found: Paired = { rows: 0, bothRight: 0, onlyFirst: 0, onlySecond: 0, bothWrong: 0, p: 1, changed: [] };
  for (let i = 0; i < p.id.length; i++) {
    const j = places.get(p.id[i]);
    if (j === undefined) continue;
    if (p.label[i] !== q.label[j]) return null; // the numbers are those of other data
    found.rows++;
    const [first, second] = [p.prediction[i] === p.label[i], q.prediction[j] === q.label[j]];
    found[first ? (second ? "bothRight" : "onlyFirst") : second ? "onlySecond" : "bothWrong"]++;
    if (p.prediction[i] !== q.prediction[j]) found.changed.push([i, j]);
  }
  found.p = mcnemar(found.onlyFirst, found.onlySecond);
  return found.rows > 0 ? found : null;
}
