// The elementary functions, in double, so accurately that rounding the result to float gives the correctly rounded float.
//
// Every function takes floats widened to double. It reduces the argument, evaluates a minimax polynomial
// (elementary_coefficients.h) and puts the result together such that nearly all of its error is the last rounding to
// double. That is not a proof; the proof is the exhaustive run over all 2^32 inputs (docs/exhaustive.md), made for
// mul_add fused and unfused: apart from mul_add every step is one IEEE 754 operation, the same on every processor.
// So no step here may be changed, however slightly, without running that again.
#pragma once

#include <iterator>

#include "cpu/elementary_coefficients.h"
#include "cpu/simd.h"

namespace paragon::cpu {
namespace {

constexpr double kInfinity = __builtin_huge_val();

// c[0] + c[1]*t + ..., even and odd powers apart, which halves the length of the dependency chain. `coefficient(i)` is
// the vector c[i].
template <std::size_t n, class Coefficient>
PARAGON_INLINE F64 polynomial(F64 t, const Coefficient& coefficient) {
  constexpr std::size_t last_even = (n - 1) / 2 * 2, last_odd = n / 2 * 2 - 1;
  const F64 square = t * t;
  F64 even = coefficient(last_even), odd = coefficient(last_odd);
#pragma GCC unroll 16
  for (std::size_t i = last_even; i >= 2; i -= 2) even = mul_add(even, square, coefficient(i - 2));
#pragma GCC unroll 16
  for (std::size_t i = last_odd; i >= 3; i -= 2) odd = mul_add(odd, square, coefficient(i - 2));
  return mul_add(odd, t, even);
}
template <std::size_t n>
PARAGON_INLINE F64 polynomial(F64 t, const double (&c)[n]) {
  return polynomial<n>(t, [&](std::size_t i) { return splat(c[i]); });
}

PARAGON_INLINE U64 sign_of(F64 x) { return as<U64>(x) & splat(std::uint64_t{1} << 63); }
PARAGON_INLINE F64 magnitude(F64 x) { return as<F64>(as<U64>(x) & splat(~(std::uint64_t{1} << 63))); }
PARAGON_INLINE F64 with_sign(F64 x, U64 sign) { return as<F64>(as<U64>(x) | sign); }  // x >= 0, or of that sign already
PARAGON_INLINE F64 clamp(F64 x, double low, double high) { return greater(splat(low), lesser(splat(high), x)); }

// x + kRound rounds x to an integer, nearest even, that stands in the low bits (Hecker's trick), for |x| < 2^51.
constexpr double kRound = 0x1.8p52;

// e^x = scale * (1 + p) where scale is a power of two and |p| < 0.42, for |x| < 700.
struct Exponential {
  F64 scale, p;
};
PARAGON_INLINE Exponential exponential(F64 x) {
  const F64 biased = splat(kRound + 1023);  // so that the low bits are a biased exponent
  const F64 rounded = mul_add(x, splat(kLog2E), biased);
  const F64 k = rounded - biased;
  const F64 scale = as<F64>(as<U64>(rounded) << 52);
  const F64 r = mul_add(k, splat(-kLn2Low), mul_add(k, splat(-kLn2High), x));
  return {scale, mul_add(r * r, polynomial(r, kExp), r)};
}

PARAGON_INLINE F64 exp(F64 x) {
  const auto [scale, p] = exponential(clamp(x, -104.0, 89.0));  // beyond, the float is 0 or infinite
  return mul_add(scale, p, scale);
}

PARAGON_INLINE F64 expm1_clamped(F64 x) {
  const auto [scale, p] = exponential(x);
  return mul_add(scale, p, scale - splat(1.0));
}

PARAGON_INLINE F64 expm1(F64 x) { return with_sign(expm1_clamped(clamp(x, -104.0, 89.0)), sign_of(x)); }

// tanh(x) = (e^2x - 1) / (e^2x + 1); the float is 1 beyond 9.02.
PARAGON_INLINE F64 tanh(F64 x) {
  const F64 e = expm1_clamped(clamp(x + x, -19.0, 19.0));
  return with_sign(e / (e + splat(2.0)), sign_of(x));
}

// x = 2^k * m with m in [sqrt(1/2), sqrt(2)), for normal x > 0.
struct Binary {
  F64 k, m;
};
PARAGON_INLINE Binary split_exponent(F64 x) {
  constexpr std::uint64_t exponent_bits = std::uint64_t{0x7ff} << 52;
  constexpr std::uint64_t root = 0x3fe6a09e667f3bcd;  // the bits of sqrt(1/2)
  constexpr std::uint64_t bias = 0x3ff;
  const U64 shifted = as<U64>(x) + splat((bias << 52) - root);
  const F64 k = as<F64>((shifted >> 52) | splat(std::uint64_t{0x433} << 52)) - splat(0x1p52 + static_cast<double>(bias));
  return {k, as<F64>(as<U64>(x) + splat(bias << 52) - (shifted & splat(exponent_bits)))};
}

// log(2^k * (1 + f)), 1 + f in [sqrt(1/2), sqrt(2)). With s = f / (2 + f): log(1 + f) = 2 atanh(s) = 2s + s * tail(s^2),
// and as 2s = f - s*f that is f - (f^2/2 - s * (f^2/2 + tail)), whose first term is exact (after fdlibm's e_log.c).
PARAGON_INLINE F64 log_of_binary(F64 k, F64 f) {
  const F64 half_square = splat(0.5) * f * f;
  const F64 s = f / (splat(2.0) + f);
  const F64 z = s * s;
  const F64 tail = z * polynomial(z, kLog);
  const F64 correction = half_square - mul_add(s, half_square + tail, k * splat(kLn2Low));
  return mul_add(k, splat(kLn2High), f - correction);
}

PARAGON_INLINE F64 log(F64 x) {
  const auto [k, m] = split_exponent(x);
  const F64 y = log_of_binary(k, m - splat(1.0));
  const F64 zero = {}, infinity = splat(kInfinity);
  const F64 special = select(x == zero, zero - infinity, select(x < zero, infinity - infinity, x));  // inf and NaN stay
  return select((x > zero) & (x < infinity), y, special);
}

// log(1 + x). Where k is 0, f is x itself and not (1 + x) - 1, and where 1 + x is inexact k is 0 or the 1 is negligible.
PARAGON_INLINE F64 log1p(F64 x) {
  const F64 one = splat(1.0), zero = {}, infinity = splat(kInfinity);
  const F64 u = one + x;
  const auto [k, m] = split_exponent(u);
  const F64 y = log_of_binary(k, select(k == zero, x, m - one));
  const F64 special = select(u == zero, zero - infinity, select(u < zero, infinity - infinity, x));
  return with_sign(select((u > zero) & (x < infinity), y, special), sign_of(x));
}

PARAGON_INLINE F64 erf(F64 x) {
  const F64 a = lesser(splat(3.93), magnitude(x));  // beyond, the float is 1
  const F64 rounded = mul_add(a, splat(1.0 / kErfStep), splat(kRound));
  const F64 t = mul_add(rounded - splat(kRound), splat(-kErfStep), a);
  const Lookup4 lookup(as<U64>(rounded));
  const F64 p = polynomial<std::size(kErf)>(t, [&](std::size_t i) { return lookup(kErf[i]); });
  return with_sign(mul_add(t, p, lookup(kErfCentre)), sign_of(x));
}

// sin(pi * r) for |r| <= 1/2.
PARAGON_INLINE F64 sinpi_reduced(F64 r) {
  const F64 z = r * r;
  const F64 tail = mul_add(z, polynomial(z, kSinPi), splat(kPiLow));
  return mul_add(r, splat(kPiHigh), r * tail);
}

// x = n + r with |r| <= 1/2; `odd` has the sign bit of an odd n. All floats from 2^24 on are even integers.
struct Periodic {
  F64 r;
  U64 odd;
};
PARAGON_INLINE Periodic split_integer(F64 x) {
  const F64 reduced = select(magnitude(x) < splat(0x1p24), x, x - x);  // and x - x is NaN where it must be
  const F64 rounded = reduced + splat(kRound);
  return {reduced - (rounded - splat(kRound)), as<U64>(rounded) << 63};
}

PARAGON_INLINE F64 sinpi(F64 x) {
  const auto [r, odd] = split_integer(x);
  const F64 y = as<F64>(as<U64>(sinpi_reduced(r)) ^ odd);
  return select(y == F64{}, as<F64>(sign_of(x)), y);
}

// cos(pi * r) = sin(pi * (1/2 - |r|)), without loss where it is near 0. The last sum makes a -0 of it +0.
PARAGON_INLINE F64 cospi(F64 x) {
  const auto [r, odd] = split_integer(x);
  const F64 y = sinpi_reduced(splat(0.5) - magnitude(r));
  return as<F64>(as<U64>(y) ^ odd) + F64{};
}

}  // namespace
}  // namespace paragon::cpu
