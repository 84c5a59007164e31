// What the probe (probe.py) runs on a device, once with the native functions and once with the integer ones: for each triple of
// words one row with the results of every operation.
@group(0) @binding(1) var<storage, read> triples: array<u32>;
@group(0) @binding(2) var<storage, read_write> rows: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i >= arrayLength(&triples) / 3u) {
    return;
  }
  let a = triples[3u * i];
  let b = triples[3u * i + 1u];
  let c = triples[3u * i + 2u];
  rows[12u * i] = f32_fma(a, b, c);
  rows[12u * i + 1u] = f32_add(f32_mul(a, b), c);  // two roundings: a contraction shows here
  rows[12u * i + 2u] = f32_add(a, b);
  rows[12u * i + 3u] = f32_sub(a, b);
  rows[12u * i + 4u] = f32_mul(a, b);
  rows[12u * i + 5u] = f32_add(a, opaque(0u));  // not a, where a is -0
  rows[12u * i + 6u] = f32_sub(f32_add(a, b), a);  // not b
  rows[12u * i + 7u] = f32_sub(a, a);  // not always 0
  rows[12u * i + 8u] = bitcast<u32>(bitcast<f32>(a));
  // Integers: a wrapping product and sum, shifts, leading zeros, an unsigned and a signed comparison.
  rows[12u * i + 9u] = a * b + c;
  rows[12u * i + 10u] = ((a << (b & 31u)) | (c >> (b & 31u))) ^ countLeadingZeros(c);
  rows[12u * i + 11u] = select(0u, 2u, a < b) | select(0u, 1u, bitcast<i32>(a) < bitcast<i32>(b));
}
