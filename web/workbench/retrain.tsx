// The run is trained again in this tab, step by step; each state of its trace is compared, and the last one.

import { useEffect, useRef, useState } from "preact/hooks";
import { Badge, Mark } from "../kit/badge.tsx";
import { DataError, type Root, type Run } from "../kit/data.ts";
import { Interpreter } from "../kit/interpreter.ts";
import { Copyable, Missing, TroubleNote, bytes, grouped } from "../kit/parts.tsx";
import { Plot } from "../kit/plot.tsx";
import type { Outcome } from "../kit/replay.ts";
import type { TrainRequest } from "../kit/worker.ts";
import type { Context } from "./app.tsx";

interface Going {
  steps: number[];
  losses: number[];
  step: number;
  checked: number;
  begun: number;
  now: number;
}

const MOST_ROWS = 8_000_000; // bytes; more are not written for pages (pages.py)

/** The bytes of arrays that are described like float32[500, 64]. */
function rowBytes(arrays: Record<string, string>): number {
  const sizes = Object.values(arrays).map((text) => (/\[(.*)\]/.exec(text)?.[1] ?? "").split(",").reduce((n, d) => n * Number(d), 4));
  return sizes.reduce((a, b) => a + b, 0);
}

/** What the record lacks for a training to be repeated here; null when nothing does. */
function lacking({ record, step, rest }: Run): string | null {
  if (record.status !== "finished") return `the run is ${record.status}`;
  if (!step || (record.program?.rest && !rest)) return "its programs were not kept";
  if (!record.data || record.seed === null || record.steps === null || record.batch_size === null) return "the record says nothing of its rows, seed or steps";
  if (!record.trace || !record.fingerprints.initial) return "there is no trace to compare with";
  const size = rowBytes(record.data.arrays);
  if (size > MOST_ROWS) return `its rows (${bytes(size)}) are more than a page loads`;
  if (record.seed > Number.MAX_SAFE_INTEGER) return "its seed is larger than 2^53, which a page cannot read exactly";
  return null;
}

async function requestOf(root: Root, run: Run): Promise<TrainRequest> {
  const { record } = run;
  const own = record.artifacts.some(({ name }) => name === "rest_constants.safetensors");
  const [initial, data, restConstants] = await Promise.all([
    root.bytes(`${run.id}/initial.safetensors`), root.rows(record.data?.sha256 ?? ""), own ? root.bytes(`${run.id}/rest_constants.safetensors`) : null,
  ]);
  return {
    op: "train", step: run.step, rest: record.program?.rest ? run.rest : null, initial, data, restConstants,
    programs: { step: record.program?.step ?? null, rest: record.program?.rest ?? null },
    seed: record.seed as number, batch: record.batch_size as number, steps: record.steps as number,
    trace: record.trace ?? { every: 1, states: [] },
    expected: { initial: record.fingerprints.initial ?? "", final: record.fingerprints.final, data: record.data?.sha256 ?? "" },
  };
}

export function Retrain({ root, run, tell }: Context) {
  const { record } = run;
  const [going, setGoing] = useState<Going | null>(null);
  const [end, setEnd] = useState<Outcome | { stopped: true } | { error: unknown } | null>(null);
  const [active, setActive] = useState(false);
  const trainer = useRef(new Interpreter());
  useEffect(() => () => trainer.current.stop(), []);
  const why = lacking(run);
  const command = <Copyable what="the command that does the same in Python" text={`paragon runs reproduce ${run.id}`} />;
  if (why) return <section aria-labelledby="retrain"><h2 id="retrain">This run cannot be trained again here</h2><Missing what={`It cannot be repeated: ${why}.`} remedy="Python does it from the record alone, if that holds what it needs:" />{command}</section>;

  const steps = record.steps ?? 0;
  const start = async () => {
    setEnd(null);
    setActive(true);
    const begun = performance.now();
    let present: Going = { steps: [], losses: [], step: 0, checked: 0, begun, now: begun };
    setGoing(present);
    try {
      const outcome = await trainer.current.train(await requestOf(root, run), ({ losses, step, checked }) => {
        present = { ...present, steps: [...present.steps, ...losses.map(([s]) => s)], losses: [...present.losses, ...losses.map(([, l]) => l)], step, checked: Math.max(checked, present.checked), now: performance.now() };
        setGoing(present);
      });
      setEnd(outcome);
      tell({ training: outcome.equal });
    } catch (error) {
      setEnd(error instanceof Error && error.message === "stopped" ? { stopped: true } : { error });
    } finally {
      setActive(false);
    }
  };
  const rate = going && going.step > 0 ? (1000 * going.step) / (going.now - going.begun) : 0;
  const left = rate > 0 && going ? Math.ceil((steps - going.step) / rate) : null;
  return (
    <section aria-labelledby="retrain">
      <h2 id="retrain" aria-live="polite">
        {active ? "Training again …" : end === null ? "Train it again, here" : "stopped" in end ? "Stopped" : "error" in end ? "It could not be trained" : end.equal ? <Mark state="equal">same bits: this browser made the run’s final state</Mark> : <Mark state="differs">other bits: {end.what}</Mark>}
      </h2>
      {!active && end === null && <p>{grouped(steps)} steps over {grouped(record.data?.rows ?? 0)} rows, in a worker of this tab, by an interpreter that shares no code with what trained it. The state is compared with the record after every {record.trace?.every} steps.</p>}
      <div class="controls">
        {active ? <button type="button" onClick={() => trainer.current.stop()}>stop</button> : <button type="button" class="primary" onClick={start}>{end === null ? "train" : "train again"}</button>}
      </div>
      {going && (
        <>
          <div class="progress">
            <progress max={steps} value={end && "equal" in end ? end.steps : going.step} aria-label="steps" />
            <p class="quiet">step {grouped(going.step)} of {grouped(steps)}{rate > 0 && <>, {rate.toFixed(0)} steps a second{active && left !== null && <>, {left} s left</>}</>}; {end && "equal" in end && end.equal ? end.checked : going.checked} of {record.trace?.states.length} states of the trace are equal</p>
          </div>
          {going.steps.length > 1 && <Plot title="Loss of each step, computed here" axis="step" unit="nats" x={going.steps} lines={[{ name: "loss", values: going.losses }]} file={`${run.id}-retrained`} zero />}
        </>
      )}
      {end && "equal" in end && <Ending outcome={end} recorded={record.fingerprints.final} />}
      {end && "error" in end && (end.error instanceof DataError ? <TroubleNote trouble={end.error.trouble} /> : <Missing what={end.error instanceof Error ? end.error.message : String(end.error)} remedy="paragon runs validate says whether the run is whole; its rows must lie in data/." />)}
      <h3>The same in Python</h3>
      {command}
    </section>
  );
}

function Ending({ outcome, recorded }: { outcome: Outcome; recorded: string | null }) {
  if (outcome.equal) {
    return <p data-testid="ending">Final state: <Badge hash={outcome.final} what="final state, computed in this browser" /> here, <Badge hash={recorded ?? outcome.final} what="final state, of the record" /> in the record. {outcome.checked} states on the way were equal, too.</p>;
  }
  return (
    <div class="trouble" role="alert" data-testid="ending">
      <p>{outcome.span ? <>Steps {outcome.span[0]} to {outcome.span[1]}: the state here {outcome.what.replace(/^ends in /, "is ")}.</> : <>Nothing was trained: {outcome.what}.</>}</p>
      <p>{outcome.found && <><Badge hash={outcome.found} what="found here" /> here</>}{outcome.expected && <>, <Badge hash={outcome.expected} what="of the record" /> in the record</>}</p>
      <p class="remedy">{outcome.span ? "paragon runs reproduce goes on from here: it names the step and the operation, and which side the record agrees with." : "paragon runs validate says which file was changed."}</p>
    </div>
  );
}
