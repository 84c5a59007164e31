// The elementary functions, in double, so accurately that rounding the result to float gives the right float.
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
  const F64 square = t * t;
  F64 chain[2] = {coefficient((n - 1) / 2 * 2), coefficient(n / 2 * 2 - 1)};
#pragma GCC unroll 32
  for (std::size_t k = 3; k <= n; ++k) chain[(n - k) % 2] = mul_add(chain[(n - k) % 2], square, coefficient(n - k));
  return mul_add(chain[1], t, chain[0]);
}
template <std::size_t n>
PARAGON_INLINE F64 polynomial(F64 t, const double (&c)[n]) {
  return polynomial<n>(t, [&](std::size_t i) { return splat(c[i]); });
}

constexpr std::uint64_t one_bit(int place) { return std::uint64_t{1} << place; }

PARAGON_INLINE U64 sign_of(F64 x) { return as<U64>(x) & splat(one_bit(63)); }
PARAGON_INLINE F64 magnitude(F64 x) { return as<F64>(as<U64>(x) & splat(~one_bit(63))); }
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
  constexpr std::uint64_t fraction = one_bit(52) - 1;
  constexpr std::uint64_t root = 0x3fe6a09e667f3bcd;  // the bits of sqrt(1/2)
  constexpr std::uint64_t bias = 0x3ff;
  const U64 shifted = as<U64>(x) + splat((bias << 52) - root);  // k + bias, then how far m is from sqrt(1/2)
  const F64 biased = as<F64>((shifted >> 52) | splat(std::uint64_t{0x433} << 52));  // 2^52 + k + bias
  return {biased - splat(0x1p52 + static_cast<double>(bias)), as<F64>((shifted & splat(fraction)) + splat(root))};
}

// Whether y, as a double, stands just in the middle of two (normal) floats: its last 29 bits are 100...0. They are
// compared as the fraction of a double, since SSE2 has no comparison of 64-bit words.
PARAGON_INLINE Mask<8> is_middle(F64 y) {
  constexpr std::uint64_t one = std::uint64_t{0x3ff} << 52;
  return as<F64>((as<U64>(y) & splat(one_bit(29) - 1)) | splat(one)) == splat(1.0 + 0x1p-24);
}

// The double next to sum = high + low on the side where the exact sum lies; sum itself if it is exact. |low| <= |high|
// or high = 0. A sum in the middle of two floats is so moved to the side of the nearer one.
PARAGON_INLINE F64 moved_by_error(F64 sum, F64 high, F64 low) {
  const F64 error = low - (sum - high), zero = {};
  const U64 bits = as<U64>(sum), one = splat(std::uint64_t{1});
  const F64 next = as<F64>(select((error > zero) ^ (sum < zero), bits + one, bits - one));
  return select(error == zero, sum, next);
}

// log(2^k * (1 + f)) = high + low, 1 + f in [sqrt(1/2), sqrt(2)): log(1 + f) = 2 atanh(s) with s = f / (2 + f).
struct Sum {
  F64 high, low;
};
PARAGON_INLINE Sum log_of_binary(F64 k, F64 f) {
  const F64 s = f / (f + splat(2.0));
  const F64 z = s * s;
  const F64 slope = mul_add(z, polynomial(z, kLog), splat(2.0));
  return {k * splat(kLn2High), mul_add(s, slope, k * splat(kLn2Low))};
}

// high + low, that is log(u), but -inf for u = 0, NaN below, and u where that is infinite or NaN.
PARAGON_INLINE F64 rounded_log(Sum log, F64 u) {
  const auto [high, low] = log;
  const F64 y = high + low, zero = {}, infinity = splat(kInfinity);
  const Mask<8> ordinary = (u > zero) & (u < infinity), middle = is_middle(y);
  if (all(ordinary & ~middle)) return y;
  const F64 special = select(u == zero, zero - infinity, select(u < zero, infinity - infinity, u));
  return select(ordinary, select(middle, moved_by_error(y, high, low), y), special);
}

PARAGON_INLINE F64 log(F64 x) {
  const auto [k, m] = split_exponent(x);
  return rounded_log(log_of_binary(k, m - splat(1.0)), x);
}

// log(1 + x). Where k is 0, f is x itself and not (1 + x) - 1; and where 1 + x is inexact, k is 0 or the 1 is
// negligible. There the sum begins with x, which is exact: 2s = f - s * f.
PARAGON_INLINE F64 log1p(F64 x) {
  const F64 u = splat(1.0) + x;
  const auto [k, m] = split_exponent(u);
  const Mask<8> near = k == F64{};
  const F64 f = select(near, x, m - splat(1.0));
  const F64 s = f / (f + splat(2.0));
  const F64 z = s * s;
  const F64 slope = mul_add(z, polynomial(z, kLog), select(near, F64{} - f, splat(2.0)));
  const Sum log = {select(near, x, k * splat(kLn2High)), mul_add(s, slope, k * splat(kLn2Low))};
  return with_sign(rounded_log(log, u), sign_of(x));
}

PARAGON_INLINE F64 erf(F64 x) {
  const F64 a = lesser(splat(kErfEnd), magnitude(x));  // beyond, the float is 1
  const Mask<8> near = a < splat(kErfSplit);
  constexpr std::size_t n = std::size(kErf);
  F64 y;
  if (all(near)) {  // the usual case, for which no coefficients need be selected
    y = a * polynomial<n>(a * a, [](std::size_t i) { return splat(kErf[i][0]); });
  } else {
    const F64 t = select(near, a * a, a - splat(kErfCentre));
    y = select(near, a, splat(1.0)) *
        polynomial<n>(t, [&](std::size_t i) { return select(near, splat(kErf[i][0]), splat(kErf[i][1])); });
  }
  return with_sign(y, sign_of(x));
}

// sin(pi * r) for |r| <= 1/2.
PARAGON_INLINE F64 sinpi_reduced(F64 r) {
  const F64 z = r * r;
  const F64 tail = mul_add(z, polynomial(z, kSinPi), splat(kPiLow));
  return mul_add(r, splat(kPiHigh), r * tail);
}

// x = n + r with |r| <= 1/2; `odd` is the sign bit where n is odd. For |x| < 2^51, and there exact.
struct Periodic {
  F64 r;
  U64 odd;
};
PARAGON_INLINE Periodic split_integer(F64 x) {
  const F64 rounded = x + splat(kRound);
  return {x - (rounded - splat(kRound)), as<U64>(rounded) << 63};
}
constexpr double kLargeFloat = 0x1p24;  // from here on all floats are even integers

PARAGON_INLINE F64 sinpi(F64 x) {
  const auto [r, odd] = split_integer(x);
  const F64 y = as<F64>(as<U64>(sinpi_reduced(r)) ^ odd);
  const Mask<8> finite = magnitude(x) < splat(kInfinity),
                fractional = (magnitude(x) < splat(kLargeFloat)) & (r != F64{});
  if (all(fractional)) return y;
  return select(fractional, y, select(finite, as<F64>(sign_of(x)), x - x));
}

// cos(pi * x) = (-1)^n * sin(pi * (1/2 - |r|)), without loss where it is near 0. It is 0 where |r| = 1/2, and +0 there,
// as ties round to an even n.
PARAGON_INLINE F64 cospi(F64 x) {
  const auto [r, odd] = split_integer(x);
  const F64 y = as<F64>(as<U64>(sinpi_reduced(splat(0.5) - magnitude(r))) ^ odd);
  const Mask<8> small = magnitude(x) < splat(kLargeFloat);
  if (all(small)) return y;
  return select(small, y, select(magnitude(x) < splat(kInfinity), splat(1.0), x - x));
}

}  // namespace
}  // namespace paragon::cpu
