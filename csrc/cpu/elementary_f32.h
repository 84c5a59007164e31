// The elementary functions of vectors of floats, correctly rounded.
//
// Where the hardware can look up 16 doubles in registers (AVX-512), most vectors take a short way: a table and a
// polynomial of low degree give each result with a relative error below 2^-36. Unless that leaves a result so near to
// the middle of two floats that it may belong to either (one vector in about a hundred), rounding it gives the
// correctly rounded float: Ziv, "Fast evaluation of elementary mathematical functions with correctly rounded last bit",
// ACM TOMS 17(3), 1991. The other vectors, and those with arguments outside the domain of the short way, are computed
// by elementary.h.
#pragma once

#include "cpu/elementary.h"

namespace paragon::cpu {
namespace {

template <auto function>
PARAGON_INLINE F32 by_halves(F32 x) {
  return narrow(function(widen_low(x)), function(widen_high(x)));
}

constexpr auto kExact_exp = [](F64 x) { return exp(x); };
constexpr auto kExact_expm1 = [](F64 x) { return expm1(x); };
constexpr auto kExact_log = [](F64 x) { return log(x); };
constexpr auto kExact_log1p = [](F64 x) { return log1p(x); };
constexpr auto kExact_tanh = [](F64 x) { return tanh(x); };
constexpr auto kExact_erf = [](F64 x) { return erf(x); };

PARAGON_INLINE F32 sinpi(F32 x) {
  return by_halves<[](F64 y) { return sinpi(y); }>(x);
}
PARAGON_INLINE F32 cospi(F32 x) {
  return by_halves<[](F64 y) { return cospi(y); }>(x);
}

#if defined(PARAGON_SIMD_AVX512)

// Whether doubles, off by a relative 2^-36 at most, are that far from the middle of two normal floats, where the last
// 29 bits of a double are 100...0. In no particular order.
PARAGON_INLINE Mask<4> is_settled(F64 a, F64 b) {
  constexpr std::uint32_t around = 1u << 17, middle = 1u << 28, next = 1u << 29;
  return has_any(low_words(a, b) + splat(middle + around), splat(next - 2 * around));
}

template <auto exact>
__attribute__((noinline)) F32 by_halves_out_of_line(F32 x) {
  return by_halves<exact>(x);
}

// `guess` is the short way, for the floats in `domain`.
template <auto guess, auto domain, auto exact>
PARAGON_INLINE F32 rounded(F32 x) {
  const F64 low = guess(widen_low(x)), high = guess(widen_high(x));
  if (!all(is_settled(low, high) & domain(x))) [[unlikely]]
    return by_halves_out_of_line<exact>(x);
  return narrow(low, high);
}

PARAGON_INLINE F32 magnitude(F32 x) { return as<F32>(as<U32>(x) & splat(0x7fffffffu)); }

// c[0] + c[1]*t + ...
template <std::size_t n>
PARAGON_INLINE F64 horner(F64 t, const double (&c)[n]) {
  F64 y = splat(c[n - 1]);
#pragma GCC unroll 8
  for (std::size_t i = 2; i <= n; ++i) y = mul_add(y, t, splat(c[n - i]));
  return y;
}

// exp is worth a way of its own, in sums of two floats: e^x = 2^(k/32) * e^r with x = k/32 * ln(2) + r, all of it exact
// but for `low`. 2^(k/32) without the power of two is high * (1 + ...); what comes after high * (1 + r) is below 2^-13
// and needs no more than a float. The sum is off by 2^-34 at most, so where it rounds to the same float with 2^-34
// added and subtracted, that is the answer.
PARAGON_INLINE F32 exp(F32 x) {
  const F32 magic = splat(0x1.8p18f), margin = splat(0x1p-34f);
  const F32 rounded = fma(x, splat(kLog2EFloat), magic), k = rounded - magic;
  const F32 r = fma(k, splat(-kLn2FloatHigh), x);
  const U32 bits = as<U32>(rounded);
  const F32 scale = lookup(kExpHigh, bits), low = fma(k, splat(-kLn2FloatLow), lookup(kExpLow, bits));
  const F32 slope = fma(fma(splat(kExpFloat[2]), r, splat(kExpFloat[1])), r, splat(kExpFloat[0]));
  const F32 tail = fma(slope, r * r, fma(low, r, low));
  const F32 high = fma(scale, r, scale);
  const F32 rest = fma(scale, tail, fma(scale, r, scale - high));
  const F32 above = high + (rest + margin), below = high + (rest - margin);
  const F32 y = as<F32>(as<U32>(above) + (bits << 18 & splat(0xff800000u)));
  const Mask<4> is_settled = (above == below) & (magnitude(x) < splat(87.0f));
  if (!all(is_settled)) [[unlikely]] {
    const Mask<4> is_zero = x < splat(-104.0f);  // as where something has been masked out
    return all(is_settled | is_zero) ? select(is_zero, F32{}, y) : by_halves_out_of_line<kExact_exp>(x);
  }
  return y;
}

// e^x = scale * (1 + p), scale = 2^(k/16), |p| < 0.022.
template <std::size_t n>
PARAGON_INLINE Exponential short_exponential(F64 x, const double (&c)[n]) {
  const F64 rounded = mul_add(x, splat(16 * kLog2E), splat(kRound));
  const F64 r = mul_add(rounded - splat(kRound), splat(-kLn2 / 16), x);
  const U64 k = as<U64>(rounded);
  return {as<F64>(lookup(kExpTable, k) + (k << 48)), mul_add(r * r, horner(r, c), r)};
}

constexpr auto kShort_expm1 = [](F64 x) {
  const auto [scale, p] = short_exponential(x, kExpm1Short);
  return with_sign(mul_add(scale, p, scale - splat(1.0)), sign_of(x));
};
constexpr auto kDomain_expm1 = [](F32 x) { return magnitude(x) < splat(87.0f); };  // e^x is a normal float

constexpr auto kShort_tanh = [](F64 x) {
  const auto [scale, p] = short_exponential(clamp(x + x, -19.0, 19.0), kExpm1Short);
  const F64 e = mul_add(scale, p, scale - splat(1.0));
  return with_sign(e / (e + splat(2.0)), sign_of(x));
};
constexpr auto kDomain_tanh = [](F32 x) { return x == x; };

// x = 2^k * m, m in the interval of kLogInverse that the low bits of `interval` number.
struct Interval {
  F64 k, m;
  U64 interval;
};
PARAGON_INLINE Interval split_interval(F64 x) {
  constexpr std::uint64_t start = 0x3fe6800000000000, bias = 0x3ff;  // the bits of kLogStart
  const U64 shifted = as<U64>(x) + splat((bias << 52) - start);
  const F64 biased = as<F64>((shifted >> 52) | splat(std::uint64_t{0x433} << 52));
  return {biased - splat(0x1p52 + static_cast<double>(bias)),
          as<F64>((shifted & splat(one_bit(52) - 1)) + splat(start)), shifted >> 48};
}
PARAGON_INLINE F64 short_log_sum(F64 k, U64 interval, F64 r) {
  return mul_add(k, splat(kLn2), lookup(kLogValue, interval)) + mul_add(r * r, horner(r, kLogShort), r);
}

constexpr auto kShort_log = [](F64 x) {
  const auto [k, m, j] = split_interval(x);
  return short_log_sum(k, j, mul_add(m, lookup(kLogInverse, j), splat(-1.0)));
};
constexpr auto kDomain_log = [](F32 x) { return (x > F32{}) & (x < splat(__builtin_inff())); };

constexpr auto kShort_log1p = [](F64 x) {
  const auto [k, m, j] = split_interval(splat(1.0) + x);
  const Mask<8> near = magnitude(x) < splat(0x1p-6);  // there m is 1 + x, rounded, and r is x
  const F64 r = select(near, x, mul_add(m, lookup(kLogInverse, j), splat(-1.0)));
  return with_sign(short_log_sum(k, j, r), sign_of(x));
};
constexpr auto kDomain_log1p = [](F32 x) { return (x > splat(-1.0f)) & (x < splat(__builtin_inff())); };

constexpr auto kShort_erf = [](F64 x) {
  const F64 a = lesser(splat(kErfShortEnd), magnitude(x)), scaled = a * splat(kErfScale),
            rounded = scaled + splat(kRound);
  const F64 u = scaled - (rounded - splat(kRound));
  const U64 j = as<U64>(rounded);
  constexpr std::size_t n = std::size(kErfTable);
  F64 slope = lookup(kErfTable[n - 1], j);
#pragma GCC unroll 8
  for (std::size_t i = 2; i <= n; ++i) slope = mul_add(slope, u, lookup(kErfTable[n - i], j));
  return with_sign(a * slope, sign_of(x));
};
// Where the result is no subnormal float: it is about 1.13 x near 0.
constexpr auto kDomain_erf = [](F32 x) { return (magnitude(x) >= splat(FLT_MIN)) | (x == F32{}); };

#define PARAGON_ROUNDED(name) \
  PARAGON_INLINE F32 name(F32 x) { return rounded<kShort_##name, kDomain_##name, kExact_##name>(x); }
#else
#define PARAGON_ROUNDED(name) \
  PARAGON_INLINE F32 name(F32 x) { return by_halves<kExact_##name>(x); }
PARAGON_ROUNDED(exp)
#endif
PARAGON_ROUNDED(expm1)
PARAGON_ROUNDED(log)
PARAGON_ROUNDED(log1p)
PARAGON_ROUNDED(tanh)
PARAGON_ROUNDED(erf)
#undef PARAGON_ROUNDED

}  // namespace
}  // namespace paragon::cpu
