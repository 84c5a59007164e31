import assert from "node:assert/strict";
import { test } from "node:test";
import { DataError, artifactFolder, parse } from "../kit/data.ts";
import { type Schema, validate } from "../kit/schema.ts";
import type { RunSummary } from "../generated/documents.ts";
import { bits, differing, paired, verdict } from "../workbench/difference.ts";
import type { Run } from "../kit/data.ts";
import { rowsOf } from "../workbench/rows.ts";

const buckets = () => ({ schema_version: "paragon.confidence_buckets/1", calibration_error: 0.1, buckets: [{ low: 0, high: 0.1, rows: 0, confidence: null, accuracy: null }] });

function trouble(kind: string, document: unknown): string {
  try {
    parse(kind, document, "run/file.json");
  } catch (error) {
    assert.ok(error instanceof DataError);
    return `${error.trouble.field}: ${error.trouble.what}`;
  }
  return "";
}

test("a document of its schema passes; a broken one is told by file and field", () => {
  const kind = "paragon.confidence_buckets";
  assert.equal(trouble(kind, buckets()), "");
  assert.match(trouble(kind, { ...buckets(), calibration_error: "much" }), /^calibration_error: is "much"; a number is expected/);
  assert.match(trouble(kind, { ...buckets(), more: 1 }), /^more: is no field of this schema/);
  const short = buckets();
  delete (short.buckets[0] as Partial<(typeof short.buckets)[0]>).rows;
  assert.match(trouble(kind, short), /^buckets\[0\].rows: is missing/);
  assert.match(trouble(kind, { ...buckets(), buckets: [{ ...buckets().buckets[0], rows: -1 }] }), /^buckets\[0\].rows: is -1, less than 0/);
  assert.match(trouble(kind, { ...buckets(), buckets: [{ ...buckets().buckets[0], rows: 1.5 }] }), /an integer is expected/);
  assert.match(trouble(kind, { ...buckets(), schema_version: `${kind}/2` }), /^schema_version: is .*\/2, written by a newer version/);
  assert.match(trouble(kind, { ...buckets(), schema_version: `${kind}/0` }), /an old version/);
  assert.match(trouble(kind, { ...buckets(), schema_version: "paragon.metrics/1" }), /this page reads paragon.confidence_buckets/);
  assert.match(trouble(kind, [1]), /^schema_version: is missing/);
});

test("what was left out gets its default; references, choices, tuples and patterns are checked", () => {
  const schema: Schema = {
    $defs: { Pair: { type: "array", minItems: 2, maxItems: 2, prefixItems: [{ type: "number" }, { type: "string" }] } },
    type: "object", additionalProperties: false, required: ["pair"],
    properties: { pair: { $ref: "#/$defs/Pair" }, hash: { anyOf: [{ type: "string", pattern: "^[0-9a-f]+$" }, { type: "null" }], default: null }, list: { type: "array", items: { enum: ["a", "b"] }, default: [] } },
  };
  const document: Record<string, unknown> = { pair: [1, "x"] };
  assert.equal(validate(schema, document), null);
  assert.deepEqual(document, { pair: [1, "x"], hash: null, list: [] });
  const nested: Schema = { $defs: { Part: { type: "object", properties: { a: { type: "null", default: null } } } }, type: "object", properties: { part: { $ref: "#/$defs/Part" } } };
  const without = {};
  assert.equal(validate(nested, without), null);
  assert.deepEqual(without, { part: { a: null } });
  assert.deepEqual(validate(schema, { pair: [1] }), { field: "pair", what: "has 1 entries, not 2" });
  assert.equal(validate(schema, { pair: [1, 2] })?.field, "pair[1]");
  assert.match(validate(schema, { pair: [1, "x"], hash: "XY" })?.what ?? "", /does not have the form/);
  assert.match(validate(schema, { pair: [1, "x"], list: ["c"] })?.what ?? "", /none of "a", "b"/);
});

test("folders: relative and below the page, nothing else", () => {
  for (const [path, folder] of [["other", "other/"], ["./a/b/", "a/b/"], ["a.b/c-d", "a.b/c-d/"], ["", ""], [".", ""]]) {
    assert.equal(artifactFolder(`?artifacts=${encodeURIComponent(path)}`, undefined), folder);
    assert.equal(artifactFolder("", path), folder);
  }
  for (const path of ["/etc", "//host/x", "https://host/x", "../x", "a/../../x", "a/..", "javascript:x", "a\\b", "%2e%2e/x", "a//b", "a?b", "a#b", "data:x", "..."]) {
    assert.throws(() => artifactFolder(`?artifacts=${encodeURIComponent(path)}`, undefined), DataError, path);
    assert.throws(() => artifactFolder("", path), DataError, path);
  }
  assert.equal(artifactFolder("?artifacts=a", "b"), "a/");
});

test("own rows: with and without header and label, and what is wrong with them", () => {
  assert.deepEqual([...rowsOf([["0", "16"], ["8", "4"]], 2, 16).x], [0, 1, 0.5, 0.25]);
  assert.deepEqual(rowsOf([["0", "16", "7"]], 2, 16).labels, ["7"]);
  const named = rowsOf([["label", "p0", "p1"], ["7", "0", "16"]], 2, 16);
  assert.deepEqual([named.labels, [...named.x]], [["7"], [0, 1]]);
  assert.throws(() => rowsOf([["1"]], 2, 16), /line 1 has 1 columns; 2 are expected, or 3 with a label/);
  assert.throws(() => rowsOf([["1", "2"], ["1", "x"]], 2, 16), /line 2: "x" is no number/);
  assert.throws(() => rowsOf([["1", "17"]], 2, 16), /line 1: the pixel 17 is not in 0 … 16/);
  assert.throws(() => rowsOf([["1", "2"], ["1"]], 2, 16), /line 2 has 1 columns/);
  assert.throws(() => rowsOf([], 2, 16), /no rows/);
});

const record = (changes: object = {}): RunSummary => ({
  work_id: "w", config: { rate: 1, model: { width: 2 } }, program: { step: "p" }, data: { sha256: "d" },
  fingerprints: { initial: "i", final: "f", predictions: null, history: "h" }, ...changes,
}) as unknown as RunSummary;

test("two records: the verdicts of paragon runs compare, and no claim where there is nothing to compare", () => {
  const none = { initial: null, final: null, predictions: null, history: "h" };
  const other = { initial: "i", final: "g", predictions: null, history: "h" };
  assert.equal(verdict(record(), record()), "same bits");
  assert.equal(verdict(record(), record({ fingerprints: other })), "same work, other bits");
  assert.equal(verdict(record(), record({ fingerprints: other, program: { step: "q" } })), "other program");
  assert.equal(verdict(record(), record({ fingerprints: other, data: { sha256: "e" } })), "same program, other data");
  assert.equal(verdict(record(), record({ fingerprints: other, config: { rate: 2, model: { width: 2 } } })), "other configuration");
  assert.equal(bits(record({ fingerprints: none }), record({ fingerprints: none })), "none");
  assert.equal(verdict(record({ fingerprints: none }), record()), "no fingerprints to compare");
  assert.deepEqual(differing([record(), record({ config: { rate: 1, model: { width: 3 }, more: true } })]), [["model.width", [2, 3]], ["more", [undefined, true]]]);
});

test("predictions are paired by the number of the row, in whatever order", () => {
  const run = (id: number[], label: number[], prediction: number[]) => ({ predictions: { classes: ["a", "b"], id, label, prediction } }) as unknown as Run;
  const found = paired(run([7, 8, 9, 5], [0, 1, 0, 0], [0, 0, 1, 0]), run([9, 8, 7], [0, 1, 0], [1, 1, 1]));
  assert.deepEqual(found && { ...found }, { rows: 3, bothRight: 0, onlyFirst: 1, onlySecond: 1, bothWrong: 1, p: 1, changed: [[0, 2], [1, 1]] });
  assert.equal(paired(run([1], [0], [0]), run([2], [0], [0])), null);
  assert.equal(paired(run([1], [0], [0]), run([1], [1], [0])), null, "other labels: other data");
});
