// A confusion matrix: counts, and on hover or focus shares of the row. The diagonal is muted, so that errors stand out; a cell opens its
// samples. Arrow keys move from cell to cell.

import { useRef, useState } from "preact/hooks";
import { save, toCsv } from "./csv.ts";

export function Confusion({ counts, classes, onOpen, file }: {
  counts: readonly (readonly number[])[];
  classes: readonly string[];
  onOpen: (label: number, prediction: number) => void;
  file: string;
}) {
  const table = useRef<HTMLTableElement>(null);
  const [at, setAt] = useState<[number, number] | null>(null);
  const [focus, setFocus] = useState<[number, number]>([0, 0]);
  const sums = counts.map((row) => row.reduce((a, b) => a + b, 0));
  const worst = Math.max(1, ...counts.flatMap((row, i) => row.filter((_, j) => j !== i)));
  const move = (event: KeyboardEvent, i: number, j: number) => {
    const steps: Record<string, [number, number]> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const found = steps[event.key];
    if (!found) return;
    event.preventDefault();
    const next: [number, number] = [Math.max(0, Math.min(counts.length - 1, i + found[0])), Math.max(0, Math.min(counts.length - 1, j + found[1]))];
    setFocus(next);
    table.current?.querySelector<HTMLButtonElement>(`[data-cell="${next.join()}"]`)?.focus();
  };
  const download = () => save(`${file}.csv`, toCsv(["true", ...classes], counts.map((row, i) => [classes[i], ...row])), "text/csv");
  const say = (i: number, j: number) => `${counts[i][j]} of ${sums[i]} of class ${classes[i]} predicted as ${classes[j]}${sums[i] ? ` (${((100 * counts[i][j]) / sums[i]).toFixed(1)} %)` : ""}`;
  return (
    <figure class="plot confusion">
      <figcaption><span>Confusion: true class down, prediction across</span><button type="button" class="data" onClick={download} aria-label="data of the confusion matrix as CSV">data</button></figcaption>
      <div class="scroll" role="group" aria-label="confusion matrix">
        <table ref={table}>
          <thead><tr><td />{classes.map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
          <tbody>
            {counts.map((row, i) => (
              <tr key={classes[i]}>
                <th scope="row">{classes[i]}</th>
                {row.map((n, j) => {
                  const level = n === 0 ? 0 : i === j ? -1 : Math.ceil((4 * n) / worst);
                  return (
                    <td key={classes[j]}>
                      <button type="button" data-cell={`${i},${j}`} class={`cell ${level < 0 ? "right" : `level${level}`}`} tabIndex={focus[0] === i && focus[1] === j ? 0 : -1}
                        aria-label={`${say(i, j)}: show them`} onKeyDown={(e) => move(e, i, j)} onClick={() => onOpen(i, j)}
                        onFocus={() => { setFocus([i, j]); setAt([i, j]); }} onPointerEnter={() => setAt([i, j])} onPointerLeave={() => setAt(null)}>
                        {n === 0 ? "·" : n}
                      </button>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="reading" aria-live="polite">{at ? say(...at) : "A cell opens its samples."}</p>
    </figure>
  );
}
