// A small picture, one canvas pixel a pixel, scaled without smoothing.

import { useEffect, useRef } from "preact/hooks";

/** A colour for a value, as 0xrrggbb. */
export type Shades = (value: number) => number;

/** Ink on paper: 0 is white, 1 black. */
export const ink: Shades = (v) => Math.round(255 * (1 - v)) * 0x010101;

/** Around zero: -1 vermilion, 0 white, 1 blue. */
export const diverging: Shades = (v) => {
  const full = v < 0 ? 0xd55e00 : 0x0072b2;
  const a = Math.min(1, Math.abs(v));
  const part = (shift: number) => Math.round(255 + (((full >> shift) & 255) - 255) * a) << shift;
  return part(16) | part(8) | part(0);
};

/** Draws `values` (in the range of `shades`) into a canvas of width x height. */
export function paint(canvas: HTMLCanvasElement, values: ArrayLike<number>, width: number, height: number, shades: Shades = ink): void {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const rgb = shades(values[i]);
    image.data[4 * i] = rgb >> 16;
    image.data[4 * i + 1] = (rgb >> 8) & 255;
    image.data[4 * i + 2] = rgb & 255;
    image.data[4 * i + 3] = 255;
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
