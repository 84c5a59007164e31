// A small picture, one canvas pixel a pixel, scaled without smoothing.

import { useEffect, useRef } from "preact/hooks";

export type Shades = (value: number) => readonly [number, number, number];

/** Ink on paper: 0 is white, 1 black. */
export const ink: Shades = (v) => {
  const g = Math.round(255 * (1 - v));
  return [g, g, g];
};

/** Around zero: -1 vermilion, 0 white, 1 blue. */
export const diverging: Shades = (v) => {
  const [r, g, b] = v < 0 ? [213, 94, 0] : [0, 114, 178];
  const a = Math.min(1, Math.abs(v));
  return [255 + (r - 255) * a, 255 + (g - 255) * a, 255 + (b - 255) * a].map(Math.round) as unknown as [number, number, number];
};

/** Draws `values` (in the range of `shades`) into a canvas of width x height. */
export function paint(canvas: HTMLCanvasElement, values: ArrayLike<number>, width: number, height: number, shades: Shades = ink): void {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] = shades(values[i]);
    image.data.set([r, g, b, 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
}

export function Picture({ values, width, height, size, label, shades = ink }: {
  values: ArrayLike<number>;
  width: number;
  height: number;
  size: number;
  label: string;
  shades?: Shades;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current) paint(canvas.current, values, width, height, shades);
  }, [values, width, height, shades]);
  return <canvas ref={canvas} class="picture" role={label ? "img" : undefined} aria-label={label || undefined} aria-hidden={label ? undefined : true} style={{ width: `${size}px`, height: `${Math.round((size * height) / width)}px` }} />;
}

/** A PNG of a picture, each pixel `scale` x `scale`. */
export function png(values: ArrayLike<number>, width: number, height: number, scale: number): Promise<Blob> {
  const small = document.createElement("canvas");
  paint(small, values, width, height);
  const large = document.createElement("canvas");
  large.width = width * scale;
  large.height = height * scale;
  const context = large.getContext("2d");
  if (context) {
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, large.width, large.height);
  }
  return new Promise((resolve, reject) => large.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the browser made no PNG")))));
}
