// Points of the unit square (ROC curves, calibration): all of them, drawn as lines in SVG. The keyboard steps through the chosen line.

import { useMemo, useState } from "preact/hooks";
import { save, toCsv } from "./csv.ts";

export interface Curve {
  name: string;
  x: readonly number[];
  y: readonly number[];
}

const SIZE = 240;
const px = (v: number) => (v * SIZE).toFixed(1);
const py = (v: number) => ((1 - v) * SIZE).toFixed(1);

/** The points of a line, without those that fall onto the pixel of the one before. */
function path(x: readonly number[], y: readonly number[]): string {
  let last = "";
  const parts: string[] = [];
  for (let i = 0; i < x.length; i++) {
    const point = `${px(x[i])},${py(y[i])}`;
    if (point !== last) parts.push(point);
    last = point;
  }
  return parts.join(" ");
}

export function Square({ title, curves, chosen, xLabel, yLabel, file, dots = false, sizes }: {
  title: string;
  curves: readonly Curve[];
  chosen: number;
  xLabel: string;
  yLabel: string;
  file: string;
  dots?: boolean;
  sizes?: readonly number[];
}) {
  const [at, setAt] = useState<number | null>(null);
  const lines = useMemo(() => curves.map(({ x, y }) => path(x, y)), [curves]);
  const curve = curves[chosen];
  const step = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    if (!(event.key in moves)) return;
    event.preventDefault();
    setAt(Math.max(0, Math.min(curve.x.length - 1, (at ?? -1) + moves[event.key])));
  };
  const hover = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const [u, v] = [((event.clientX - box.left) / box.width) * 1.18 - 0.15, 1.02 - ((event.clientY - box.top) / box.height) * 1.17];
    let best = 0;
    let least = Infinity;
    curve.x.forEach((x, i) => {
      const d = (x - u) ** 2 + (curve.y[i] - v) ** 2;
      if (d < least) [best, least] = [i, d];
    });
    setAt(best);
  };
  const download = () => save(`${file}.csv`, toCsv(["curve", xLabel, yLabel], curves.flatMap(({ name, x, y }) => x.map((v, i) => [name, v, y[i]]))), "text/csv");
  const here = at !== null && at < curve.x.length ? at : null;
  const largest = Math.max(1, ...(sizes ?? []));
  return (
    <figure class="plot square">
      <figcaption><span>{title}</span><button type="button" class="data" onClick={download} aria-label={`data of ${title} as CSV`}>data</button></figcaption>
      <div tabIndex={0} role="group" aria-label={`${title}; arrow keys step through the points`} onKeyDown={step} class="canvas">
        <svg viewBox={`${-0.15 * SIZE} ${-0.02 * SIZE} ${1.18 * SIZE} ${1.17 * SIZE}`} onPointerMove={hover} aria-hidden="true">
          {[0, 0.5, 1].map((v) => (
            <g key={v}>
              <line x1="0" x2={SIZE} y1={py(v)} y2={py(v)} class="grid" />
              <text x="-6" y={py(v)} dy="0.32em" text-anchor="end">{v}</text>
              <text x={px(v)} y={SIZE + 15} text-anchor={v === 0 ? "start" : v === 1 ? "end" : "middle"}>{v}</text>
            </g>
          ))}
          <line x1="0" y1={SIZE} x2={SIZE} y2="0" class="diagonal" />
          {lines.map((points, i) => i !== chosen && <polyline key={i} points={points} class="other" />)}
          <polyline points={lines[chosen]} class="chosen" />
          {dots && curve.x.map((x, i) => <circle key={i} cx={px(x)} cy={py(curve.y[i])} r={sizes ? 2 + 5 * Math.sqrt(sizes[i] / largest) : 3} class="dot" />)}
          {here !== null && <circle cx={px(curve.x[here])} cy={py(curve.y[here])} r="4.5" class="here" />}
          <text x={SIZE / 2} y={SIZE + 29} text-anchor="middle">{xLabel}</text>
          <text transform={`translate(${-0.115 * SIZE} ${SIZE / 2}) rotate(-90)`} text-anchor="middle">{yLabel}</text>
        </svg>
      </div>
      <p class="reading" aria-live="polite">
        {here === null ? curve.name : `${curve.name}: ${xLabel} ${curve.x[here].toFixed(4)}, ${yLabel} ${curve.y[here].toFixed(4)}${sizes ? `, ${sizes[here]} rows` : ""}`}
      </p>
    </figure>
  );
}
