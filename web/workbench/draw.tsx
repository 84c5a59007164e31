// A drawn digit through the run's own model: the picture that the model sees, probabilities, and the fingerprint of the logits.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Badge } from "../kit/badge.tsx";
import { save } from "../kit/csv.ts";
import { Picture } from "../kit/digit.tsx";
import { Pad } from "../kit/pad.tsx";
import { Copyable, Missing } from "../kit/parts.tsx";
import { type Stroke, rasterise } from "../kit/raster.ts";
import { argmax, softmax } from "../kit/stats.ts";
import { scaled, writeSafetensors } from "../kit/tensors.ts";
import type { Predicted } from "../kit/worker.ts";
import type { Context } from "./app.tsx";
import { Bars } from "./bars.tsx";

export function Draw({ root, run, interpreter }: Context) {
  const [strokes, setStrokes] = useState<Stroke[]>([]);
  const [found, setFound] = useState<{ pixels: Uint8Array; predicted: Predicted } | { error: string } | null>(null);
  const wanted = useRef(0);
  const busy = useRef(false);
  const image = run.predictions?.image ?? null;
  const classes = run.predictions?.classes ?? run.metrics?.classes ?? [];
  const kept = run.record.artifacts.some(({ name }) => name === "model.safetensors");
  const pixels = useMemo(() => (image ? rasterise(strokes, image.width, image.height, image.most) : null), [strokes, image]);

  useEffect(() => {
    const number = ++wanted.current;
    if (!pixels || !image) return setFound(null);
    const compute = async () => {
      if (busy.current || number !== wanted.current) return;
      busy.current = true;
      try {
        const predicted = await interpreter.predict(run.id, () => root.bytes(`${run.id}/model.safetensors`), scaled(pixels, image.most));
        if (number === wanted.current) setFound({ pixels, predicted });
      } catch (error) {
        setFound({ error: error instanceof Error ? error.message : String(error) });
      } finally {
        busy.current = false;
      }
    };
    // While one picture is computed others arrive: the last of them is computed next.
    const again = setInterval(() => number === wanted.current && !busy.current && (clearInterval(again), void compute()), 20);
    return () => clearInterval(again);
  }, [pixels]);

  if (!image || !kept) return <Missing what="This run has no model that takes pictures." remedy="paragon digits keeps model.safetensors and says in predictions.json how a row is a picture." />;
  const predicted = found && "predicted" in found ? found.predicted : null;
  const probabilities = predicted ? softmax(predicted.logits) : null;
  const inputs = () => {
    if (!pixels) return;
    const x = { dtype: "f32" as const, shape: [1, pixels.length], data: scaled(pixels, image.most) };
    save("drawing.safetensors", writeSafetensors({ metadata: new Map(), tensors: new Map([["x", x]]) }) as BlobPart);
  };
  return (
    <section aria-labelledby="draw">
      <h2 id="draw" aria-live="polite">{probabilities ? <>That is {classes[argmax(probabilities)]}, with probability {Math.max(...probabilities).toFixed(3)}</> : "Draw a digit"}</h2>
      <div class="drawing">
        <div>
          <Pad strokes={strokes} onChange={setStrokes} label="drawing pad" />
          <div class="controls">
            <button type="button" disabled={strokes.length === 0} onClick={() => setStrokes(strokes.slice(0, -1))}>undo</button>
            <button type="button" disabled={strokes.length === 0} onClick={() => setStrokes([])}>clear</button>
            {run.metrics && <button type="button" onClick={() => setStrokes(example())}>an example</button>}
          </div>
        </div>
        <div class="seen">
          <h3>What the model sees</h3>
          {pixels ? <Picture values={Float32Array.from(pixels, (v) => v / image.most)} width={image.width} height={image.height} size={112} label="the drawing in pixels" /> : <div class="picture empty" style={{ width: "112px", height: "112px" }} />}
          <p class="quiet">{image.width} × {image.height}, 0 … {image.most}, centred by mass; made of the strokes by integers, so that it is the same in every browser.</p>
        </div>
        <div class="result">
          {probabilities && <Bars classes={classes} values={probabilities} />}
          {!pixels && <p class="missing">The pad is empty: there is nothing to predict. Draw with mouse, pen or finger.</p>}
          {found && "error" in found && <Missing what={`It could not be computed: ${found.error}`} remedy="paragon runs validate says whether the model file is whole." />}
        </div>
      </div>
      {predicted && (
        <div data-testid="logits">
          <p>Logits <Badge hash={predicted.fingerprint} what="fingerprint of the logits" /> computed in this browser. Any other machine gets the same from the same picture:</p>
          <div class="controls">
            <button type="button" onClick={inputs}>download the picture as inputs</button>
          </div>
          <Copyable what="the command that computes it in Python" text={`paragon run ${run.id}/model.safetensors drawing.safetensors out.safetensors`} />
        </div>
      )}
    </section>
  );
}

/** A drawn three, for those without a pointer. */
const example = (): Stroke[] => [
  [[330, 230], [430, 170], [560, 160], [660, 220], [680, 320], [610, 420], [480, 470]],
  [[480, 470], [630, 510], [710, 610], [690, 750], [590, 840], [440, 850], [320, 790]],
];
