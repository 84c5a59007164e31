// Strokes become pixels by integer arithmetic alone: the same strokes give the same picture in every browser, and nothing is read
// back from a canvas, which some browsers noise.
//
// A pixel is the number of points of a fine grid within the stroke. The drawing is scaled to the box that training pictures fill and
// moved so that its centre of mass is that of the picture.

/** A point on the pad, integers in 0 … PAD - 1. */
export type Point = readonly [number, number];
export type Stroke = readonly Point[];

export const PAD = 1024;

/** How training pictures of a size look: the fine points across a pixel, the side of the box of the ink, half the width of a stroke. */
export interface Style {
  fine: number;
  box: number;
  radius: number;
}

/** Small pictures (8x8) are filled; those of MNIST's kind (28x28) have the ink in 20x20. `radius` counts fine points. */
export function styleOf(width: number, height: number): Style {
  const side = Math.min(width, height);
  return side >= 20 ? { fine: 6, box: Math.round((side * 20) / 28), radius: 7 } : { fine: 12, box: side, radius: 8 };
}

/** The picture, bytes in 0 … most, row by row; null when there is no ink. */
export function rasterise(strokes: readonly Stroke[], width: number, height: number, most: number): Uint8Array | null {
  const points = strokes.flat();
  if (points.length === 0) return null;
  const style = styleOf(width, height);
  const [columns, rows] = [width * style.fine, height * style.fine];
  const ink = new Uint8Array(columns * rows);
  for (const stroke of fitted(strokes, style, columns, rows)) draw(ink, columns, rows, stroke, style.radius);
  const [dx, dy] = shift(ink, columns, rows);
  return count(ink, columns, rows, dx, dy, width, height, style.fine, most);
}

/** The strokes on the fine grid: the longer side of their box is scaled to the style's box, around the middle. */
function fitted(strokes: readonly Stroke[], style: Style, columns: number, rows: number): Point[][] {
  const points = strokes.flat();
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const room = Math.max(1, style.box * style.fine - 2 * style.radius - 1);
  const size = Math.max(right - left, bottom - top, PAD / 8); // a dot stays a dot
  const place = (value: number, low: number, high: number, extent: number) =>
    Math.floor(((2 * value - low - high) * room + size) / (2 * size)) + Math.floor(extent / 2);
  return strokes.map((stroke) => stroke.map(([x, y]): Point => [place(x, left, right, columns), place(y, top, bottom, rows)]));
}

/** Marks all grid points within `radius` of the segments of a stroke. */
function draw(ink: Uint8Array, columns: number, rows: number, stroke: Point[], radius: number): void {
  stroke.forEach((a, i) => {
    const b = stroke[Math.min(i + 1, stroke.length - 1)];
    const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    const length = dx * dx + dy * dy;
    for (let y = Math.max(0, Math.min(a[1], b[1]) - radius); y <= Math.min(rows - 1, Math.max(a[1], b[1]) + radius); y++) {
      for (let x = Math.max(0, Math.min(a[0], b[0]) - radius); x <= Math.min(columns - 1, Math.max(a[0], b[0]) + radius); x++) {
        if (near(x - a[0], y - a[1], dx, dy, length, radius)) ink[y * columns + x] = 1;
      }
    }
  });
}

/** Whether (x, y) is within `radius` of the segment from (0, 0) to (dx, dy): all products are below 2^53. */
function near(x: number, y: number, dx: number, dy: number, length: number, radius: number): boolean {
  const along = x * dx + y * dy;
  if (length === 0 || along <= 0) return x * x + y * y <= radius * radius;
  if (along >= length) return (x - dx) ** 2 + (y - dy) ** 2 <= radius * radius;
  const across = x * dy - y * dx;
  return across * across <= radius * radius * length;
}

/** How far to move the ink so that its centre of mass is the middle; not so far that ink is lost. */
function shift(ink: Uint8Array, columns: number, rows: number): Point {
  let [mass, mx, my] = [0, 0, 0];
  let [left, right, top, bottom] = [columns, 0, rows, 0];
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      if (!ink[y * columns + x]) continue;
      mass++;
      mx += 2 * x + 1;
      my += 2 * y + 1;
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
    }
  }
  const middle = (sum: number, extent: number) => Math.floor((extent * mass - sum + mass) / (2 * mass));
  const within = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));
  return [within(middle(mx, columns), -left, columns - 1 - right), within(middle(my, rows), -top, rows - 1 - bottom)];
}

/** The pixels: how many of their fine points have ink, as a share of `most`, rounded to the nearest. */
function count(
  ink: Uint8Array, columns: number, rows: number, dx: number, dy: number, width: number, height: number, fine: number, most: number,
): Uint8Array {
  const sums = new Uint32Array(width * height);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      if (ink[y * columns + x]) sums[Math.floor((y + dy) / fine) * width + Math.floor((x + dx) / fine)]++;
    }
  }
  const all = fine * fine;
  return Uint8Array.from(sums, (n) => Math.floor((2 * n * most + all) / (2 * all)));
}
