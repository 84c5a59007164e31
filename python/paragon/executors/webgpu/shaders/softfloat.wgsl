// IEEE 754 binary32 in u32 arithmetic alone: add, sub, mul, fma, div, sqrt, comparisons, minimum, maximum, conversions and
// rounding to narrower formats, each correctly rounded (nearest, ties to even) for every pair or triple of words, subnormals
// included. No f32 appears, so whatever a device does with floats does not matter. A float is its word; every NaN that is made
// here is NAN.
//
// There are no branches. A result is formed as (sign, biased exponent, 32 significant bits of which the last is sticky:
// "something nonzero follows") and rounded once, by f32_pack.

const NAN: u32 = 0x7fc00000u;
const INFINITY: u32 = 0x7f800000u;
const SIGN: u32 = 0x80000000u;
const MAGNITUDE: u32 = 0x7fffffffu;
const HIDDEN: u32 = 0x800000u;

// A word whose value the compiler must not know. Only the native path needs that: native.wgsl replaces this function.
fn opaque(x: u32) -> u32 { return x; }

fn f32_is_nan(x: u32) -> bool { return (x & MAGNITUDE) > INFINITY; }

// x >> n with a sticky last bit, for any n.
fn shift_right_sticky(x: u32, n: u32) -> u32 {
  let far = n > 31u;
  let s = select(n, 31u, far);
  let kept = select(x >> s, 0u, far);
  return kept | u32(select(x & ((1u << s) - 1u), x, far) != 0u);
}

// The float sign * m * 2^(exponent - 127 - 31), rounded. Bit 31 of m is set, or m is 0 or the exponent is below 1.
fn f32_pack(sign: u32, exponent: i32, m: u32) -> u32 {
  let tiny = exponent <= 0;
  let shifted = shift_right_sticky(m, select(0u, u32(1 - exponent), tiny));
  let kept = shifted >> 8u;
  let rest = shifted & 0xffu;
  let up = u32(rest + (kept & 1u) > 0x80u);
  // The hidden bit adds one to the exponent field, and so does a carry out of the rounding.
  let base = select(u32(exponent - 1) << 23u, 0u, tiny || m == 0u);
  return sign | select(base + kept + up, INFINITY, exponent >= 255 && m != 0u);
}

// A finite word as magnitude = significand * 2^(exponent - 150). Bit 23 of the significand is set, unless x is zero.
struct Parts {
  exponent: i32,
  significand: u32,
}
fn f32_parts(x: u32) -> Parts {
  let field = (x >> 23u) & 0xffu;
  let fraction = x & 0x7fffffu;
  let shift = countLeadingZeros(fraction) - 8u;
  let subnormal = field == 0u;
  return Parts(
    select(i32(field), 1 - i32(shift), subnormal),
    select(fraction | HIDDEN, fraction << (shift & 31u), subnormal),
  );
}

// The 64 bits of a * b as (low, high), from products of halves.
fn multiply_wide(a: u32, b: u32) -> vec2<u32> {
  let al = a & 0xffffu;
  let ah = a >> 16u;
  let bl = b & 0xffffu;
  let bh = b >> 16u;
  let low = al * bl;
  let middle = ah * bl + (low >> 16u);
  let carry = al * bh + (middle & 0xffffu);
  return vec2<u32>(a * b, ah * bh + (middle >> 16u) + (carry >> 16u));
}

fn f32_neg(x: u32) -> u32 { return x ^ SIGN; }
fn f32_abs(x: u32) -> u32 { return x & MAGNITUDE; }

fn f32_add(a: u32, b: u32) -> u32 {
  let swap = (a & MAGNITUDE) < (b & MAGNITUDE);
  let x = select(a, b, swap);  // the larger magnitude
  let y = select(b, a, swap);
  let xf = (x >> 23u) & 0xffu;
  let yf = (y >> 23u) & 0xffu;
  let xe = max(xf, 1u);
  let xm = (x & 0x7fffffu) | select(HIDDEN, 0u, xf == 0u);
  let ym = (y & 0x7fffffu) | select(HIDDEN, 0u, yf == 0u);
  let big = xm << 6u;
  let small = shift_right_sticky(ym << 6u, xe - max(yf, 1u));
  let differ = ((x ^ y) & SIGN) != 0u;
  let sum = select(big + small, big - small, differ);
  let n = countLeadingZeros(sum);
  // An exact zero is +0, but (-0) + (-0) is -0.
  let sign = select(x & SIGN, x & y & SIGN, sum == 0u);
  let packed = f32_pack(sign, i32(xe) + 2 - i32(n), sum << (n & 31u));
  let special = select(x, NAN, (x & MAGNITUDE) > INFINITY || ((y & MAGNITUDE) == INFINITY && differ));
  return select(packed, special, xf == 255u);
}

fn f32_sub(a: u32, b: u32) -> u32 { return f32_add(a, b ^ SIGN); }

fn f32_mul(a: u32, b: u32) -> u32 {
  let pa = f32_parts(a);
  let pb = f32_parts(b);
  let p = multiply_wide(pa.significand << 8u, pb.significand);  // in [2^54, 2^56), or 0
  let m = (p.y << 8u) | (p.x >> 24u);  // bit 30 or 31 is the first
  let n = countLeadingZeros(m) & 31u;
  let sticky = u32((p.x & 0xffffffu) != 0u);
  let sign = (a ^ b) & SIGN;
  let packed = f32_pack(sign, pa.exponent + pb.exponent - 126 - i32(n), (m << n) | sticky);
  let x = a & MAGNITUDE;
  let y = b & MAGNITUDE;
  let invalid = x > INFINITY || y > INFINITY || (x == INFINITY && y == 0u) || (y == INFINITY && x == 0u);
  return select(packed, select(sign | INFINITY, NAN, invalid), x >= INFINITY || y >= INFINITY);
}

// The float of product + c, rounded once. The product is (low, high) * 2^ep with its first bit in place 60 or 61, or zero; c is
// finite.
fn f32_add_product(p: vec2<u32>, product_sign: u32, ep: i32, c: u32) -> u32 {
  let cf = (c >> 23u) & 0xffu;
  let cm = (c & 0x7fffffu) | select(HIDDEN, 0u, cf == 0u);
  let q = cm << 6u;  // the high word of c in units of 2^ec, first bit in place 61 unless c is subnormal
  let ec = i32(max(cf, 1u)) - 188;
  // The one with the smaller unit is shifted into the other's, with a sticky last bit. A zero is always the one shifted.
  let use_c = p.y == 0u || (cm != 0u && ec >= ep);
  let kept = vec2<u32>(select(p.x, 0u, use_c), select(p.y, q, use_c));
  let moved = vec2<u32>(select(0u, p.x, use_c), select(q, p.y, use_c));
  let n = min(select(u32(ep - ec), u32(ec - ep), use_c), 63u);
  let far = n > 31u;
  let low = select(moved.x, moved.y, far);
  let high = select(moved.y, 0u, far);
  let s = n & 31u;
  let back = 31u - s;
  let lost = ((low << 1u) << back) | select(0u, moved.x, far);
  let y = vec2<u32>((low >> s) | ((high << 1u) << back) | u32(lost != 0u), high >> s);
  // kept + y or kept - y in two's complement, then its magnitude.
  let c_sign = c & SIGN;
  let differ = product_sign != c_sign;
  let minus = select(0u, 0xffffffffu, differ);
  let y_low = y.x ^ minus;
  let sum = kept.x + y_low;
  let t_low = sum + (minus & 1u);
  let t_high = kept.y + (y.y ^ minus) + u32(sum < y_low) + u32(t_low < sum);
  let negative = (t_high & SIGN) != 0u;
  let flip = select(0u, 0xffffffffu, negative);
  let m_low = (t_low ^ flip) + (flip & 1u);
  let m_high = (t_high ^ flip) + u32(m_low < (flip & 1u));
  let zero = (m_low | m_high) == 0u;
  let kept_sign = select(product_sign, c_sign, use_c);
  let sign = select(kept_sign ^ (flip & SIGN), product_sign & c_sign, zero);
  // The first 32 bits.
  let short = m_high == 0u;
  let top = select(m_high, m_low, short);
  let rest = select(m_low, 0u, short);
  let z = countLeadingZeros(top) & 31u;
  let m = (top << z) | ((rest >> 1u) >> (31u - z)) | u32((rest << z) != 0u);
  return f32_pack(sign, select(ep, ec, use_c) + select(190, 158, short) - i32(z), m);
}

fn f32_fma(a: u32, b: u32, c: u32) -> u32 {
  let pa = f32_parts(a);
  let pb = f32_parts(b);
  let sign = (a ^ b) & SIGN;
  let p = multiply_wide(pa.significand << 7u, pb.significand << 7u);
  let packed = f32_add_product(p, sign, pa.exponent + pb.exponent - 314, c);
  // Infinities and NaNs.
  let ma = a & MAGNITUDE;
  let mb = b & MAGNITUDE;
  let mc = c & MAGNITUDE;
  let infinite = ma == INFINITY || mb == INFINITY;
  let invalid = ma > INFINITY || mb > INFINITY || mc > INFINITY || (infinite && (ma == 0u || mb == 0u))
    || (infinite && mc == INFINITY && sign != (c & SIGN));
  let special = select(select(c, sign | INFINITY, infinite), NAN, invalid);
  return select(packed, special, ma >= INFINITY || mb >= INFINITY || mc >= INFINITY);
}

// A factor of many products, taken apart once: the significand, and sign | exponent + 32. Zeros, infinities and NaNs have
// exponents so far apart that the sum of two says what the product is.
alias Factor = vec2<u32>;
fn factor(x: u32) -> Factor {
  let p = f32_parts(x);
  let m = x & MAGNITUDE;
  let e = select(select(u32(p.exponent + 32), 0x1000u, m == INFINITY), 0x10000u, m > INFINITY);
  return vec2<u32>(p.significand, select(e, 0x4000u, m == 0u) | (x & SIGN));
}
// f32_fma of two factors and a word.
fn fma_factors(a: Factor, b: Factor, c: u32) -> u32 {
  let al = a.x & 0xfffu;
  let ah = a.x >> 12u;
  let bl = b.x & 0xfffu;
  let bh = b.x >> 12u;
  let low = al * bl;
  let middle = al * bh + ah * bl + (low >> 12u);
  let p = vec2<u32>((middle << 26u) | ((low & 0xfffu) << 14u), ((ah * bh) << 6u) + (middle >> 6u));
  let code = a.y + b.y;
  let sign = code & SIGN;
  let e = code & MAGNITUDE;
  let packed = f32_add_product(p, sign, i32(e) - 378, c);
  let mc = c & MAGNITUDE;
  let c_special = mc >= INFINITY;
  let infinite = e - 0x800u < 0x2000u;  // 0x1000 and an ordinary exponent, or 0x2000
  let zero_times_infinity = e - 0x5000u < 2u;
  let invalid = e >= 0xf000u || zero_times_infinity || mc > INFINITY || (infinite && c_special && ((sign ^ c) & SIGN) != 0u);
  let special = select(select(c, sign | INFINITY, infinite), NAN, invalid);
  return select(packed, special, c_special || infinite || invalid);
}

// The quotient of two words that are neither zero, infinite nor NaN.
fn f32_div_ordinary(a: u32, b: u32) -> u32 {
  let pa = f32_parts(a);
  let pb = f32_parts(b);
  // Restoring division, one bit a step. The first bit of the quotient has weight 1: 25 or 26 significant bits.
  var rest = pa.significand;
  var quotient = 0u;
  for (var i = 0; i < 26; i++) {
    let fits = rest >= pb.significand;
    quotient = (quotient << 1u) | u32(fits);
    rest = select(rest, rest - pb.significand, fits) << 1u;
  }
  let n = countLeadingZeros(quotient) & 31u;
  return f32_pack((a ^ b) & SIGN, pa.exponent - pb.exponent + 133 - i32(n), (quotient << n) | u32(rest != 0u));
}

fn f32_div(a: u32, b: u32) -> u32 {
  let sign = (a ^ b) & SIGN;
  let x = a & MAGNITUDE;
  let y = b & MAGNITUDE;
  let invalid = x > INFINITY || y > INFINITY || (x == INFINITY && y == INFINITY) || (x == 0u && y == 0u);
  let infinite = x == INFINITY || y == 0u;
  let special = select(select(sign, sign | INFINITY, infinite), NAN, invalid);
  return select(f32_div_ordinary(a, b), special, x >= INFINITY || y >= INFINITY || x == 0u || y == 0u);
}

// The root of s in [1, 4), s = significand * 2^(odd - 23), as the word of a float.
fn root_of_significand(significand: u32, odd: u32) -> u32 {
  // 26 bits, digit by digit.
  var window = significand << (7u + odd);  // two bits before the point stand at the top: s * 2^30
  var rest = 0u;
  var root = 0u;
  for (var i = 0; i < 26; i++) {
    rest = (rest << 2u) | (window >> 30u);
    window = window << 2u;
    let trial = (root << 2u) | 1u;
    let fits = rest >= trial;
    rest = select(rest, rest - trial, fits);
    root = (root << 1u) | u32(fits);
  }
  return f32_pack(0u, 127, (root << 6u) | u32(rest != 0u));
}

fn f32_sqrt(x: u32) -> u32 {
  let p = f32_parts(x);
  // x = s * 2^(2h) with s in [1, 4), and the root of s, in [1, 2), times 2^h: never subnormal.
  let unbiased = p.exponent - 127;
  let odd = u32(unbiased & 1);
  let root = root_of_significand(p.significand, odd) + (u32((unbiased - i32(odd)) >> 1u) << 23u);
  let negative = (x & SIGN) != 0u;
  let special = select(x, NAN, f32_is_nan(x) || (negative && (x & MAGNITUDE) != 0u));
  return select(root, special, negative || x >= INFINITY || x == 0u);
}

// Words in the order of the values (no NaNs): -0 and +0 are one.
fn f32_key(x: u32) -> u32 {
  let y = select(x, 0u, (x & MAGNITUDE) == 0u);
  return select(y | SIGN, ~y, (y & SIGN) != 0u);
}
fn f32_ordered(a: u32, b: u32) -> bool { return !(f32_is_nan(a) || f32_is_nan(b)); }
fn f32_lt(a: u32, b: u32) -> bool { return f32_ordered(a, b) && f32_key(a) < f32_key(b); }
fn f32_le(a: u32, b: u32) -> bool { return f32_ordered(a, b) && f32_key(a) <= f32_key(b); }
fn f32_eq(a: u32, b: u32) -> bool { return f32_ordered(a, b) && f32_key(a) == f32_key(b); }
fn f32_ne(a: u32, b: u32) -> bool { return !f32_eq(a, b); }
fn f32_ge(a: u32, b: u32) -> bool { return f32_le(b, a); }
fn f32_gt(a: u32, b: u32) -> bool { return f32_lt(b, a); }

// The same with -0 less than +0, which is the order of maximum and minimum.
fn f32_strict_key(x: u32) -> u32 { return select(x | SIGN, ~x, (x & SIGN) != 0u); }
fn f32_maximum(a: u32, b: u32) -> u32 {
  return select(NAN, select(b, a, f32_strict_key(a) >= f32_strict_key(b)), f32_ordered(a, b));
}
fn f32_minimum(a: u32, b: u32) -> u32 {
  return select(NAN, select(b, a, f32_strict_key(a) <= f32_strict_key(b)), f32_ordered(a, b));
}

fn f32_from_u32(x: u32) -> u32 {
  let n = countLeadingZeros(x);
  return f32_pack(0u, 158 - i32(n), x << (n & 31u));
}
fn f32_from_i32(x: u32) -> u32 {
  let sign = x & SIGN;
  return sign | f32_from_u32(select(x, 0u - x, sign != 0u));
}

// |x| without its fraction, at most 2^32 - 1.
fn f32_truncated(x: u32) -> u32 {
  let e = i32((x >> 23u) & 0xffu) - 127;
  let m = (x & 0x7fffffu) | HIDDEN;
  let left = m << u32(clamp(e - 23, 0, 31));
  let right = m >> u32(clamp(23 - e, 0, 31));
  return select(select(select(right, left, e >= 23), 0u, e < 0), 0xffffffffu, e > 31);
}
fn f32_to_u32(x: u32) -> u32 { return select(f32_truncated(x), 0u, f32_is_nan(x) || (x & SIGN) != 0u); }
fn f32_to_i32(x: u32) -> u32 {
  let t = f32_truncated(x);
  let negative = (x & SIGN) != 0u;
  let y = select(min(t, 0x7fffffffu), 0u - min(t, SIGN), negative);
  return select(y, 0u, f32_is_nan(x));
}

// x rounded to the nearest value of a narrower format, ties to even, as an f32. Significands of the format have `dropped` bits
// less than those of f32, `least` is the exponent field that its least normal number has as an f32, `largest` the word of its
// largest number, and `beyond` what stands for anything above that: INFINITY or NAN.
fn f32_round_to(x: u32, dropped: u32, least: u32, largest: u32, beyond: u32) -> u32 {
  let magnitude = x & MAGNITUDE;
  let field = magnitude >> 23u;
  let exponent = max(field, 1u);
  let significand = (magnitude & 0x7fffffu) | select(HIDDEN, 0u, field == 0u);
  // Below the least normal number the values of the format lie no closer, so each power of two further down costs one more bit.
  // A significand has 24 bits: where 25 are dropped it is less than half of the smallest value, and becomes 0.
  let n = min(dropped + max(least, exponent) - exponent, 25u);
  let kept = significand >> n;
  let rest = significand & ((1u << n) - 1u);
  let up = u32(rest + (kept & 1u) > (1u << (n - 1u)));
  let rounded = (kept + up) << n;
  // The hidden bit adds one to the exponent field, and so does a carry out of the rounding.
  let word = select(((exponent - 1u) << 23u) + rounded, 0u, rounded == 0u);
  let found = select(word, beyond, word > largest);
  return select((x & SIGN) | found, NAN, f32_is_nan(found) || f32_is_nan(x));
}
