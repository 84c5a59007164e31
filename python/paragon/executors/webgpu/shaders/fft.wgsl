// Complex arithmetic of the FFT (docs/contract.md, section 7) on pairs of words (re, im).

alias Complex = vec2<u32>;

fn c_add(x: Complex, y: Complex) -> Complex { return vec2<u32>(f32_add(x.x, y.x), f32_add(x.y, y.y)); }
fn c_sub(x: Complex, y: Complex) -> Complex { return vec2<u32>(f32_sub(x.x, y.x), f32_sub(x.y, y.y)); }
fn c_scale(x: Complex, s: u32) -> Complex { return vec2<u32>(f32_mul(x.x, s), f32_mul(x.y, s)); }
// p * s + x for a real s
fn c_fma(p: Complex, s: u32, x: Complex) -> Complex { return vec2<u32>(f32_fma(p.x, s, x.x), f32_fma(p.y, s, x.y)); }
fn c_mul(x: Complex, w: Complex) -> Complex {
  return vec2<u32>(f32_fma(x.x, w.x, f32_neg(f32_mul(x.y, w.y))), f32_fma(x.x, w.y, f32_mul(x.y, w.x)));
}
// Twice point k of the transform of 2m real numbers, from points z = k and y = m - k of that of m complex ones; w = W(k, 2m).
fn c_unweave(z: Complex, y: Complex, w: Complex) -> Complex {
  let even = vec2<u32>(f32_add(z.x, y.x), f32_sub(z.y, y.y));
  let odd = vec2<u32>(f32_sub(z.x, y.x), f32_add(z.y, y.y));
  return vec2<u32>(
    f32_add(even.x, f32_fma(odd.y, w.x, f32_mul(odd.x, w.y))),
    f32_add(even.y, f32_fma(odd.y, w.y, f32_neg(f32_mul(odd.x, w.x)))),
  );
}
// And back: point k of the m complex numbers from points x = k and y = m - k of the transform of the real ones.
fn c_weave(x: Complex, y: Complex, w: Complex) -> Complex {
  let even = vec2<u32>(f32_add(x.x, y.x), f32_sub(x.y, y.y));
  let odd = vec2<u32>(f32_sub(x.x, y.x), f32_add(x.y, y.y));
  return vec2<u32>(
    f32_sub(even.x, f32_fma(odd.x, f32_neg(w.y), f32_mul(odd.y, w.x))),
    f32_add(even.y, f32_fma(odd.x, w.x, f32_mul(odd.y, w.y))),
  );
}
