// Tensors of the interpreter, rows of them, and files.

export { readSafetensors, writeSafetensors } from "../../bindings_tests/interpreters/js/paragon.mjs";

export interface Tensor {
  dtype: "f32" | "i32" | "u32";
  shape: readonly number[];
  data: Float32Array | Int32Array | Uint32Array;
}
export type Tensors = Map<string, Tensor>;

/** The rows of a tensor that `chosen` lists. */
export function takeRows({ dtype, shape, data }: Tensor, chosen: ArrayLike<number>): Tensor {
  const size = shape.slice(1).reduce((n, d) => n * d, 1);
  const Kind = data.constructor as { new (length: number): Tensor["data"] };
  const out = new Kind(chosen.length * size);
  for (let i = 0; i < chosen.length; i++) out.set(data.subarray(chosen[i] * size, (chosen[i] + 1) * size), i * size);
  return { dtype, shape: [chosen.length, ...shape.slice(1)], data: out };
}

/** Pixels as a model takes them: each byte divided by `most`, rounded once to f32. */
export const scaled = (pixels: ArrayLike<number>, most: number): Float32Array => Float32Array.from(pixels, (v) => Math.fround(v / most));
