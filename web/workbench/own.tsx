// Somebody's own rows, dropped in as CSV, through the run's model. They stay in this tab.

import { useMemo, useState } from "preact/hooks";
import { Badge, Mark } from "../kit/badge.tsx";
import { parseCsv, save } from "../kit/csv.ts";
import { Picture } from "../kit/digit.tsx";
import { Missing, fixed, grouped } from "../kit/parts.tsx";
import { argmax, softmax } from "../kit/stats.ts";
import { type Column, Table } from "../kit/table.tsx";
import { writeSafetensors } from "../kit/tensors.ts";
import type { Context } from "./app.tsx";
import { featuresOf, rowsOf } from "./rows.ts";

interface Found {
  name: string;
  x: Float32Array;
  logits: Float32Array;
  labels: (string | null)[];
  fingerprint: string;
}

export function Own({ root, run, interpreter }: Context) {
  const [found, setFound] = useState<Found | { error: string } | "busy" | null>(null);
  const [over, setOver] = useState(false);
  const image = run.predictions?.image ?? null;
  const classes = run.predictions?.classes ?? run.metrics?.classes ?? [];
  const features = featuresOf(run);
  if (features === null || !run.record.artifacts.some(({ name }) => name === "model.safetensors")) {
    return <Missing what="This run kept no model." remedy="paragon digits keeps model.safetensors; model.save writes one in any script, and run.write keeps it." />;
  }
  const take = async (file: File | undefined) => {
    if (!file) return;
    setFound("busy");
    try {
      const { x, labels } = rowsOf(parseCsv(await file.text()), features, image?.most ?? null);
      const { logits, fingerprint } = await interpreter.predict(run.id, () => root.bytes(`${run.id}/model.safetensors`), x);
      setFound({ name: file.name, x, logits, labels, fingerprint });
    } catch (error) {
      setFound({ error: `${file.name}: ${error instanceof Error ? error.message : String(error)}` });
    }
  };
  const choose = (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    void take(input.files?.[0]);
    input.value = ""; // so that the same file can be chosen again when it has been mended
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void take(event.dataTransfer?.files[0]);
  };
  return (
    <section aria-labelledby="own">
      <h2 id="own">Your own rows</h2>
      <label class={`drop ${over ? "over" : ""}`} onDragOver={(e) => { e.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={drop}>
        <span>Drop a CSV file here, or choose one</span>
        <input type="file" accept=".csv,text/csv" onChange={choose} />
        <span class="quiet">{features} columns of numbers a row{image && `, pixels 0 … ${image.most}`}; a column named label, or one more column at the end, is taken for the label. Nothing is sent anywhere.</span>
      </label>
      <div aria-live="polite">
        {found === "busy" && <p class="loading">Predicting …</p>}
        {found && typeof found === "object" && "error" in found && <div class="trouble" role="alert"><p><span class="mark differs"><span aria-hidden="true">✖</span> not predicted</span> {found.error}</p><p class="remedy">Mend the file and drop it again.</p></div>}
        {found && typeof found === "object" && "logits" in found && <Predicted found={found} classes={classes} image={image} />}
      </div>
    </section>
  );
}

function Predicted({ found, classes, image }: { found: Found; classes: readonly string[]; image: { width: number; height: number } | null }) {
  const n = found.labels.length;
  const rows = useMemo(() => found.labels.map((label, i) => {
    const p = softmax(found.logits.subarray((i * found.logits.length) / n, ((i + 1) * found.logits.length) / n));
    const best = argmax(p);
    return { number: i + 1, label, prediction: classes[best] ?? String(best), confidence: p[best] };
  }), [found]);
  type Row = (typeof rows)[number];
  const labelled = rows.filter(({ label }) => label !== null);
  const right = labelled.filter(({ label, prediction }) => label === prediction).length;
  const size = found.x.length / n;
  const columns: Column<Row>[] = [
    { name: "row", value: (r) => r.number, numeric: true },
    ...(image ? [{ name: "picture", value: (r: Row) => r.number, show: (r: Row) => <Picture values={found.x.subarray((r.number - 1) * size, r.number * size)} width={image.width} height={image.height} size={24} label={`row ${r.number}`} /> }] : []),
    { name: "prediction", value: (r) => r.prediction },
    { name: "confidence", value: (r) => r.confidence, show: (r) => fixed(r.confidence), numeric: true },
    ...(labelled.length ? [{ name: "label", value: (r: Row) => r.label, show: (r: Row) => r.label === null ? "–" : <Mark state={r.label === r.prediction ? "equal" : "differs"}>{r.label}</Mark> }] : []),
  ];
  const inputs = () => save(`${found.name}.safetensors`, writeSafetensors({ metadata: new Map(), tensors: new Map([["x", { dtype: "f32", shape: [n, size], data: found.x }]]) }) as BlobPart);
  return (
    <>
      <h3>{grouped(n)} {n === 1 ? "row" : "rows"} of {found.name}{labelled.length > 0 && `: ${right} of ${labelled.length} right, accuracy ${fixed(right / labelled.length)}`}</h3>
      <p>Logits <Badge hash={found.fingerprint} what="fingerprint of the logits" /> computed in this browser</p>
      <Table label="predictions of your rows" columns={columns} rows={rows} file={`${found.name}-predictions`} />
      <div class="controls"><button type="button" onClick={inputs}>download the inputs (.safetensors)</button></div>
    </>
  );
}
