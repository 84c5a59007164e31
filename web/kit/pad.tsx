// A pad to draw on by mouse, touch, pen or keyboard (arrows move a pen, the space bar sets it down and lifts it). It keeps strokes as
// integers; the canvas only shows them.

import { useEffect, useRef, useState } from "preact/hooks";
import { useDark } from "./plot.tsx";
import { PAD, type Point, type Stroke } from "./raster.ts";

const SIZE = 280;
const STEP = PAD / 16; // of the pen that the keyboard moves

export function Pad({ strokes, onChange, label }: { strokes: readonly Stroke[]; onChange: (strokes: Stroke[]) => void; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const present = useRef<Point[] | null>(null);
  const [pen, setPen] = useState<{ at: Point; down: boolean } | null>(null);
  const dark = useDark();

  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || !canvas.current) return;
    const ratio = devicePixelRatio || 1;
    canvas.current.width = canvas.current.height = SIZE * ratio;
    context.scale((SIZE * ratio) / PAD, (SIZE * ratio) / PAD);
    context.lineWidth = PAD / 14;
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = dark ? "#eceae4" : "#1b1b1a";
    for (const stroke of strokes) {
      context.beginPath();
      stroke.forEach(([x, y], i) => (i === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
      if (stroke.length === 1) context.lineTo(stroke[0][0], stroke[0][1]);
      context.stroke();
    }
    if (!pen) return;
    context.lineWidth = PAD / 140;
    context.strokeStyle = dark ? "#6cb8ec" : "#00639c";
    context.beginPath();
    context.arc(pen.at[0], pen.at[1], PAD / 24, 0, 7);
    context.stroke();
  }, [strokes, dark, pen]);

  const type = (event: KeyboardEvent) => {
    const moves: Record<string, Point> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], " ": [0, 0] };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const [x, y] = pen?.at ?? [PAD / 2, PAD / 4];
    const within = (v: number) => Math.max(0, Math.min(PAD - 1, v));
    const at: Point = [within(x + move[0] * STEP), within(y + move[1] * STEP)];
    const down = event.key === " " ? !pen?.down : (pen?.down ?? false);
    if (event.key === " " && down) onChange([...strokes, [at]]);
    else if (down && strokes.length > 0) onChange([...strokes.slice(0, -1), [...strokes[strokes.length - 1], at]]);
    setPen({ at, down });
  };

  const place = (event: PointerEvent): Point => {
    const box = (canvas.current as HTMLCanvasElement).getBoundingClientRect();
    const within = (v: number) => Math.max(0, Math.min(PAD - 1, Math.floor(v * PAD)));
    return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.preventDefault();
    canvas.current?.setPointerCapture(event.pointerId);
    present.current = [place(event)];
    onChange([...strokes, present.current]);
  };
  const move = (event: PointerEvent) => {
    if (!present.current) return;
    for (const part of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) present.current.push(place(part));
    onChange([...strokes.slice(0, -1), [...present.current]]);
  };
  const up = () => void (present.current = null);
  return <canvas ref={canvas} class="pad" tabIndex={0} role="application" aria-roledescription="drawing pad" aria-label={`${label}: arrow keys move the pen, the space bar sets it down and lifts it`} style={{ width: `${SIZE}px`, height: `${SIZE}px` }} onKeyDown={type} onBlur={() => setPen(null)} onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up} />;
}
