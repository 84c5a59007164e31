// A pad to draw on by mouse, touch or pen. It keeps strokes as integers; the canvas only shows them.

import { useEffect, useRef } from "preact/hooks";
import { useDark } from "./plot.tsx";
import { PAD, type Point, type Stroke } from "./raster.ts";

const SIZE = 280;

export function Pad({ strokes, onChange, label }: { strokes: readonly Stroke[]; onChange: (strokes: Stroke[]) => void; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const present = useRef<Point[] | null>(null);
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
  }, [strokes, dark]);

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
  return <canvas ref={canvas} class="pad" role="img" aria-label={label} style={{ width: `${SIZE}px`, height: `${SIZE}px` }} onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up} />;
}
