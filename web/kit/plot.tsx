// Curves over one axis (uPlot): all points are kept, thinned to the pixel only when drawn; smoothed before that; the keyboard steps
// through points; the data beside it as CSV.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { save, toCsv } from "./csv.ts";
import { type Series, smooth, thinAll } from "./thin.ts";

export interface Line {
  name: string;
  values: Series;
}

export interface PlotProps {
  title: string;
  axis: string;
  unit: string;
  x: readonly number[];
  lines: readonly Line[];
  file: string;
  log?: boolean;
  smoothing?: number;
  /** Whether the curve is drawn from left to right when it comes. */
  animated?: boolean;
  height?: number;
  zero?: boolean;
}

const WHOLE = [1, 2, 5].flatMap((n) => [0, 1, 2, 3, 4, 5, 6].map((k) => n * 10 ** k)).sort((a, b) => a - b); // epochs and steps
const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const COLOURS = ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--c7", "--c8"];

/** Draws the name of each line at its end, apart from each other. */
function endLabels(names: string[], colours: string[]): uPlot.Plugin {
  return {
    hooks: {
      draw: (u) => {
        const ratio = devicePixelRatio;
        const ends = names.map((name, k) => {
          const values = u.data[k + 1];
          let i = values.length - 1;
          while (i >= 0 && (values[i] === null || values[i] === undefined)) i--;
          return { name, colour: colours[k], y: i < 0 ? NaN : u.valToPos(values[i] as number, "y", true) };
        }).filter(({ y }) => Number.isFinite(y)).sort((a, b) => a.y - b.y);
        const gap = 15 * ratio;
        for (let i = 1; i < ends.length; i++) ends[i].y = Math.max(ends[i].y, ends[i - 1].y + gap);
        const over = ends.length ? ends[ends.length - 1].y - (u.bbox.top + u.bbox.height) : 0;
        if (over > 0) for (const end of ends) end.y -= over;
        u.ctx.save();
        u.ctx.font = `${12 * ratio}px system-ui, sans-serif`;
        u.ctx.textBaseline = "middle";
        u.ctx.textAlign = "left";
        for (const { name, colour, y } of ends) {
          u.ctx.fillStyle = colour;
          u.ctx.fillText(name, u.bbox.left + u.bbox.width + 6 * ratio, y);
        }
        u.ctx.restore();
      },
    },
  };
}

export function useDark(): boolean {
  const query = useMemo(() => matchMedia("(prefers-color-scheme: dark)"), []);
  const [dark, set] = useState(query.matches);
  useEffect(() => {
    const listener = () => set(query.matches);
    query.addEventListener("change", listener);
    return () => query.removeEventListener("change", listener);
  }, []);
  return dark;
}

const exact = (value: number | null | undefined) => (value === null || value === undefined ? "–" : String(Number(value.toPrecision(7))));

export function Plot(props: PlotProps) {
  const { title, axis, unit, x, lines, log = false, smoothing = 0, animated = false, height = 220, zero = false } = props;
  const holder = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState<number | null>(null);
  const dark = useDark();
  const smoothed = useMemo(() => lines.map(({ values }) => smooth(values, smoothing)), [lines, smoothing]);
  const kept = useMemo(() => thinAll(smoothed, Math.max(50, Math.floor(width / 2))), [smoothed, width]);
  const drawn = useMemo(() => {
    const positive = (v: number | null) => (log && v !== null && v <= 0 ? null : v);
    return [kept.map((i) => x[i]), ...smoothed.map((values) => kept.map((i) => positive(values[i])))] as uPlot.AlignedData;
  }, [kept, log, x, smoothed]);
  const shape = `${lines.map(({ name }) => name).join("\n")} ${log} ${axis} ${unit} ${dark} ${height}`;

  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    const watch = new ResizeObserver(([{ contentRect }]) => setWidth(Math.floor(contentRect.width)));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  useEffect(() => {
    if (!holder.current || width < 80) return;
    const colours = lines.map((_, k) => css(COLOURS[k % COLOURS.length]));
    const longest = Math.max(0, ...lines.map(({ name }) => name.length));
    const ink = css("--quiet");
    const side: uPlot.Axis = { stroke: ink, grid: { stroke: css("--grid"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif", labelSize: 18 };
    const u = new uPlot({
      width, height,
      padding: [10, Math.min(120, 14 + longest * 7), 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: { x: { time: false }, y: { distr: log ? 3 : 1, range: log ? undefined : (_u, low, high) => range(low, high, zero) } },
      axes: [{ ...side, label: axis, size: 30, grid: { show: false }, incrs: WHOLE, space: 40 }, { ...side, label: unit, size: 56, values: (_u, ticks) => ticks.map((v) => (v === null ? "" : String(Number(v.toPrecision(6))))) }],
      series: [{}, ...lines.map((_, k): uPlot.Series => ({ stroke: colours[k], width: 1.75, points: { show: drawn[0].length < 2 } }))],
      plugins: [endLabels(lines.map(({ name }) => name), colours)],
      hooks: { setCursor: [(v) => setAt(v.cursor.idx ?? null)] },
    }, drawn, holder.current);
    chart.current = u;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let frame = 0;
    if (animated && !still && drawn[0].length > 2) {
      const begin = performance.now();
      const [xs, ...ys] = drawn;
      u.setScale("x", { min: xs[0], max: xs[xs.length - 1] });
      const grow = (now: number) => {
        const part = Math.min(1, (now - begin) / 400);
        const n = Math.max(2, Math.round(part * xs.length));
        u.setData([xs, ...ys.map((v) => Array.from(v, (value, i) => (i < n ? value : null)))] as uPlot.AlignedData);
        if (part < 1) frame = requestAnimationFrame(grow);
        else u.setData(drawn);
      };
      frame = requestAnimationFrame(grow);
    }
    return () => {
      cancelAnimationFrame(frame);
      u.destroy();
      chart.current = null;
    };
  }, [shape, width]);

  useEffect(() => chart.current?.setData(drawn), [drawn]);

  const step = (event: KeyboardEvent) => {
    const u = chart.current;
    const moves: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    if (!u || !(event.key in moves)) return;
    event.preventDefault();
    const last = u.data[0].length - 1;
    const next = Math.max(0, Math.min(last, (at ?? (moves[event.key] > 0 ? -1 : last + 1)) + moves[event.key]));
    u.setCursor({ left: u.valToPos(u.data[0][next], "x"), top: 0 });
    setAt(next);
  };
  const download = () => save(`${props.file}.csv`, toCsv([axis, ...lines.map(({ name }) => name)], x.map((v, i) => [v, ...lines.map(({ values }) => values[i])])), "text/csv");
  const reading = at === null || at >= kept.length ? `${x.length} points` : `${axis} ${x[kept[at]]}: ${lines.map(({ name, values }) => `${name} ${exact(values[kept[at]])}`).join(", ")}`;
  return (
    <figure class="plot">
      <figcaption><span>{title}</span><button type="button" class="data" onClick={download} aria-label={`data of ${title} as CSV`}>data</button></figcaption>
      <div ref={holder} class="canvas" style={{ minHeight: `${height}px` }} tabIndex={0} role="group" aria-label={`${title}; arrow keys step through the points`} onKeyDown={step} />
      <p class="reading" aria-live="polite">{reading}</p>
    </figure>
  );
}

/** The limits of the axis: a constant gets room around it, and stays in the middle. */
function range(low: number, high: number, zero: boolean): [number, number] {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  const from = zero ? Math.min(0, low) : low;
  if (from === high) return from === 0 ? [-1, 1] : [from - Math.abs(from) * 0.1, from + Math.abs(from) * 0.1];
  const room = (high - from) * 0.05;
  return [zero && from === 0 ? 0 : from - room, high + room];
}
