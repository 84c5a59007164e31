// What a run has learnt, and how well: figures, curves, mistakes, and observations in words.

import { useMemo, useState } from "preact/hooks";
import { DataError, type Run } from "../kit/data.ts";
import { Badge, Mark } from "../kit/badge.tsx";
import { Confusion } from "../kit/confusion.tsx";
import { Picture, diverging } from "../kit/digit.tsx";
import { Facts, Missing, TroubleNote, fixed, grouped, shown } from "../kit/parts.tsx";
import { type Line, Plot } from "../kit/plot.tsx";
import { change, useAddress } from "../kit/state.ts";
import { type Column, Table } from "../kit/table.tsx";
import { readSafetensors } from "../kit/tensors.ts";
import { Square } from "../kit/xy.tsx";
import type { Context } from "./app.tsx";
import { useLoaded } from "./app.tsx";
import { flatten } from "./difference.ts";
import { observations } from "./observations.ts";
import { Verify } from "./verify.tsx";

export function Insights(context: Context) {
  const { run } = context;
  const notes = observations(run);
  return (
    <>
      <section aria-labelledby="figures">
        <h2 id="figures">Figures</h2>
        <Figures run={run} />
        <Verify {...context} />
      </section>
      {notes.length > 0 && (
        <section aria-labelledby="observations">
          <h2 id="observations">Observations</h2>
          <ul class="notes">{notes.map((note) => <li key={note}>{note}</li>)}</ul>
        </section>
      )}
      <Curves run={run} />
      <Mistakes run={run} />
      <Weights {...context} />
      <Model run={run} />
    </>
  );
}

function Figures({ run: { metrics, record } }: { run: Run }) {
  if (!metrics) {
    const rows = Object.entries(record.metrics).map(([name, value]) => [name.replaceAll("_", " "), fixed(value, 4)] as const);
    return rows.length ? <Facts rows={rows} /> : <Missing what="The record holds no figures." remedy="paragon digits writes metrics.json; run.note(name=value) adds a figure to any run." />;
  }
  const between = (name: string) => (metrics.intervals[name] ? <span class="quiet"> {fixed(metrics.intervals[name][0])} … {fixed(metrics.intervals[name][1])}</span> : null);
  const figure = (name: "accuracy" | "balanced_accuracy" | "macro_f1" | "weighted_f1" | "log_loss" | "calibration_error") => <>{fixed(metrics[name])}{between(name)}</>;
  return (
    <Facts rows={[
      ["accuracy", figure("accuracy")], ["balanced accuracy", figure("balanced_accuracy")], ["macro F1", figure("macro_f1")],
      ["weighted F1", figure("weighted_f1")], ["log loss, nats", figure("log_loss")], ["calibration error", figure("calibration_error")],
    ]} />
  );
}

function Curves({ run: { loss, record, dynamics } }: { run: Run }) {
  const state = useAddress();
  const log = state.y === "1";
  const smoothing = Math.min(0.98, Math.max(0, Number(state.m) || 0));
  const history = useMemo(() => {
    const lines = (pairs: [string, readonly (number | null)[] | undefined][]): Line[] => pairs.filter(([, v]) => v && v.length > 0).map(([name, values]) => ({ name, values: values ?? [] }));
    const own = record.history;
    return {
      x: loss?.epoch ?? (own.loss ?? []).map((_, i) => i + 1),
      losses: lines([["training", loss?.loss ?? own.loss], ["validation", loss?.val_loss ?? own.val_loss]]),
      accuracies: lines([["training", loss?.accuracy ?? own.accuracy], ["validation", loss?.val_accuracy ?? own.val_accuracy]]),
      rates: lines([["rate", dynamics?.learning_rate]]),
      norms: lines([["norm", dynamics?.weight_norm]]),
    };
  }, [loss, record, dynamics]);
  if (history.losses.length === 0) return null;
  const common = { axis: "epoch", x: history.x, smoothing, animated: true };
  return (
    <section aria-labelledby="curves">
      <h2 id="curves">Training</h2>
      <div class="controls">
        <label><input type="checkbox" checked={log} onChange={() => change({ y: log ? null : "1" })} /> log scale</label>
        <label>smoothing <input type="range" min="0" max="0.98" step="0.02" value={smoothing} onInput={(e) => change({ m: Number((e.currentTarget as HTMLInputElement).value) ? (e.currentTarget as HTMLInputElement).value : null })} /> <output>{smoothing ? smoothing.toFixed(2) : "none"}</output></label>
      </div>
      <div class="plots">
        <Plot {...common} title="Loss" unit="nats" lines={history.losses} log={log} zero file={`${record.id}-loss`} />
        {history.accuracies.length > 0 && <Plot {...common} title="Accuracy" unit="share" lines={history.accuracies} file={`${record.id}-accuracy`} />}
        {history.rates.length > 0 && <Plot {...common} smoothing={0} title="Learning rate" unit="rate" lines={history.rates} log={log} zero file={`${record.id}-rate`} height={160} />}
        {history.norms.length > 0 && <Plot {...common} title="Norm of the weights" unit="norm" lines={history.norms} file={`${record.id}-norm`} height={160} />}
      </div>
    </section>
  );
}

type Report = NonNullable<Run["metrics"]>["report"][number];
const REPORT: Column<Report>[] = [
  { name: "class", value: (r) => r.label },
  { name: "precision", value: (r) => r.precision, show: (r) => fixed(r.precision), numeric: true },
  { name: "recall", value: (r) => r.recall, show: (r) => fixed(r.recall), numeric: true },
  { name: "F1", value: (r) => r.f1, show: (r) => fixed(r.f1), numeric: true },
  { name: "rows", value: (r) => r.support, numeric: true },
];

function Mistakes({ run: { metrics, buckets, roc, record } }: { run: Run }) {
  const [chosen, setChosen] = useState(0);
  const curves = useMemo(() => roc?.curves.map((c) => ({ name: `class ${c.label}`, x: c.false_positive_rate, y: c.true_positive_rate })) ?? [], [roc]);
  const reliability = useMemo(() => {
    const full = buckets?.buckets.filter((b) => b.rows > 0) ?? [];
    return { curve: { name: "all classes", x: full.map((b) => b.confidence ?? 0), y: full.map((b) => b.accuracy ?? 0) }, rows: full.map((b) => b.rows) };
  }, [buckets]);
  if (!metrics && !buckets && !roc) return null;
  const open = (label: number, prediction: number) => change({ v: "samples", l: String(label), p: String(prediction), w: null, o: "confidence", i: null }, true);
  return (
    <section aria-labelledby="mistakes">
      <h2 id="mistakes">Where it is wrong, and how sure it is</h2>
      {metrics && <div class="plots wide"><Confusion counts={metrics.confusion} classes={metrics.classes} onOpen={open} file={`${record.id}-confusion`} /><Table label="figures of each class" columns={REPORT} rows={metrics.report} file={`${record.id}-classes`} /></div>}
      <div class="plots">
        {buckets && <Square title="Calibration" curves={[reliability.curve]} chosen={0} xLabel="confidence" yLabel="accuracy" file={`${record.id}-calibration`} dots sizes={reliability.rows} />}
        {roc && curves.length > 0 && (
          <div>
            <Square title={`ROC, one class against the rest${roc.macro_auc === null ? "" : `; mean area ${fixed(roc.macro_auc)}`}`} curves={curves} chosen={Math.min(chosen, curves.length - 1)} xLabel="false positive rate" yLabel="true positive rate" file={`${record.id}-roc`} />
            <div class="chips" role="group" aria-label="class of the ROC curve">
              {roc.curves.map((c, i) => <button key={c.label} type="button" aria-pressed={i === chosen} onClick={() => setChosen(i)}>{c.label} <span class="quiet">{fixed(c.auc)}</span></button>)}
            </div>
          </div>
        )}
      </div>
    </section>
  );
}

const MOST_UNITS = 64;

/** The columns of the first matrix that takes the features, as pictures. */
function Weights({ root, run }: Context) {
  const image = run.predictions?.image ?? null;
  const kept = run.record.artifacts.some(({ name }) => name === "model.safetensors");
  const model = useLoaded(async () => (image && kept ? readSafetensors(await root.bytes(`${run.id}/model.safetensors`)).tensors : null), `${run.id} weights`);
  const units = useMemo(() => {
    if (!image || !model || !("value" in model) || !model.value) return null;
    const features = image.height * image.width;
    const matrix = [...model.value].find(([, t]) => t.shape.length === 2 && t.shape[0] === features);
    if (!matrix) return null;
    const [name, { shape: [, width], data }] = matrix;
    const most = Array.from(data).reduce((m, v) => Math.max(m, Math.abs(v)), 1e-12);
    const columns = Array.from({ length: Math.min(width, MOST_UNITS) }, (_, j) => Float32Array.from({ length: features }, (_, i) => data[i * width + j] / most));
    return { name, width, columns, most };
  }, [model, image]);
  if (model && "error" in model) return model.error instanceof DataError ? <TroubleNote trouble={model.error.trouble} /> : <p role="alert">{String(model.error)}</p>;
  if (!units || !image) return null;
  return (
    <section aria-labelledby="weights">
      <h2 id="weights">What the first layer looks for</h2>
      <p class="quiet">The weights of {units.columns.length < units.width ? `the first ${units.columns.length} of ${units.width}` : `all ${units.width}`} units (<code>{units.name}</code>): blue asks for ink, vermilion for none; the strongest is {fixed(units.most)}.</p>
      <div class="gallery weights">
        {units.columns.map((values, j) => <Picture key={j} values={values} width={image.width} height={image.height} size={56} shades={diverging} label={`weights of unit ${j}`} />)}
      </div>
    </section>
  );
}

/** The shapes of the trained state: of the step program, without what belongs to the optimiser. */
function parametersOf({ step }: Run): Record<string, number[]> {
  const state = (step as { state?: { name: string; shape: number[] }[] } | undefined)?.state ?? [];
  return Object.fromEntries(state.filter(({ name }) => name !== "step" && !name.startsWith("optimizer.")).map(({ name, shape }) => [name, shape]));
}

/** Layers as widths: each matrix leads from one to the next. Null where they form no chain. */
function chain(parameters: Record<string, number[]>): string | null {
  const matrices = Object.values(parameters).filter((shape) => shape.length === 2);
  const fits = matrices.every(([from], i) => i === 0 || matrices[i - 1][1] === from);
  return matrices.length > 0 && fits ? [matrices[0][0], ...matrices.map(([, to]) => to)].join(" → ") : null;
}

function Model({ run }: { run: Run }) {
  const { record } = run;
  const { config, data, executor, environment, code, program } = record;
  const parameters = parametersOf(run);
  const sizes = Object.values(parameters).map((shape) => shape.reduce((n, d) => n * d, 1));
  const settings = Object.entries(flatten(config));
  return (
    <section aria-labelledby="model">
      <h2 id="model">Model, data and machine</h2>
      <Facts rows={[
        ["architecture", [typeof config.model === "string" ? config.model : null, chain(parameters)].filter(Boolean).join(", ") || "–"],
        ["parameters", record.sizes ? `${grouped(record.sizes.parameters)} trained` : sizes.length ? grouped(sizes.reduce((a, b) => a + b, 0)) : "–"],
        ["operations of a step", record.sizes ? grouped(record.sizes.operations) : "–"],
        ["trained on", data ? `${data.name}, ${grouped(data.rows)} rows` : "–"],
        ["training", record.steps !== null ? `${grouped(record.steps ?? 0)} steps in ${record.epochs ?? "–"} epochs, seed ${record.seed ?? "–"}` : "–"],
        ["executor", executor ? [executor.name, executor.isa, executor.device].filter(Boolean).join(", ") : "–"],
        ["seconds", fixed(record.timing.seconds, 2)],
        ["machine", `${environment.processor}, ${environment.cores} ${environment.cores === 1 ? "core" : "cores"}`],
        ["code", `paragon ${code.version}${code.commit ? `, commit ${code.commit.slice(0, 8)}` : ""}`],
      ]} />
      {code.dirty && <p><Mark state="stale">the working copy had changes that no commit holds</Mark></p>}
      <p class="badges">
        {Object.entries(record.fingerprints).filter(([, hash]) => hash).map(([name, hash]) => <span key={name} class="together"><Badge hash={hash as string} what={`fingerprint: ${name}`} /> {name}</span>)}
        {program?.step && <span class="together"><Badge hash={program.step} what="hash of the step program" /> step program</span>}
        {data && <span class="together"><Badge hash={data.sha256} what="fingerprint of the rows" /> rows</span>}
      </p>
      <details>
        <summary>All settings</summary>
        <Facts rows={[...settings.map(([name, value]) => [name, shown(value)] as const), ...Object.entries(parameters).map(([name, shape]) => [name, `f32[${shape.join(", ")}]`] as const)]} />
      </details>
    </section>
  );
}
