// The runs below a folder, read through classic scripts (a page opened from a file cannot fetch). Every document is validated.
//
// Scripts assign into `paragonData`; an exported page has brought them along. Nothing is loaded from a path that the query names
// but for a relative folder of the same origin, and only runs that the index lists.

import schemas from "../generated/schemas.json";
import type {
  ConfidenceBuckets, Index, LossCurve, Metrics, Predictions, RocCurves, RunSummary, TimingStats, TrainingDynamics,
} from "../generated/documents.ts";
import { type Schema, validate } from "./schema.ts";

declare global {
  var paragonData: Record<string, unknown> | undefined;
}

/** What is missing or broken, and what mends it. */
export interface Trouble {
  file: string;
  field?: string;
  what: string;
  remedy: string;
}

export class DataError extends Error {
  constructor(readonly trouble: Trouble) {
    super(`${trouble.file}: ${trouble.field ? `${trouble.field}: ` : ""}${trouble.what}`);
  }
}

/** A run with the documents that it has. `troubles` says which of them are broken. */
export interface Run {
  id: string;
  record: RunSummary;
  metrics?: Metrics;
  predictions?: Predictions;
  loss?: LossCurve;
  buckets?: ConfidenceBuckets;
  roc?: RocCurves;
  dynamics?: TrainingDynamics;
  timing?: TimingStats;
  step?: unknown;
  rest?: unknown;
  troubles: Trouble[];
}

const DOCUMENTS = {
  metrics: ["metrics.json", "paragon.metrics"],
  predictions: ["predictions.json", "paragon.predictions"],
  loss: ["loss_curve.json", "paragon.loss_curve"],
  buckets: ["confidence_buckets.json", "paragon.confidence_buckets"],
  roc: ["roc_curves.json", "paragon.roc_curves"],
  dynamics: ["training_dynamics.json", "paragon.training_dynamics"],
  timing: ["timing_stats.json", "paragon.timing_stats"],
} as const;

const KNOWN = schemas as unknown as Record<string, Schema>;
const RUN_ID = /^\d{8}-\d{6}(-[A-Za-z0-9._+=-]+)?-[0-9a-f]{8}$/;
const HASH = /^[0-9a-f]{64}$/;

/** A document of a kind, validated. Throws a DataError that names the file and the field. */
export function parse<T>(kind: string, document: unknown, file: string): T {
  const current = Object.keys(KNOWN).find((version) => version.startsWith(`${kind}/`));
  if (current === undefined) throw new Error(`no schema of ${kind}`);
  const found = typeof document === "object" && document !== null ? (document as { schema_version?: unknown }).schema_version : undefined;
  if (found !== current) throw new DataError({ file, field: "schema_version", ...otherVersion(found, current) });
  const fault = validate(KNOWN[current], document);
  if (fault) throw new DataError({ file, field: fault.field, what: fault.what, remedy: "paragon runs validate names all faults; run the command that wrote the file again." });
  return document as T;
}

function otherVersion(found: unknown, current: string): { what: string; remedy: string } {
  if (typeof found !== "string") return { what: `is missing; this page reads ${current}`, remedy: "The file is no document of a run: record the run again." };
  const [kind, number] = found.split("/");
  if (kind !== current.split("/")[0]) return { what: `is ${found}; this page reads ${current}`, remedy: "The file has been swapped with another one: record the run again." };
  const newer = Number(number) > Number(current.split("/")[1]);
  return newer
    ? { what: `is ${found}, written by a newer version of paragon; this page reads ${current}`, remedy: "Upgrade paragon, then: paragon dashboard --write-only." }
    : { what: `is ${found}, an old version; this page reads ${current}`, remedy: "paragon runs validate reads and migrates old documents; record the run again to renew them." };
}

/** The folder that a page reads: of the query `?artifacts=`, or of `data-artifact-path`, or its own. Throws for one that is not below it. */
export function artifactFolder(query: string, attribute: string | undefined): string {
  const path = new URLSearchParams(query).get("artifacts") ?? attribute ?? "";
  if (path === "" || path === ".") return "";
  const parts = path.replace(/^\.\//, "").replace(/\/$/, "").split("/");
  if (!parts.every((part) => /^[A-Za-z0-9._+=~-]+$/.test(part) && !/^\.+$/.test(part))) {
    throw new DataError({
      file: path.slice(0, 80),
      what: "is no folder that this page may read",
      remedy: "Name a folder below the page by a relative path, like ?artifacts=other/artifacts: no leading slash, no .., no protocol.",
    });
  }
  return `${parts.join("/")}/`;
}

export class Root {
  #scripts = new Map<string, Promise<void>>();
  #runs = new Map<string, Promise<Run>>();

  constructor(readonly folder: string) {}

  /** Whether the data came with the page. */
  get exported(): boolean {
    return document.querySelector("script[data-paragon-export]") !== null;
  }

  async index(): Promise<Index> {
    const value = await this.#value("index.json", "page-data.js", "paragon runs reindex writes it anew; paragon digits makes a first run.");
    const index = parse<Index>("paragon.runs", value, "index.json");
    const odd = index.runs.find(({ id }) => !RUN_ID.test(id));
    if (odd) throw new DataError({ file: "index.json", field: "runs.id", what: `${JSON.stringify(odd.id)} is no id of a run`, remedy: "paragon runs reindex writes the index anew." });
    return index;
  }

  /** A run of the index. */
  run(id: string): Promise<Run> {
    let found = this.#runs.get(id);
    if (!found) {
      found = this.#read(id);
      found.catch(() => this.#runs.delete(id));
      this.#runs.set(id, found);
    }
    return found;
  }

  async #read(id: string): Promise<Run> {
    if (!RUN_ID.test(id)) throw new DataError({ file: id.slice(0, 80), what: "is no id of a run", remedy: "Choose a run from the list." });
    const file = `${id}/run_summary.json`;
    const value = await this.#value(file, `${id}/page-data.js`, "It is written when a run ends: a run that goes on or was killed has none. Otherwise record the run again.");
    const run: Run = { id, record: parse<RunSummary>("paragon.run", value, file), troubles: [] };
    for (const [field, [name, kind]] of Object.entries(DOCUMENTS)) {
      const artifact = run.record.artifacts.find((a) => a.name === name);
      if (!artifact) continue;
      try {
        const text = await this.#value(`${id}/${name}`, `${id}/${name}.js`, `The record lists it: record the run again, or restore the file.`);
        Object.assign(run, { [field]: parse(kind, text, `${id}/${name}`) });
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        run.troubles.push(error.trouble);
      }
    }
    run.step = globalThis.paragonData?.[`${id}/program_step.json`];
    run.rest = globalThis.paragonData?.[`${id}/program_rest.json`];
    return run;
  }

  /** The bytes of an artifact of a run, or of kept rows (`data/SHA.safetensors`). */
  async bytes(key: string, remedy = "paragon runs validate tells what is missing; record the run again."): Promise<Uint8Array> {
    const value = await this.#value(key, `${key}.js`, remedy);
    if (typeof value !== "string") throw new DataError({ file: key, what: "is no base64 text", remedy: "record the run again." });
    try {
      return Uint8Array.from(atob(value), (c) => c.charCodeAt(0));
    } catch {
      throw new DataError({ file: key, what: "is no base64 text", remedy: "record the run again." });
    }
  }

  /** The kept rows of a data set. */
  rows(sha256: string): Promise<Uint8Array> {
    if (!HASH.test(sha256)) throw new DataError({ file: sha256.slice(0, 80), what: "is no SHA-256", remedy: "record the run again." });
    return this.bytes(`data/${sha256}.safetensors`, "Rows of more than 8 MB are not written for pages: paragon runs reproduce trains it again in Python.");
  }

  async #value(key: string, path: string, remedy: string): Promise<unknown> {
    globalThis.paragonData ??= {};
    if (!Object.hasOwn(globalThis.paragonData, key)) await this.#script(path, remedy);
    if (!Object.hasOwn(globalThis.paragonData, key)) {
      throw new DataError({ file: this.folder + path, what: `does not bring ${key}: it is damaged, or cut off`, remedy });
    }
    return globalThis.paragonData[key];
  }

  #script(path: string, remedy: string): Promise<void> {
    let loading = this.#scripts.get(path);
    if (!loading) {
      loading = new Promise((resolve, reject) => {
        const element = document.createElement("script");
        const missing = () => new DataError({ file: this.folder + path, what: "is not there", remedy });
        element.onload = () => resolve();
        element.onerror = () => reject(missing());
        if (this.exported) reject(missing());
        // An index or a record that has changed must not come from the browser's cache.
        const fresh = path.endsWith("page-data.js") && location.protocol !== "file:" ? `?${Date.now()}` : "";
        element.src = (this.folder + path).split("/").map(encodeURIComponent).join("/") + fresh;
        if (!this.exported) document.head.append(element);
      });
      loading.catch(() => this.#scripts.delete(path));
      this.#scripts.set(path, loading);
    }
    return loading;
  }
}
