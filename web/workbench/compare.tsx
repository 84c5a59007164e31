// Two to many runs, each beside the first: the bits, what differs in their settings, figures, predictions that changed.

import { useMemo, useState } from "preact/hooks";
import type { Index } from "../generated/documents.ts";
import { Badge, Mark } from "../kit/badge.tsx";
import { DataError, type Root, type Run } from "../kit/data.ts";
import { Picture } from "../kit/digit.tsx";
import { Missing, TroubleNote, fixed, grouped, shown } from "../kit/parts.tsx";
import { type Line, Plot } from "../kit/plot.tsx";
import { change } from "../kit/state.ts";
import { type Column, Table } from "../kit/table.tsx";
import { mainFigure, useLoaded } from "./app.tsx";
import { bits, differing, paired, sameBits, verdict } from "./difference.ts";
import { pixelsOf } from "./pixels.ts";
import { spread } from "./runs.tsx";
import { unit } from "./samples.tsx";

type Entry = Index["runs"][number];
const MOST = 12; // runs that are compared at once
const SHOWN = 60; // changed predictions in sight

export function Compare({ root, index, ids }: { root: Root; index: Index; ids: readonly string[] }) {
  const wanted = ids.slice(0, MOST);
  const loaded = useLoaded(() => Promise.all(wanted.map((id) => root.run(id))), wanted.join());
  if (wanted.length < 2) return <Missing what="Nothing is compared yet." remedy="Mark runs in the list by the boxes before their names." />;
  if (loaded === null) return <p class="loading">Reading the runs …</p>;
  if ("error" in loaded) return loaded.error instanceof DataError ? <TroubleNote trouble={loaded.error.trouble} /> : <p role="alert">{String(loaded.error)}</p>;
  const runs = loaded.value;
  const entries = ids.map((id) => index.runs.find((e) => e.id === id) as Entry);
  return (
    <>
      {ids.length > MOST && <p class="missing">The first {MOST} of {ids.length} runs are compared.</p>}
      <Verdicts runs={runs} />
      <Groups entries={entries} />
      <Settings runs={runs} />
      <Metrics runs={runs} />
      <LossCurves runs={runs} />
      <Predictions key={wanted.join()} root={root} runs={runs} />
    </>
  );
}

/** The first line of a comparison: whose bits are the same. */
export function Verdict({ root, ids }: { root: Root; ids: readonly string[] }) {
  const wanted = ids.slice(0, MOST);
  const loaded = useLoaded(() => Promise.all(wanted.map((id) => root.run(id))), wanted.join());
  if (wanted.length < 2) return <h1>Choose two runs or more to compare</h1>;
  if (loaded === null || "error" in loaded) return <h1>{wanted.length} runs</h1>;
  const [first, ...others] = loaded.value.map(({ record }) => record);
  const called = names(loaded.value);
  const equal = others.filter((record) => sameBits(first, record)).length;
  const differ = others.some((record) => bits(first, record) === "differs");
  if (others.length === 1) return <h1 data-testid="verdict"><Mark state={bits(first, others[0])}>{verdict(first, others[0])}</Mark>: {called[0]} and {called[1]}</h1>;
  return <h1 data-testid="verdict"><Mark state={equal ? "equal" : differ ? "differs" : "none"}>{equal === others.length ? "same bits" : equal > 0 ? `same bits in ${equal} of ${others.length}` : differ ? "other bits" : "no fingerprints to compare"}</Mark> beside {called[0]}</h1>;
}

/** Names that tell the runs apart: labels, with the end of the id where two have the same. */
function names(runs: readonly Run[]): string[] {
  const plain = runs.map(({ record }) => record.label ?? record.kind);
  return plain.map((name, i) => (plain.indexOf(name) === plain.lastIndexOf(name) ? name : `${name} ${runs[i].id.slice(-4)}`));
}

function Verdicts({ runs }: { runs: readonly Run[] }) {
  const [first] = runs;
  const called = names(runs);
  const columns: Column<number>[] = [
    { name: "run", value: (i) => called[i] },
    { name: `beside ${called[0]}`, value: (i) => (i === 0 ? "" : verdict(first.record, runs[i].record)), show: (i) => i === 0 ? <span class="quiet">the one the others are held to</span> : <Mark state={bits(first.record, runs[i].record)}>{verdict(first.record, runs[i].record)}</Mark> },
    { name: "final state", value: (i) => runs[i].record.fingerprints.final, show: (i) => { const hash = runs[i].record.fingerprints.final; return hash ? <Badge hash={hash} what={`final state of ${called[i]}`} /> : "–"; } },
  ];
  const rows = runs.map((_, i) => i);
  return (
    <section aria-labelledby="verdicts">
      <h2 id="verdicts">Bits</h2>
      <Table label="verdicts" columns={columns} rows={rows} onChoose={(i) => change({ r: runs[i].id, v: null }, true)} />
    </section>
  );
}

/** Mean and spread where several runs differ by their seed alone. */
function Groups({ entries }: { entries: readonly Entry[] }) {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry]);
  const several = [...groups.values()].filter((group) => group.length > 1);
  if (several.length === 0) return null;
  return <>{several.map((group) => <p key={group[0].group}>{group[0].label ?? group[0].kind}: {group.length} runs that differ by their seed at most, {(mainFigure(group[0].metrics)[0] ?? "").replaceAll("_", " ")} <b>{spread(group)}</b></p>)}</>;
}

function Settings({ runs }: { runs: readonly Run[] }) {
  const rows = useMemo(() => differing(runs.map(({ record }) => record)), [runs]);
  const called = names(runs);
  const columns: Column<[string, unknown[]]>[] = [
    { name: "setting", value: ([name]) => name, show: ([name]) => <code>{name}</code> },
    ...runs.map((_, i): Column<[string, unknown[]]> => ({ name: called[i], value: ([, values]) => shown(values[i]) })),
  ];
  return (
    <section aria-labelledby="settings">
      <h2 id="settings">Settings that differ</h2>
      {rows.length === 0 ? <p class="quiet">None: all {runs.length} have the same configuration.</p> : <Table label="settings that differ" columns={columns} rows={rows} file="settings" />}
    </section>
  );
}

function Metrics({ runs }: { runs: readonly Run[] }) {
  const called = names(runs);
  const figures = useMemo(() => {
    const all = [...new Set(runs.flatMap(({ record }) => Object.keys(record.metrics)))];
    return all.map((name) => ({ name, values: runs.map(({ record }) => record.metrics[name] ?? null) }));
  }, [runs]);
  type Figure = (typeof figures)[number];
  const delta = ({ values }: Figure, i: number) => (values[i] === null || values[0] === null ? null : (values[i] as number) - (values[0] as number));
  const columns: Column<Figure>[] = [
    { name: "figure", value: ({ name }) => name.replaceAll("_", " ") },
    ...runs.map((_, i): Column<Figure> => ({
      name: called[i],
      value: ({ values }) => values[i],
      numeric: true,
      show: (row) => {
        const d = delta(row, i);
        return <>{fixed(row.values[i], 4)}{i > 0 && d !== null && <span class="quiet delta"> {d === 0 ? "=" : (d > 0 ? "+" : "") + fixed(d, 4)}</span>}</>;
      },
    })),
  ];
  return (
    <section aria-labelledby="deltas">
      <h2 id="deltas">Figures, and how far from the first</h2>
      <Table label="figures" columns={columns} rows={figures} file="figures" />
    </section>
  );
}

function LossCurves({ runs }: { runs: readonly Run[] }) {
  const called = names(runs);
  const validation = runs.every((run) => run.loss?.val_loss.length);
  const curves = useMemo(() => runs.map(({ loss, record }, i) => ({ name: called[i], values: (validation ? loss?.val_loss : loss?.loss ?? record.history.loss) ?? [] })), [runs]);
  const seen = curves.filter(({ values }) => values.length > 0).slice(0, 8);
  if (seen.length < 2) return null;
  const longest = Math.max(...seen.map(({ values }) => values.length));
  const lines: Line[] = seen.map(({ name, values }) => ({ name, values: Array.from({ length: longest }, (_, i) => values[i] ?? null) }));
  return <Plot title={validation ? "Validation loss" : "Training loss"} axis="epoch" unit="nats" x={Array.from({ length: longest }, (_, i) => i + 1)} lines={lines} file="losses" zero />;
}

function Predictions({ root, runs }: { root: Root; runs: readonly Run[] }) {
  const [other, setOther] = useState(() => Math.max(1, runs.findIndex(({ record }) => !sameBits(runs[0].record, record))));
  const [a, b] = [runs[0], runs[Math.min(other, runs.length - 1)]];
  const called = names(runs);
  const pair = useMemo(() => paired(a, b), [a, b]);
  const pixels = useLoaded(async () => (a.predictions?.image ? pixelsOf(root, a) : null), `${a.id} pixels`);
  const bytes = pixels && "value" in pixels ? pixels.value : null;
  const p = a.predictions;
  const q = b.predictions;
  return (
    <section aria-labelledby="changed">
      <h2 id="changed">Predictions</h2>
      {runs.length > 2 && <div class="controls"><label>{called[0]} beside <select value={String(other)} onChange={(e) => setOther(Number((e.currentTarget as HTMLSelectElement).value))}>{runs.slice(1).map((_, i) => <option key={i} value={String(i + 1)}>{called[i + 1]}</option>)}</select></label></div>}
      {!pair || !p || !q ? <Missing what="The two have no test rows in common." remedy="A paired test needs two runs with predictions.json over the same rows." /> : (
        <>
          <p data-testid="mcnemar">
            On {grouped(pair.rows)} rows: both right {pair.bothRight}, only {called[0]} right {pair.onlyFirst}, only {b === a ? called[0] : called[Math.min(other, runs.length - 1)]} right {pair.onlySecond}, both wrong {pair.bothWrong}.
            {" "}McNemar’s exact test: <b>p = {pair.p < 0.0001 ? pair.p.toExponential(1) : pair.p.toFixed(4)}</b>{pair.p < 0.05 ? ", a difference that chance would seldom make." : ", no more than chance may make."}
          </p>
          <h3>{pair.changed.length === 0 ? "No prediction changed" : `${pair.changed.length} predictions changed`}{pair.changed.length > SHOWN && <span class="quiet"> the first {SHOWN}</span>}</h3>
          <div class="gallery changed">
            {pair.changed.slice(0, SHOWN).map(([i, j]) => {
              const [label, first, second] = [p.classes[p.label[i]], p.classes[p.prediction[i]], q.classes[q.prediction[j]]];
              const state = p.prediction[i] === p.label[i] ? "lost" : q.prediction[j] === q.label[j] ? "won" : "";
              return (
                <figure key={i} class={state}>
                  {bytes && p.image && <Picture values={unit(bytes, i, p)} width={p.image.width} height={p.image.height} size={56} label={`row ${p.id[i]}, label ${label}`} />}
                  <figcaption>{first} → {second}<span class="quiet">{state === "lost" ? "✖ is " : state === "won" ? "✔ is " : "✖ is "}{label}</span></figcaption>
                </figure>
              );
            })}
          </div>
        </>
      )}
    </section>
  );
}
