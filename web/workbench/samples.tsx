// The dataset studio: the test rows as pictures or as a table, filtered and in any order, and one of them looked at closely.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { DataError, type Run } from "../kit/data.ts";
import { Mark } from "../kit/badge.tsx";
import { save } from "../kit/csv.ts";
import { Picture, png } from "../kit/digit.tsx";
import { Missing, TroubleNote, fixed, grouped } from "../kit/parts.tsx";
import { change, useAddress } from "../kit/state.ts";
import { shuffled } from "../kit/stats.ts";
import { type Column, Table } from "../kit/table.tsx";
import type { Context } from "./app.tsx";
import { useLoaded } from "./app.tsx";
import { Bars } from "./bars.tsx";
import { pixelsOf } from "./pixels.ts";

type Predictions = NonNullable<Run["predictions"]>;
const TILE = 84; // px, of a picture with its words
const WORDS = 36;

/** The rows that the filters leave, in the order that is asked for. */
export function chosenRows(p: Predictions, filter: { label?: string; prediction?: string; wrong?: boolean; order?: string; shuffle?: number }): number[] {
  const n = p.label.length;
  const all = filter.shuffle ? shuffled(n, filter.shuffle) : Array.from({ length: n }, (_, i) => i);
  const rows = all.filter((i) =>
    (filter.label === undefined || p.label[i] === Number(filter.label))
    && (filter.prediction === undefined || p.prediction[i] === Number(filter.prediction))
    && (!filter.wrong || p.label[i] !== p.prediction[i]));
  if (filter.order === "confidence") rows.sort((a, b) => p.confidence[b] - p.confidence[a]);
  if (filter.order === "doubt") rows.sort((a, b) => p.confidence[a] - p.confidence[b]);
  return rows;
}

export function Samples(context: Context) {
  const { root, run } = context;
  const state = useAddress();
  const { predictions } = run;
  const pixels = useLoaded(async () => (predictions?.image ? pixelsOf(root, run) : null), `${run.id} pixels`);
  const rows = useMemo(() => predictions ? chosenRows(predictions, { label: state.l, prediction: state.p, wrong: state.w === "1", order: state.o, shuffle: Number(state.s) || 0 }) : [],
    [predictions, state.l, state.p, state.w, state.o, state.s]);
  if (!predictions) return <Missing what="This run has no predictions to look at." remedy="paragon digits writes predictions.json." />;
  const inspected = state.i !== undefined && Number(state.i) < predictions.label.length ? Number(state.i) : null;
  const bytes = pixels && "value" in pixels ? pixels.value : null;
  const wrong = predictions.label.filter((label, i) => label !== predictions.prediction[i]).length;
  return (
    <section aria-labelledby="samples">
      <h2 id="samples">{grouped(rows.length)} of {grouped(predictions.label.length)} test rows <span class="quiet">{grouped(wrong)} of all are misclassified</span></h2>
      <Filters predictions={predictions} />
      {pixels && "error" in pixels && (pixels.error instanceof DataError ? <TroubleNote trouble={pixels.error.trouble} /> : <p role="alert">{String(pixels.error)}</p>)}
      <div class="studio">
        {rows.length === 0 ? <Missing what="No row fits these filters." remedy="Take one of them back." />
          : state.t === "1" || !predictions.image || !bytes ? <AsTable predictions={predictions} rows={rows} id={run.id} inspected={inspected} />
          : <Gallery predictions={predictions} rows={rows} bytes={bytes} inspected={inspected} />}
        {inspected !== null && <Inspector predictions={predictions} row={inspected} rows={rows} bytes={bytes} id={run.id} />}
      </div>
    </section>
  );
}

function Filters({ predictions }: { predictions: Predictions }) {
  const state = useAddress();
  const choose = (key: string) => (event: Event) => change({ [key]: (event.currentTarget as HTMLSelectElement).value });
  const classes = predictions.classes.map((name, i) => <option key={i} value={String(i)}>{name}</option>);
  return (
    <div class="controls">
      <label>label <select aria-label="label" value={state.l ?? ""} onChange={choose("l")}><option value="">any</option>{classes}</select></label>
      <label>prediction <select aria-label="prediction" value={state.p ?? ""} onChange={choose("p")}><option value="">any</option>{classes}</select></label>
      <label><input type="checkbox" checked={state.w === "1"} onChange={() => change({ w: state.w === "1" ? null : "1" })} /> only misclassified</label>
      <label>order <select aria-label="order" value={state.o ?? ""} onChange={choose("o")}><option value="">as in the set</option><option value="confidence">surest first</option><option value="doubt">least sure first</option></select></label>
      <button type="button" onClick={() => change({ s: String((Number(state.s) || 0) + 1), o: null })}>shuffle</button>
      {predictions.image && <label><input type="checkbox" checked={state.t === "1"} onChange={() => change({ t: state.t === "1" ? null : "1" })} /> as a table</label>}
      {(state.l || state.p || state.w || state.o || state.s) && <button type="button" onClick={() => change({ l: null, p: null, w: null, o: null, s: null })}>all rows</button>}
    </div>
  );
}

function Gallery({ predictions, rows, bytes, inspected }: { predictions: Predictions; rows: readonly number[]; bytes: Uint8Array; inspected: number | null }) {
  const holder = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [top, setTop] = useState(0);
  useEffect(() => {
    if (!holder.current) return;
    const watch = new ResizeObserver(([{ contentRect }]) => setWidth(contentRect.width));
    watch.observe(holder.current);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    setTop(0);
    if (holder.current) holder.current.scrollTop = 0;
  }, [rows]);
  const { height, width: w } = predictions.image as NonNullable<Predictions["image"]>;
  const columns = Math.max(1, Math.floor(width / TILE));
  const tall = Math.round((64 * height) / w) + WORDS;
  const lines = Math.ceil(rows.length / columns);
  const first = Math.max(0, Math.floor(top / tall) - 2);
  const last = Math.min(lines, first + Math.ceil(560 / tall) + 4);
  const seen = width > 0 ? rows.slice(first * columns, last * columns) : [];
  return (
    <div class="samples" ref={holder} onScroll={(e) => setTop((e.currentTarget as HTMLElement).scrollTop)} tabIndex={0} role="region" aria-label="samples">
      <div style={{ height: `${lines * tall}px`, position: "relative" }}>
        {seen.map((row, k) => {
          const at = first * columns + k;
          const [label, prediction] = [predictions.classes[predictions.label[row]], predictions.classes[predictions.prediction[row]]];
          const wrong = predictions.label[row] !== predictions.prediction[row];
          return (
            <button key={row} type="button" class={`sample ${wrong ? "wrong" : ""} ${row === inspected ? "chosen" : ""}`} style={{ left: `${(at % columns) * TILE}px`, top: `${Math.floor(at / columns) * tall}px`, width: `${TILE - 8}px`, height: `${tall - 8}px` }}
              aria-label={wrong ? `row ${predictions.id[row]}: ${label} → ${prediction}, wrong` : `row ${predictions.id[row]}: ${label}, right`} onClick={() => change({ i: String(row) })}>
              <Picture values={unit(bytes, row, predictions)} width={w} height={height} size={64} label="" />
              <span>{wrong ? <><b aria-hidden="true">✖</b> {label} → {prediction}</> : label}</span>
            </button>
          );
        })}
      </div>
    </div>
  );
}

const units = new WeakMap<Uint8Array, Map<number, Float32Array>>();

/** The pixels of a row in 0 ... 1. The same array for the same row, so that nothing is painted twice. */
export function unit(bytes: Uint8Array, row: number, predictions: Predictions): Float32Array {
  const { height, width, most } = predictions.image as NonNullable<Predictions["image"]>;
  let known = units.get(bytes);
  if (!known) units.set(bytes, (known = new Map()));
  let found = known.get(row);
  if (!found) {
    found = Float32Array.from(bytes.subarray(row * height * width, (row + 1) * height * width), (v) => v / most);
    known.set(row, found);
  }
  return found;
}

function AsTable({ predictions: p, rows, id, inspected }: { predictions: Predictions; rows: readonly number[]; id: string; inspected: number | null }) {
  const columns = useMemo((): Column<number>[] => [
    { name: "row", value: (i) => p.id[i], numeric: true },
    { name: "label", value: (i) => p.classes[p.label[i]] },
    { name: "prediction", value: (i) => p.classes[p.prediction[i]] },
    { name: "right", value: (i) => (p.label[i] === p.prediction[i] ? "right" : "wrong"), show: (i) => (p.label[i] === p.prediction[i] ? <Mark state="equal">right</Mark> : <Mark state="differs">wrong</Mark>) },
    { name: "confidence", value: (i) => p.confidence[i], show: (i) => fixed(p.confidence[i]), numeric: true },
  ], [p]);
  return <Table label="predictions" columns={columns} rows={rows} file={`${id}-predictions`} onChoose={(i) => change({ i: String(i) })} chosen={(i) => i === inspected} height={520} />;
}

function Inspector({ predictions: p, row, rows, bytes, id }: { predictions: Predictions; row: number; rows: readonly number[]; bytes: Uint8Array | null; id: string }) {
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (event.key === "Escape") change({ i: null });
    };
    addEventListener("keydown", key);
    if (matchMedia("(max-width: 959px)").matches) box.current?.scrollIntoView({ block: "nearest" });
    return () => removeEventListener("keydown", key);
  }, [row]);
  const place = rows.indexOf(row);
  const wrong = p.label[row] !== p.prediction[row];
  const image = p.image;
  const download = async () => {
    if (bytes && image) save(`${id}-row-${p.id[row]}.png`, await png(unit(bytes, row, p), image.width, image.height, Math.max(1, Math.round(280 / image.width))), "image/png");
  };
  return (
    <section class="inspector" aria-label="the chosen sample" ref={box}>
      <div class="head">
        <h3>Row {p.id[row]}</h3>
        <span>
          <button type="button" disabled={place <= 0} onClick={() => change({ i: String(rows[place - 1]) })} aria-label="the sample before">‹</button>
          <button type="button" disabled={place < 0 || place >= rows.length - 1} onClick={() => change({ i: String(rows[place + 1]) })} aria-label="the next sample">›</button>
          <button type="button" onClick={() => change({ i: null })} aria-label="close">✕</button>
        </span>
      </div>
      {bytes && image && <Picture values={unit(bytes, row, p)} width={image.width} height={image.height} size={224} label={`row ${p.id[row]}, label ${p.classes[p.label[row]]}`} />}
      <p>label <b>{p.classes[p.label[row]]}</b>, predicted <b>{p.classes[p.prediction[row]]}</b> {wrong ? <Mark state="differs">wrong</Mark> : <Mark state="equal">right</Mark>}</p>
      <Bars classes={p.classes} values={p.probabilities[row]} marked={p.label[row]} />
      {bytes && image && <button type="button" onClick={download}>download PNG</button>}
    </section>
  );
}
