// The native path: the functions of softfloat.wgsl that a device with IEEE 754 arithmetic does itself. Everything else is
// shared. Used only where the probe (probe.wgsl) found that these very functions give the right words.
//
// A compiler may contract a product into a sum that follows, take x for x + 0 (wrong for -0), or b for (a + b) - a. So words are
// xored with zeros that stand in a buffer, which no compiler can see through: constants, and what goes in and comes out of a
// sum or product, each with a zero of its own, since two xors with the same one cancel. Only the chain of fma in a product of
// matrices is left as it is, between an opaque start and a guarded end.
@group(0) @binding(0) var<storage, read> guard: array<u32>;

fn opaque(x: u32) -> u32 { return x ^ guard[0]; }
fn guarded_in(x: u32) -> f32 { return bitcast<f32>(x ^ guard[1]); }
fn guarded_out(x: f32) -> u32 { return bitcast<u32>(x) ^ guard[2]; }
fn f32_add(a: u32, b: u32) -> u32 { return guarded_out(guarded_in(a) + guarded_in(b)); }
fn f32_sub(a: u32, b: u32) -> u32 { return guarded_out(guarded_in(a) - guarded_in(b)); }
fn f32_mul(a: u32, b: u32) -> u32 { return guarded_out(guarded_in(a) * guarded_in(b)); }
fn f32_fma(a: u32, b: u32, c: u32) -> u32 { return guarded_out(fma(guarded_in(a), guarded_in(b), guarded_in(c))); }

alias Factor = u32;
fn factor(x: u32) -> Factor { return x; }
fn fma_factors(a: Factor, b: Factor, c: u32) -> u32 {
  return bitcast<u32>(fma(bitcast<f32>(a), bitcast<f32>(b), bitcast<f32>(c)));
}
