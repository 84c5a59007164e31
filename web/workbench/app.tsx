// The page: the answer first, then the runs and the views of the one that is chosen.

import { useEffect, useState } from "preact/hooks";
import type { Index, RunSummary } from "../generated/documents.ts";
import { Badge, Mark } from "../kit/badge.tsx";
import { DataError, type Root, type Run } from "../kit/data.ts";
import { Interpreter } from "../kit/interpreter.ts";
import { Boundary, Copyable, Missing, TroubleNote, fixed, grouped } from "../kit/parts.tsx";
import { change, useAddress } from "../kit/state.ts";
import { Compare, Verdict } from "./compare.tsx";
import { Draw } from "./draw.tsx";
import { Insights } from "./insights.tsx";
import { Own } from "./own.tsx";
import { Repeat } from "./repeat.tsx";
import { Retrain } from "./retrain.tsx";
import { Runs } from "./runs.tsx";
import { Samples } from "./samples.tsx";

export interface Context {
  root: Root;
  run: Run;
  interpreter: Interpreter;
  /** What has been re-made here. */
  checked: Checked;
  tell: (checked: Partial<Checked>) => void;
}

/** What this browser has re-made of a run, and whether the bits were equal. */
export interface Checked {
  predictions?: boolean;
  training?: boolean;
}

const VIEWS = [
  ["insights", "Insights", Insights],
  ["samples", "Samples", Samples],
  ["draw", "Draw", Draw],
  ["retrain", "Retrain", Retrain],
  ["own", "Own data", Own],
  ["repeat", "Repeat", Repeat],
] as const;

type Loaded<T> = { value: T } | { error: unknown } | null;

/** What a promise gives, once it is there; anew when `key` changes. */
export function useLoaded<T>(load: () => Promise<T>, key: string): Loaded<T> {
  const [found, set] = useState<{ key: string; loaded: Loaded<T> }>({ key: "", loaded: null });
  useEffect(() => {
    let wanted = true;
    load().then(
      (value) => wanted && set({ key, loaded: { value } }),
      (error: unknown) => wanted && set({ key, loaded: { error } }),
    );
    return () => void (wanted = false);
  }, [key]);
  return found.key === key ? found.loaded : null;
}

/** A whole page that cannot be shown, and why. */
export function Broken({ error }: { error: unknown }) {
  return (
    <main class="whole">
      <h1>No runs can be shown</h1>
      {error instanceof DataError ? <TroubleNote trouble={error.trouble} /> : <p role="alert">{String(error)}</p>}
    </main>
  );
}

export function App({ root }: { root: Root }) {
  const index = useLoaded(() => root.index(), root.folder || ".");
  if (index === null) return <main class="whole"><p class="loading">Reading the runs …</p></main>;
  if ("error" in index) return <Broken error={index.error} />;
  if (index.value.runs.length === 0) return <Empty />;
  return <Workbench root={root} index={index.value} />;
}

function Empty() {
  return (
    <main class="whole">
      <h1>No runs yet</h1>
      <p>A run is a training that was recorded. This one takes a few seconds and shows everything that this page can do:</p>
      <Copyable what="the command of a first run" text="paragon digits" />
      <p>Any training is recorded with a callback: <code>pg.fit(…, callbacks=[Recorder()])</code>. Then load this page again.</p>
    </main>
  );
}

const interpreter = new Interpreter();

function Workbench({ root, index }: { root: Root; index: Index }) {
  const state = useAddress();
  const ids = index.runs.map(({ id }) => id);
  const id = ids.includes(state.r) ? state.r : index.latest && ids.includes(index.latest) ? index.latest : ids[ids.length - 1];
  const compared = (state.c ?? "").split(",").filter((name) => ids.includes(name));
  const run = useLoaded(() => root.run(id), id);
  const running = index.runs.find((entry) => entry.id === id)?.status === "running";
  const [checked, setChecked] = useState<Record<string, Checked>>({});
  const comparing = state.v === "compare";
  const view = VIEWS.find(([key]) => key === state.v) ?? VIEWS[0];
  const loaded = run && "value" in run ? run.value : null;
  const tell = (found: Partial<Checked>) => setChecked((all) => ({ ...all, [id]: { ...all[id], ...found } }));
  const context: Context | null = loaded && { root, run: loaded, interpreter, checked: checked[id] ?? {}, tell };
  const View = view[2];

  useEffect(() => {
    document.title = loaded ? `${loaded.record.label ?? loaded.record.kind}: Paragon workbench` : "Paragon workbench";
  }, [loaded]);

  return (
    <div class="workbench">
      <header>
        {comparing ? <Verdict root={root} ids={compared} /> : <Answer run={run} id={id} running={running} checked={checked[id] ?? {}} />}
      </header>
      <Runs index={index} chosen={id} compared={compared} comparing={comparing} />
      <div class="side">
        <nav aria-label="views">
          {VIEWS.map(([key, name]) => (
            <a key={key} href={`#v=${key}`} aria-current={!comparing && view[0] === key ? "page" : undefined} onClick={(e) => { e.preventDefault(); change({ v: key }, true); }}>{name}</a>
          ))}
          <a href="#v=compare" aria-current={comparing ? "page" : undefined} onClick={(e) => { e.preventDefault(); change({ v: "compare" }, true); }}>
            Compare{compared.length > 0 && ` (${compared.length})`}
          </a>
        </nav>
        <main>
          {comparing ? <Boundary key={compared.join()}><Compare root={root} index={index} ids={compared} /></Boundary>
            : context ? <><Troubles run={context.run} /><Boundary key={`${id} ${view[0]}`}><View {...context} /></Boundary></>
            : run && running ? <Missing what="This run goes on; its figures are written for pages when it ends." remedy={`Load this page again then. paragon runs show ${id} tells how far it is.`} />
            : run && "error" in run ? (run.error instanceof DataError ? <TroubleNote trouble={run.error.trouble} /> : <p role="alert">{String(run.error)}</p>)
            : <p class="loading">Reading the run …</p>}
        </main>
      </div>
      <footer>{root.exported ? "Exported: all data lie in this page." : "Read from scripts beside this page; nothing is sent anywhere."}</footer>
    </div>
  );
}

function Troubles({ run }: { run: Run }) {
  return <>{run.troubles.map((trouble) => <TroubleNote key={trouble.file} trouble={trouble} />)}</>;
}

/** The first line: what came out, and whether it has been re-made here. */
function Answer({ run, id, running, checked }: { run: Loaded<Run>; id: string; running: boolean; checked: Checked }) {
  if (run === null) return <><h1>…</h1><p class="under"><code>{id}</code></p></>;
  if ("error" in run) return <><h1>{running ? "Still running" : "This run cannot be read"}</h1><p class="under"><code>{id}</code></p></>;
  const { record, metrics } = run.value;
  const { final } = record.fingerprints;
  return (
    <>
      <h1 data-testid="answer">{sentence(run.value)} <Remade record={record} checked={checked} /></h1>
      <p class="under">
        <span>{record.label ?? record.kind}</span>
        <code>{id}</code>
        {final && <span class="together"><Badge hash={final} what="fingerprint of the final state" /> final state</span>}
        {metrics === undefined && record.kind === "digits" && <span>no metrics.json</span>}
      </p>
    </>
  );
}

function sentence({ record, metrics }: Run): string {
  if (record.status === "failed") return `Failed: ${record.failure?.type ?? "error"}: ${record.failure?.message ?? ""}`;
  if (record.status === "interrupted") return `Interrupted after ${record.steps ?? 0} steps`;
  if (record.status === "running") return `Still running: ${record.epochs ?? 0} epochs so far`;
  if (metrics) {
    const interval = metrics.intervals.accuracy;
    return `Accuracy ${fixed(metrics.accuracy)}${interval ? ` (95\u202f%: ${fixed(interval[0])}\u00a0…\u00a0${fixed(interval[1])})` : ""} on ${grouped(metrics.rows)} test rows`;
  }
  const [name, value] = mainFigure(record.metrics);
  return name === null ? "Finished" : `Finished: ${name.replaceAll("_", " ")} ${fixed(value, 4)}`;
}

/** The figure that a list of runs shows. */
export function mainFigure(metrics: RunSummary["metrics"]): [string, number] | [null, null] {
  for (const name of ["test_accuracy", "accuracy", "val_accuracy", "test_loss", "val_loss", "loss", ...Object.keys(metrics)]) {
    const value = metrics[name];
    if (typeof value === "number") return [name, value];
  }
  return [null, null];
}

function Remade({ record, checked }: { record: RunSummary; checked: Checked }) {
  if (record.tags.synthetic) return <Mark state="stale">synthetic: no model computed this</Mark>;
  if (checked.training === false) return <Mark state="differs">trained again here: other bits</Mark>;
  if (checked.predictions === false) return <Mark state="differs">predicted again here: other bits</Mark>;
  if (checked.training) return <Mark state="equal">trained again here: same bits</Mark>;
  if (checked.predictions) return <Mark state="equal">predicted again here: same bits</Mark>;
  return record.status === "finished" ? <Mark state="none">not re-made here yet</Mark> : null;
}
