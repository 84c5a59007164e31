// fma for targets whose hardware has none (SSE2, WebAssembly, the portable one), by arithmetic of doubles, and the
// unfused mul_add that goes with it. A target includes this file after its widen_low, widen_high, narrow and any.
#pragma once

#include "cpu/simd/vector_masks.h"

namespace paragon::cpu {
namespace {

inline constexpr bool kHasFma = false;

PARAGON_INLINE F64 mul_add(F64 a, F64 b, F64 c) { return a * b + c; }

// The product of two floats is exact in double. The sum is rounded to odd (Boldo and Melquiond, IEEE Trans. Computers
// 57(4), 2008): where it is inexact, of its two neighbours the one with the odd last bit is taken, found by the sign of
// the exact error (Knuth's TwoSum). Rounding that to float gives what rounding the exact sum gives, as 53 >= 24 + 2.
PARAGON_INLINE F64 product_sum_to_odd(F64 a, F64 b, F64 c) {
  const F64 p = a * b;
  const F64 s = p + c;
  const F64 t = s - p;
  const F64 error = (p - (s - t)) + (c - t);
  const F64 zero = {};
  const U64 inexact = {(U64::Raw)((error < zero) | (error > zero)).m};  // false for the NaN of an infinite sum
  const U64 inward = {(U64::Raw)((error < zero) ^ (s < zero)).m};
  const U64 step = ~as<U64>(s) & inexact & splat(std::uint64_t{1});
  return as<F64>(as<U64>(s) + ((step ^ inward) - inward));
}

__attribute__((noinline)) inline F32 fma_to_odd(F32 a, F32 b, F32 c) {
  return narrow(product_sum_to_odd(widen_low(a), widen_low(b), widen_low(c)),
                product_sum_to_odd(widen_high(a), widen_high(b), widen_high(c)));
}

// The double sum is off by a relative 2^-53 at most. Where both ends of a wider interval around it round to the same
// float, so does the exact sum, as rounding is monotone; about one lane in 2^15 must be settled by rounding to odd.
PARAGON_INLINE F32 fma(F32 a, F32 b, F32 c) {
  const F64 above = splat(1 + 0x1p-40), below = splat(1 - 0x1p-40);
  const F64 low = widen_low(a) * widen_low(b) + widen_low(c), high = widen_high(a) * widen_high(b) + widen_high(c);
  const F32 y = narrow(low * above, high * above);
  if (any(as<U32>(y) != as<U32>(narrow(low * below, high * below)))) [[unlikely]]
    return fma_to_odd(a, b, c);
  return y;
}

PARAGON_INLINE F32 fms(F32 a, F32 b, F32 c) { return fma(a, b, F32{-c.v}); }

}  // namespace
}  // namespace paragon::cpu
