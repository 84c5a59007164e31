// The native path: the functions of softfloat.wgsl that a device with IEEE 754 arithmetic does itself. Everything else is
// shared. Used only where the probe (probe.wgsl) found that these very functions give the right words.
//
// A compiler may contract a product into a sum that follows. So the word of a product is xored with a zero that stands in a
// buffer, which no compiler can see through.
@group(0) @binding(0) var<storage, read> guard: array<u32>;

fn f32_add(a: u32, b: u32) -> u32 { return bitcast<u32>(bitcast<f32>(a) + bitcast<f32>(b)); }
fn f32_sub(a: u32, b: u32) -> u32 { return bitcast<u32>(bitcast<f32>(a) - bitcast<f32>(b)); }
fn f32_mul(a: u32, b: u32) -> u32 { return bitcast<u32>(bitcast<f32>(a) * bitcast<f32>(b)) ^ guard[0]; }
fn f32_fma(a: u32, b: u32, c: u32) -> u32 { return bitcast<u32>(fma(bitcast<f32>(a), bitcast<f32>(b), bitcast<f32>(c))); }

alias Factor = u32;
fn factor(x: u32) -> Factor { return x; }
fn fma_factors(a: Factor, b: Factor, c: u32) -> u32 { return f32_fma(a, b, c); }
