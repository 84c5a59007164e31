// Rows of numbers out of a CSV file, as a run's model takes them.

import type { Run } from "../kit/data.ts";

const MOST = 10_000; // rows
const LABELS = ["label", "target", "class", "digit"];

/** How many numbers a row of the run's data has; null where that cannot be told. */
export function featuresOf({ predictions, record }: Run): number | null {
  if (predictions?.image) return predictions.image.width * predictions.image.height;
  const found = /\[(?:\d+), (\d+)\]$/.exec(record.data?.arrays.x ?? "");
  return found ? Number(found[1]) : null;
}

/** Features, pixels divided by `most`, and labels (null without). Throws an Error that names the line. */
export function rowsOf(cells: string[][], features: number, most: number | null): { x: Float32Array; labels: (string | null)[] } {
  if (cells.length === 0) throw new Error("the file holds no rows");
  const header = cells[0].some((cell) => Number.isNaN(Number(cell)) || cell.trim() === "") && isHeader(cells[0]) ? cells[0].map((name) => name.trim().toLowerCase()) : null;
  const rows = header ? cells.slice(1) : cells;
  const offset = header ? 2 : 1;
  if (rows.length === 0) throw new Error("the file holds a header and no rows");
  if (rows.length > MOST) throw new Error(`${rows.length} rows; at most ${MOST} are taken`);
  const width = rows[0].length;
  if (width !== features && width !== features + 1) throw new Error(`line ${offset} has ${width} columns; ${features} are expected, or ${features + 1} with a label`);
  const named = header ? header.findIndex((name) => LABELS.includes(name)) : -1;
  const column = width === features ? -1 : named >= 0 ? named : width - 1;
  const x = new Float32Array(rows.length * features);
  const labels = rows.map((row, r) => {
    if (row.length !== width) throw new Error(`line ${r + offset} has ${row.length} columns, the first has ${width}`);
    row.filter((_, j) => j !== column).forEach((cell, j) => {
      const value = cell.trim() === "" ? NaN : Number(cell);
      if (!Number.isFinite(value)) throw new Error(`line ${r + offset}: ${JSON.stringify(cell.slice(0, 20))} is no number`);
      if (most !== null && (value < 0 || value > most)) throw new Error(`line ${r + offset}: the pixel ${cell.trim()} is not in 0 … ${most}`);
      x[r * features + j] = most === null ? value : Math.fround(Math.fround(value) / most);
    });
    return column < 0 ? null : row[column].trim();
  });
  return { x, labels };
}

/** Whether a line is a header: most of its cells are no numbers. */
const isHeader = (row: string[]) => row.filter((cell) => Number.isNaN(Number(cell))).length * 2 > row.length;
