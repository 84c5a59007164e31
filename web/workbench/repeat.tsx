// The means to repeat it: the exact commands (playset), which file does which step (playbook), files and a snippet to take along.

import { useState } from "preact/hooks";
import { Badge } from "../kit/badge.tsx";
import { save } from "../kit/csv.ts";
import { DataError, type Run } from "../kit/data.ts";
import { Copyable, TroubleNote, bytes } from "../kit/parts.tsx";
import { scaled, writeSafetensors } from "../kit/tensors.ts";
import { type Column, Table } from "../kit/table.tsx";
import type { Context } from "./app.tsx";
import { pixelsOf } from "./pixels.ts";

/** What each file is for, in the order in which a run makes them. */
const STEPS: Record<string, string> = {
  "program_step.json": "one training step on a whole batch, as a program",
  "program_rest.json": "the step on the smaller last batch of an epoch",
  "initial.safetensors": "the state before the first step",
  "rest_constants.safetensors": "constants of the step on the smaller batch",
  "model.safetensors": "predicts: weights and program in one file",
  "predictions.json": "what it said of every test row",
  "pixels.bin": "the pixels of the test rows",
  "metrics.json": "figures of merit, made of the predictions",
  "loss_curve.json": "losses and accuracies, epoch by epoch",
  "confidence_buckets.json": "calibration, made of the predictions",
  "roc_curves.json": "ROC curves, made of the predictions",
  "training_dynamics.json": "learning rate and norm of the weights",
  "timing_stats.json": "seconds, by the machine’s clock",
  "config.yaml": "every setting, to be given to --config",
  "run_summary.json": "the record: ties all of this together",
};

const quote = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** The command line that was typed: the program by its name, whatever folder it lay in. */
export function commandOf({ record }: Run): string {
  const [program = "python", ...rest] = record.command;
  const name = program.replaceAll("\\", "/").split("/").pop() ?? program;
  const words = name === "__main__.py" ? ["paragon", ...rest] : name.endsWith(".py") ? ["python", name, ...rest] : [name, ...rest];
  return words.map(quote).join(" ");
}

export function snippet(run: Run): string {
  const features = run.predictions?.image ? run.predictions.image.width * run.predictions.image.height : 64;
  const most = run.predictions?.image?.most ?? 1;
  return `import numpy as np
import paragon as pg

program = pg.load("model.safetensors")  # of run ${run.id}
pixels = np.zeros((1, ${features}), np.uint8)  # your picture, 0 ... ${most}
x = pixels.astype(np.float32) / np.float32(${most})
outputs = program.run({"x": x})
print(outputs["logits"], pg.fingerprint(outputs))
`;
}

export function Repeat({ root, run }: Context) {
  const [trouble, setTrouble] = useState<DataError["trouble"] | null>(null);
  const { record } = run;
  const has = (name: string) => record.artifacts.some((a) => a.name === name);
  const attempt = (work: () => Promise<void>) => async () => {
    setTrouble(null);
    try {
      await work();
    } catch (error) {
      setTrouble(error instanceof DataError ? error.trouble : { file: run.id, what: String(error), remedy: "paragon runs validate says what is missing." });
    }
  };
  const model = attempt(async () => save(`${record.label ?? "model"}-${run.id.slice(-8)}.safetensors`, (await root.bytes(`${run.id}/model.safetensors`)) as BlobPart));
  const inputs = attempt(async () => {
    const pixels = await pixelsOf(root, run);
    const rows = run.predictions?.label.length ?? 0;
    const x = { dtype: "f32" as const, shape: [rows, pixels.length / rows], data: scaled(pixels, run.predictions?.image?.most ?? 1) };
    save(`inputs-${run.id.slice(-8)}.safetensors`, writeSafetensors({ metadata: new Map(), tensors: new Map([["x", x]]) }) as BlobPart);
  });
  return (
    <>
      <section aria-labelledby="playset">
        <h2 id="playset">Repeat it</h2>
        <h3>Again from the record, compared state by state</h3>
        <Copyable what="the command that reproduces the run" text={`paragon runs reproduce ${run.id}`} />
        {record.command.length > 0 && <><h3>What was typed</h3><Copyable what="the command that made the run" text={commandOf(run)} /></>}
        {record.code.commit && <><h3>The code</h3><Copyable what="the command that gets the code" text={`git checkout ${record.code.commit}`} />{record.code.dirty && <p class="quiet">The working copy had changes (SHA-256 of the diff: <code>{(record.code.diff_sha256 ?? "").slice(0, 12)}</code>), which no commit holds.</p>}</>}
      </section>
      <section aria-labelledby="take">
        <h2 id="take">Take it along</h2>
        {trouble && <TroubleNote trouble={trouble} />}
        <div class="controls">
          {has("model.safetensors") && <button type="button" onClick={model}>download the model file</button>}
          {run.predictions?.image && <button type="button" onClick={inputs}>download the test rows as inputs</button>}
          <button type="button" onClick={() => save("predict.py", snippet(run), "text/x-python")}>download the snippet</button>
        </div>
        <Copyable what="a Python snippet that predicts" text={snippet(run)} />
      </section>
      <Playbook run={run} exported={root.exported} folder={root.folder} />
    </>
  );
}

function Playbook({ run, exported, folder }: { run: Run; exported: boolean; folder: string }) {
  const order = Object.keys(STEPS);
  type Artifact = Run["record"]["artifacts"][number];
  const rank = ({ name }: Artifact) => (order.includes(name) ? order.indexOf(name) : order.length);
  const rows = [...run.record.artifacts].sort((a, b) => rank(a) - rank(b));
  const columns: Column<Artifact>[] = [
    { name: "file", value: (a) => a.name, show: (a) => exported ? <code>{a.name}</code> : <a href={`${folder}${encodeURIComponent(run.id)}/${encodeURIComponent(a.name)}`}><code>{a.name}</code></a> },
    { name: "does", value: (a) => STEPS[a.name] ?? (a.kind === "figure" ? "a figure, for people" : a.kind) },
    { name: "bytes", value: (a) => a.bytes, show: (a) => bytes(a.bytes), numeric: true },
    { name: "SHA-256", value: (a) => a.sha256, show: (a) => <Badge hash={a.sha256} what={`SHA-256 of ${a.name}`} /> },
  ];
  return (
    <section aria-labelledby="playbook">
      <h2 id="playbook">Which file does which step</h2>
      <Table label="files of the run" columns={columns} rows={rows} file={`${run.id}-files`} />
    </section>
  );
}
