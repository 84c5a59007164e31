// Tables: sorted by any column, the first one sticky, numbers to the right; of many rows only those in sight are in the document.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Cell, save, toCsv } from "./csv.ts";

export interface Column<T> {
  name: string;
  /** What is sorted by and goes into the CSV. */
  value: (row: T) => Cell;
  /** What is shown; the value when left out. */
  show?: (row: T) => preact.ComponentChildren;
  numeric?: boolean;
}

const ROW = 32;
const VIRTUAL = 60; // rows; fewer are all in the document

function compare(a: Cell, b: Cell): number {
  const [x, y] = [a ?? null, b ?? null];
  if (x === y) return 0;
  if (x === null) return 1;
  if (y === null) return -1;
  return typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
}

export function Table<T>({ label, columns, rows, file, onChoose, height = 480, chosen }: {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  file?: string;
  onChoose?: (row: T) => void;
  height?: number;
  chosen?: (row: T) => boolean;
}) {
  const [order, setOrder] = useState<{ column: number; down: boolean } | null>(null);
  const [top, setTop] = useState(0);
  const holder = useRef<HTMLDivElement>(null);
  const sorted = useMemo(() => {
    if (order === null) return rows;
    const { value } = columns[order.column];
    const sign = order.down ? -1 : 1;
    return [...rows].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      return x === null || x === undefined || y === null || y === undefined ? compare(x, y) : sign * compare(x, y);
    });
  }, [rows, order, columns]);
  useEffect(() => {
    setTop(0);
    if (holder.current) holder.current.scrollTop = 0;
  }, [rows]);

  const virtual = sorted.length > VIRTUAL;
  const first = virtual ? Math.max(0, Math.floor(top / ROW) - 8) : 0;
  const last = virtual ? Math.min(sorted.length, first + Math.ceil(height / ROW) + 16) : sorted.length;
  const sort = (column: number) => setOrder(order?.column === column ? { column, down: !order.down } : { column, down: columns[column].numeric ?? false });
  const download = () => file && save(`${file}.csv`, toCsv(columns.map(({ name }) => name), sorted.map((row) => columns.map(({ value }) => value(row)))), "text/csv");
  return (
    <div class="tabled">
      {file && <button type="button" class="data" onClick={download} aria-label={`data of ${label} as CSV`}>data</button>}
      <div class="scroll" ref={holder} style={virtual ? { height: `${height}px` } : {}} onScroll={(e) => virtual && setTop((e.currentTarget as HTMLElement).scrollTop)} tabIndex={0} role="region" aria-label={`table: ${label}`}>
        <table class={virtual ? "" : "short"} aria-rowcount={sorted.length + 1}>
          <thead>
            <tr>
              {columns.map(({ name, numeric }, i) => (
                <th key={name} scope="col" class={numeric ? "number" : ""} aria-sort={order?.column === i ? (order.down ? "descending" : "ascending") : undefined}>
                  <button type="button" onClick={() => sort(i)}>{name}<span aria-hidden="true">{order?.column === i ? (order.down ? " ▾" : " ▴") : ""}</span></button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {first > 0 && <tr aria-hidden="true" style={{ height: `${first * ROW}px` }} />}
            {sorted.slice(first, last).map((row, i) => (
              <tr key={first + i} aria-rowindex={first + i + 2} class={chosen?.(row) ? "chosen" : ""} style={virtual ? { height: `${ROW}px` } : {}}>
                {columns.map(({ name, value, show, numeric }, k) => {
                  const content = show ? show(row) : value(row) ?? "–";
                  const inner = k === 0 && onChoose ? <button type="button" class="link" onClick={() => onChoose(row)}>{content}</button> : content;
                  return k === 0 ? <th key={name} scope="row" class={numeric ? "number" : ""}>{inner}</th> : <td key={name} class={numeric ? "number" : ""}>{inner}</td>;
                })}
              </tr>
            ))}
            {last < sorted.length && <tr aria-hidden="true" style={{ height: `${(sorted.length - last) * ROW}px` }} />}
          </tbody>
        </table>
      </div>
    </div>
  );
}
