// Predicts all test rows again in this browser and compares the fingerprint of predictions and logits with the record's.

import { useState } from "preact/hooks";
import { Badge, Mark } from "../kit/badge.tsx";
import { Missing, grouped } from "../kit/parts.tsx";
import { scaled } from "../kit/tensors.ts";
import type { Context } from "./app.tsx";
import { pixelsOf } from "./pixels.ts";

const MOST = 2000; // rows that are predicted without being asked twice

/** Whether a class is the one with the largest logit. Probabilities may be equal where logits differ by a rounding, so that is let pass. */
const follows = (logits: Float32Array, k: number) => logits[k] >= Math.max(...logits) - 1e-6;

export function Verify({ root, run, interpreter, tell }: Context) {
  const [state, setState] = useState<{ found: string; seconds: number } | { error: string } | "busy" | null>(null);
  const { predictions, record } = run;
  if (!predictions || !record.artifacts.some(({ name }) => name === "model.safetensors")) return null;
  if (!predictions.image || record.tags.synthetic) return null;
  const { most } = predictions.image;
  const rows = predictions.label.length;
  const verify = async () => {
    setState("busy");
    try {
      const pixels = await pixelsOf(root, run);
      const begin = performance.now();
      const { fingerprint, logits, classes } = await interpreter.predict(run.id, () => root.bytes(`${run.id}/model.safetensors`), scaled(pixels, most), Int32Array.from(predictions.prediction));
      const odd = predictions.prediction.filter((k, i) => !follows(logits.subarray(i * classes, (i + 1) * classes), k)).length;
      if (odd > 0) throw new Error(`${odd} predictions of the record are not the class with the largest logit`);
      setState({ found: fingerprint, seconds: (performance.now() - begin) / 1000 });
      tell({ predictions: fingerprint === predictions.fingerprint });
    } catch (error) {
      setState({ error: error instanceof Error ? error.message : String(error) });
    }
  };
  return (
    <div class="verify" aria-live="polite">
      <button type="button" class="primary" disabled={state === "busy"} onClick={verify}>
        {state === "busy" ? "predicting …" : `predict the ${grouped(rows)} test rows again, here${rows > MOST ? " (may take a minute)" : ""}`}
      </button>
      {state && typeof state === "object" && "found" in state && (
        <p>
          <Mark state={state.found === predictions.fingerprint ? "equal" : "differs"}>{state.found === predictions.fingerprint ? "same bits" : "other bits"}</Mark>
          {" "}in {state.seconds.toFixed(2)} s: <Badge hash={state.found} what="predictions and logits, computed in this browser" /> here, <Badge hash={predictions.fingerprint} what="predictions and logits, of the record" /> in the record
        </p>
      )}
      {state && typeof state === "object" && "error" in state && <Missing what={`It could not be computed: ${state.error}`} remedy="paragon runs validate says whether the model file is whole." />}
    </div>
  );
}
