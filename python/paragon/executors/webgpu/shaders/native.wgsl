// The native path: the functions of softfloat.wgsl that a device with IEEE 754 arithmetic does itself. All other functions serve
// both paths. Used only where the probe (probe.wgsl) found that these very functions give the right words.
//
// A compiler may do what the contract forbids: contract a product into the sum that follows it, and replace x + 0 by x (wrong for
// -0), (a + b) - a by b, and x - x by 0 (wrong for infinities). To do so it must see what the operands are. So constants, the
// operands of a sum or product, and its result are xored with zeros that are read from a buffer, the guard: no compiler can know
// that they are zeros. Each place has a zero of its own, because two xors with the same one cancel, and two equal operands that
// are xored with the same one can still be seen to be equal. Only the chain of fma in a product of matrices has no guards inside:
// its first accumulator is opaque and its last one guarded.
@group(0) @binding(0) var<storage, read> guard: array<u32>;

fn opaque(x: u32) -> u32 { return x ^ guard[0]; }
fn guarded_out(x: f32) -> u32 { return bitcast<u32>(x) ^ guard[1]; }
fn operand_a(x: u32) -> f32 { return bitcast<f32>(x ^ guard[2]); }
fn operand_b(x: u32) -> f32 { return bitcast<f32>(x ^ guard[3]); }
fn operand_c(x: u32) -> f32 { return bitcast<f32>(x ^ guard[4]); }
fn f32_add(a: u32, b: u32) -> u32 { return guarded_out(operand_a(a) + operand_b(b)); }
fn f32_sub(a: u32, b: u32) -> u32 { return guarded_out(operand_a(a) - operand_b(b)); }
fn f32_mul(a: u32, b: u32) -> u32 { return guarded_out(operand_a(a) * operand_b(b)); }
fn f32_fma(a: u32, b: u32, c: u32) -> u32 { return guarded_out(fma(operand_a(a), operand_b(b), operand_c(c))); }

// Division and square root: an approximation, a step or two of Newton's method, and the rounding decided by the exact rest that
// one more fma gives (after Markstein, "Computation of elementary functions on the IBM RISC System/6000 processor", 1990). All
// numbers on the way lie between 2^-48 and 4, far from overflow and subnormals. docs/webgpu.md has the proof, which asks of the
// two approximations no more than an error below 2^-19 of the result; WGSL promises about 2^-21.
fn reciprocal(y: u32) -> u32 { return guarded_out(1.0 / operand_a(y)); }
fn reciprocal_root(s: u32) -> u32 { return guarded_out(inverseSqrt(operand_a(s))); }

const ONE_HALF: u32 = 0x3f000000u;
const UNIT_ONE: u32 = 0x3f800000u;
const UNIT_TWO: u32 = 0x40000000u;

fn f32_div_ordinary(a: u32, b: u32) -> u32 {
  let pa = f32_parts(a);
  let pb = f32_parts(b);
  // y in [1, 2), and x such that the quotient lies in [1, 2), too.
  let less = pa.significand < pb.significand;
  let x = (pa.significand & 0x7fffffu) | select(UNIT_ONE, UNIT_TWO, less);
  let y = (pb.significand & 0x7fffffu) | UNIT_ONE;
  let minus_y = y | SIGN;
  let r0 = reciprocal(y);
  let r = f32_fma(f32_fma(minus_y, r0, UNIT_ONE), r0, r0);
  let q0 = f32_mul(x, r);
  let q = f32_fma(f32_fma(minus_y, q0, x), r, q0);
  // x / y = q + rest / y, and |rest| is compared with y / 2^24, which is half a unit of q.
  let rest = f32_fma(minus_y, q, x);
  let size = rest & MAGNITUDE;
  let far = size > y - (24u << 23u);
  let tail = select(select(1u, 129u, far), 0u, size == 0u);
  let m = (q << 8u) | SIGN;
  let exponent = pa.exponent - pb.exponent + select(127, 126, less);
  return f32_pack((a ^ b) & SIGN, exponent, select(m + tail, m - tail, (rest & SIGN) != 0u));
}

fn root_of_significand(significand: u32, odd: u32) -> u32 {
  let s = ((significand & 0x7fffffu) | UNIT_ONE) + (odd << 23u);
  let r = reciprocal_root(s);
  let g0 = f32_mul(s, r);  // the root, and half of its reciprocal
  let h0 = r - HIDDEN;
  let e = f32_fma(g0 | SIGN, h0, ONE_HALF);
  let g1 = f32_fma(g0, e, g0);
  let h1 = f32_fma(h0, e, h0);
  let g = f32_fma(f32_fma(g1 | SIGN, g1, s), h1, g1);
  // s = g^2 + rest, and |rest| is compared with g * 2^-23: where it is larger, the root is more than half a unit away.
  let rest = f32_fma(g | SIGN, g, s);
  let size = rest & MAGNITUDE;
  let unit = g - (23u << 23u);
  let below = (rest & SIGN) != 0u;
  return g + select(u32(size > unit), 0u, below) - select(0u, u32(size >= unit), below);
}

// What products of matrices are made of (gemm.py): one word times neighbouring ones. They have no guards.
fn fma_1(a: u32, b: u32, c: u32) -> u32 { return bitcast<u32>(fma(bitcast<f32>(a), bitcast<f32>(b), bitcast<f32>(c))); }
fn fma_2(a: u32, b: vec2<u32>, c: vec2<u32>) -> vec2<u32> {
  return bitcast<vec2<u32>>(fma(vec2<f32>(bitcast<f32>(a)), bitcast<vec2<f32>>(b), bitcast<vec2<f32>>(c)));
}
fn fma_4(a: u32, b: vec4<u32>, c: vec4<u32>) -> vec4<u32> {
  return bitcast<vec4<u32>>(fma(vec4<f32>(bitcast<f32>(a)), bitcast<vec4<f32>>(b), bitcast<vec4<f32>>(c)));
}
