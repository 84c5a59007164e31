// exp expm1 log log1p tanh erf sinpi cospi, correctly rounded, in u32 arithmetic alone.
//
// Numbers with 94 binary places ("Fix", two's complement in three words, the lowest first, range [-2, 2)) carry an argument
// reduction and a Taylor series (elementary_series.wgsl). The result is formed with a relative error below 2^-84 (log near 1:
// 2^-65) and then rounded once. The exhaustive search over all arguments (docs/exhaustive.md) finds no inexact result of log
// nearer to the middle between two floats than 2^-34 of their distance, which is 2^-59 of the result, and none of the others
// nearer than 2^-43, or 2^-68 of the result: so this rounding is the correct one.
//
// R * 2^e with R a Fix in [1/2, 1) stands for a float, so that small arguments keep their relative accuracy.

alias Fix = vec3<u32>;
const ONE = vec3<u32>(0u, 0u, 0x40000000u);
const HALF = vec3<u32>(0u, 0u, 0x20000000u);

fn fix_add(a: Fix, b: Fix) -> Fix {
  let x = a.x + b.x;
  let y = a.y + b.y;
  let carry = u32(x < a.x);
  let z = y + carry;
  return vec3<u32>(x, z, a.z + b.z + u32(y < a.y) + u32(z < y));
}
fn fix_neg(a: Fix) -> Fix { return fix_add(~a, vec3<u32>(1u, 0u, 0u)); }
fn fix_sub(a: Fix, b: Fix) -> Fix { return fix_add(a, fix_neg(b)); }
fn fix_signed(a: Fix, negative: bool) -> Fix { return select(a, fix_neg(a), negative); }
fn fix_is_negative(a: Fix) -> bool { return (a.z >> 31u) != 0u; }

// a >> n, filled with zeros, for any n.
fn fix_shift_right(a: Fix, n: u32) -> Fix {
  var v = a;
  v = select(v, vec3<u32>(v.y, v.z, 0u), n >= 32u);
  v = select(v, vec3<u32>(v.y, v.z, 0u), n >= 64u);
  v = select(v, vec3<u32>(0u), n >= 96u);
  let s = n & 31u;
  let spill = select(vec3<u32>(v.y, v.z, 0u) << vec3<u32>((32u - s) & 31u), vec3<u32>(0u), s == 0u);
  return (v >> vec3<u32>(s)) | spill;
}
// a << n for n < 96.
fn fix_shift_left(a: Fix, n: u32) -> Fix {
  var v = a;
  v = select(v, vec3<u32>(0u, v.x, v.y), n >= 32u);
  v = select(v, vec3<u32>(0u, v.x, v.y), n >= 64u);
  let s = n & 31u;
  let spill = select(vec3<u32>(0u, v.x, v.y) >> vec3<u32>((32u - s) & 31u), vec3<u32>(0u), s == 0u);
  return (v << vec3<u32>(s)) | spill;
}

// a * b for a, b >= 0, at most 8 * 2^-94 too small: products below the third word from the top are left out.
fn fix_mul_magnitude(a: Fix, b: Fix) -> Fix {
  let p02 = multiply_wide(a.x, b.z).y;
  let p11 = multiply_wide(a.y, b.y).y;
  let p20 = multiply_wide(a.z, b.x).y;
  let p12 = multiply_wide(a.y, b.z);
  let p21 = multiply_wide(a.z, b.y);
  let p22 = multiply_wide(a.z, b.z);
  var sum = vec3<u32>(p12.x, p12.y, 0u);
  sum = fix_add(sum, vec3<u32>(p21.x, p21.y, 0u));
  sum = fix_add(sum, vec3<u32>(p02, p22.x, p22.y));
  sum = fix_add(sum, vec3<u32>(p11, 0u, 0u));
  sum = fix_add(sum, vec3<u32>(p20, 0u, 0u));
  return fix_shift_left(sum, 2u);
}
fn fix_mul(a: Fix, b: Fix) -> Fix {
  let an = fix_is_negative(a);
  let bn = fix_is_negative(b);
  return fix_signed(fix_mul_magnitude(fix_signed(a, an), fix_signed(b, bn)), an != bn);
}

// a * n modulo 4, for a small n.
fn fix_scale(a: Fix, n: u32) -> Fix {
  let x = multiply_wide(a.x, n);
  let y = multiply_wide(a.y, n);
  return fix_add(vec3<u32>(x.x, x.y, a.z * n), vec3<u32>(0u, y.x, y.y));
}

// a / b for 0 <= a < b < 2, rounded down: restoring division, one bit a step.
fn fix_div(a: Fix, b: Fix) -> Fix {
  let minus = fix_neg(b);
  var rest = a;
  var quotient = vec3<u32>(0u);
  for (var i = 0; i < 94; i++) {
    rest = fix_shift_left(rest, 1u);
    let next = fix_add(rest, minus);
    let fits = rest.z > b.z || (rest.z == b.z && (rest.y > b.y || (rest.y == b.y && rest.x >= b.x)));
    rest = select(rest, next, fits);
    quotient = fix_shift_left(quotient, 1u) | vec3<u32>(u32(fits), 0u, 0u);
  }
  return quotient;
}

fn fix_leading_zeros(a: Fix) -> u32 {
  let low = select(countLeadingZeros(a.y) + 32u, countLeadingZeros(a.x) + 64u, a.y == 0u);
  return select(countLeadingZeros(a.z), low, a.z == 0u);
}

// The float sign * a * 2^e for a >= 0, rounded.
fn fix_round(sign: u32, e: i32, a: Fix) -> u32 {
  let n = fix_leading_zeros(a);
  let v = fix_shift_left(a, min(n, 95u));
  return f32_pack(sign, 128 - i32(n) + e, v.z | u32((v.x | v.y) != 0u));
}

// |x| = r * 2^e with r in [1/2, 1), or 0.
struct Scaled {
  r: Fix,
  e: i32,
}
fn scaled(x: u32) -> Scaled {
  let p = f32_parts(x);
  return Scaled(vec3<u32>(0u, 0u, p.significand << 6u), p.exponent - 126);
}
fn fix_normal(a: Fix) -> Scaled {
  let n = min(fix_leading_zeros(a), 95u);
  return Scaled(fix_shift_right(fix_shift_left(a, n), 2u), 2 - i32(n));
}
// r * 2^e modulo 4, for e < 32.
fn fix_of(s: Scaled) -> Fix {
  let left = u32(clamp(s.e, 0, 31));
  return select(fix_shift_right(s.r, u32(max(-s.e, 0))), fix_shift_left(s.r, left), s.e > 0);
}

// x = k ln 2 + r with |r| <= 0.3642, and q = (e^r - 1) / r. For |x| < 128; k = 0 for |x| < 0.34.
struct Exponential {
  k: i32,
  r: Fix,
  q: Fix,
}
fn exponential(x: Scaled, negative: bool) -> Exponential {
  // x to 11 places times 1 / ln 2 to 11 places, rounded to an integer.
  let places = i32((x.r.z >> 6u) >> u32(clamp(13 - x.e, 0, 31)));
  let k = (select(places, -places, negative) * 2955 + 0x200000) >> 22u;
  let multiple = fix_signed(fix_scale(LN2, u32(abs(k))), k < 0);
  let r = fix_sub(fix_signed(fix_of(x), negative), multiple);
  let q = exp_series(r);
  return Exponential(k, r, q);
}

fn f32_exp(x: u32) -> u32 {
  let negative = (x & SIGN) != 0u;
  let e = exponential(scaled(x), negative);
  let y = fix_round(0u, e.k, fix_add(ONE, fix_mul(e.r, e.q)));
  let large = (x & MAGNITUDE) >= 0x42d00000u;  // 104
  let limit = select(select(INFINITY, 0u, negative), NAN, f32_is_nan(x));
  return select(y, limit, large);
}

fn f32_expm1(x: u32) -> u32 {
  let sign = x & SIGN;
  let negative = sign != 0u;
  let s = scaled(x);
  let e = exponential(s, negative);
  let power = fix_add(ONE, fix_mul(e.r, e.q));  // e^r
  let above = fix_sub(power, fix_shift_right(ONE, u32(max(e.k, 0))));
  let below = fix_sub(ONE, fix_shift_right(power, u32(max(-e.k, 0))));
  let general = select(below, above, e.k > 0);
  let direct = e.k == 0;
  let y = fix_round(sign, select(max(e.k, 0), s.e, direct), select(general, fix_mul(s.r, e.q), direct));
  let large = (x & MAGNITUDE) >= 0x42d00000u;
  let limit = select(select(INFINITY, 0xbf800000u, negative), NAN, f32_is_nan(x));
  return select(select(y, limit, large), x, (x & MAGNITUDE) == 0u);
}

// With y = 2|x| and e^y - 1 = p: p / (p + 2), or 1 - 2 / (e^y + 1) where y is not small.
fn f32_tanh(x: u32) -> u32 {
  var s = scaled(x);
  s.e += 1;
  let e = exponential(s, false);
  let direct = e.k == 0;
  let p = fix_mul(e.r, e.q);
  let power = fix_add(ONE, p);
  let one_k = fix_shift_right(ONE, u32(max(e.k, 0)));
  let numerator = select(HALF, fix_shift_right(e.q, 1u), direct);
  let half_p = vec3<u32>(fix_shift_right(p, 1u));
  let denominator = select(fix_add(power, one_k), fix_add(half_p, ONE), direct);
  let quotient = fix_div(numerator, denominator);
  let general = fix_sub(ONE, fix_shift_right(fix_shift_left(quotient, 1u), u32(max(e.k - 1, 0))));
  let y = fix_round(x & SIGN, select(0, s.e, direct), select(general, fix_mul(s.r, quotient), direct));
  let large = (x & MAGNITUDE) >= 0x41200000u;  // 10
  let limit = select((x & SIGN) | 0x3f800000u, NAN, f32_is_nan(x));
  return select(select(y, limit, large), x, (x & MAGNITUDE) == 0u);
}

// k ln 2 + 2 atanh(n/d * 2^e) with 0 <= n < d < 2; `negative` is the sign of n. Either k or e is 0.
fn logarithm(n: Fix, d: Fix, e: i32, negative: bool, k: i32) -> u32 {
  let s = fix_div(n, d);
  let small = fix_shift_right(s, u32(-e));
  let z = fix_mul_magnitude(small, small);
  let p = atanh_series(z);
  let v = fix_mul_magnitude(s, p);
  // The sum is divided by 128 to fit.
  let multiple = fix_signed(fix_scale(LN2_OVER_128, u32(abs(k))), k < 0);
  let sum = fix_add(multiple, fix_signed(fix_shift_right(v, 6u), negative));
  let below = fix_is_negative(sum);
  let direct = k == 0;
  let sign = select(0u, SIGN, select(below, negative, direct));
  return fix_round(sign, select(7, e + 1, direct), select(fix_signed(sum, below), v, direct));
}
// log(2^k m), m in [1, 2): with m or m/2 in [sqrt(1/2), sqrt(2)), log m = 2 atanh((m - 1) / (m + 1)).
fn log_of(m: Fix, k: i32) -> u32 {
  let above = m.z >= 0x5a82799au;  // sqrt(2), rounded up a little
  let half_m = fix_shift_right(m, select(1u, 2u, above));
  let difference = fix_sub(half_m, HALF);
  let negative = fix_is_negative(difference);
  return logarithm(fix_signed(difference, negative), fix_add(half_m, HALF), 0, negative, k + i32(above));
}

fn f32_log(x: u32) -> u32 {
  let p = f32_parts(x);
  let y = log_of(vec3<u32>(0u, 0u, p.significand << 7u), p.exponent - 127);
  let zero = (x & MAGNITUDE) == 0u;
  let special = select(select(x, NAN, (x & SIGN) != 0u || f32_is_nan(x)), SIGN | INFINITY, zero);
  return select(select(y, special, zero || x >= INFINITY), 0u, x == 0x3f800000u);
}

fn f32_log1p(x: u32) -> u32 {
  let negative = (x & SIGN) != 0u;
  let size = x & MAGNITUDE;
  let s = scaled(x);
  // Near 0, 2 atanh(x / (2 + x)); elsewhere 1 + x = 2^(e+1) * sum, which is exact unless x > 2^70.
  let near = size < select(0x3ed00000u, 0x3e900000u, negative);  // 0.406, -0.281
  let half_r = fix_shift_right(s.r, 1u);
  let sum = fix_add(fix_shift_right(ONE, u32(clamp(s.e + 1, 0, 127))), fix_signed(half_r, negative));
  let n = min(fix_leading_zeros(sum), 95u);
  let m = fix_shift_right(fix_shift_left(sum, n), 1u);
  let k = s.e + 2 - i32(n);
  let above = m.z >= 0x5a82799au;
  let half_m = fix_shift_right(m, select(1u, 2u, above));
  let difference = fix_sub(half_m, HALF);
  let below = fix_is_negative(difference);
  let half_x = fix_signed(fix_shift_right(s.r, u32(clamp(1 - s.e, 0, 127))), negative);
  let y = logarithm(
    select(fix_signed(difference, below), half_r, near),
    select(fix_add(half_m, HALF), fix_add(ONE, half_x), near),
    select(0, s.e, near),
    select(below, negative, near),
    select(k + i32(above), 0, near),
  );
  let special = select(select(INFINITY, NAN, negative), NAN, f32_is_nan(x));
  let outside = size >= INFINITY || (negative && size >= 0x3f800000u);
  let minus_one = x == 0xbf800000u;
  return select(select(select(y, special, outside), SIGN | INFINITY, minus_one), x, size == 0u);
}

fn f32_erf(x: u32) -> u32 {
  let size = x & MAGNITUDE;
  let s = scaled(x);
  let small = size < 0x3f800000u;
  let whole = f32_truncated(size) & 3u;
  // x^2, or x - whole - 1/2. The subtraction is exact modulo 4, and the difference lies in the range.
  let a = fix_of(s);
  let offset = fix_sub(a, vec3<u32>(0u, 0u, (whole << 30u) + HALF.z));
  let t = select(offset, fix_mul_magnitude(a, a), small);
  let p = erf_series(t, whole);
  let y = fix_round(x & SIGN, select(0, s.e, small), select(p, fix_mul(s.r, p), small));
  let limit = select((x & SIGN) | 0x3f800000u, NAN, f32_is_nan(x));
  return select(select(y, limit, size >= 0x407c0000u), x, size == 0u);  // from 3.9375 on it rounds to 1
}

// sin(pi u), 0 < u <= 1/2
fn sine(sign: u32, u: Scaled) -> u32 {
  let v = fix_of(u);
  let z = fix_mul_magnitude(v, v);
  let p = sinpi_series(z);
  return fix_round(sign, u.e + 2, fix_mul_magnitude(u.r, p));
}
// |x| = n + r with |r| <= 1/2, for |x| >= 1/2: |r| in units of 2^-24, its sign, and the parity of n. All exact.
struct Period {
  r: u32,
  negative: bool,
  odd: bool,
}
fn period(x: u32) -> Period {
  let p = f32_parts(x);
  let shift = p.exponent - 126;
  let units = select(p.significand << u32(clamp(shift, 0, 31)), 0u, shift > 25) & 0x1ffffffu;
  let n = (units + 0x800000u) >> 24u;
  let r = i32(units) - i32(n << 24u);
  return Period(u32(abs(r)), r < 0, (n & 1u) != 0u);
}

fn f32_sinpi(x: u32) -> u32 {
  let size = x & MAGNITUDE;
  let small = size < 0x3f000000u;
  let p = period(x);
  let far = fix_normal(vec3<u32>(0u, 0u, p.r << 6u));
  let near = scaled(x);
  let flip = !small && (p.negative != p.odd);
  let u = Scaled(select(far.r, near.r, small), select(far.e, near.e, small));
  let y = sine((x & SIGN) ^ select(0u, SIGN, flip), u);
  let zero = select(p.r == 0u, size == 0u, small);
  return select(select(y, x & SIGN, zero), NAN, size >= INFINITY);
}

// cos(pi x) = (-1)^n sin(pi (1/2 - |r|))
fn f32_cospi(x: u32) -> u32 {
  let size = x & MAGNITUDE;
  let small = size < 0x3f000000u;
  let p = period(x);
  let r = select(vec3<u32>(0u, 0u, p.r << 6u), fix_of(scaled(x)), small);
  let u = fix_sub(HALF, r);
  let y = sine(select(0u, SIGN, p.odd && !small), fix_normal(u));
  return select(select(y, 0u, (u.x | u.y | u.z) == 0u), NAN, size >= INFINITY);
}
