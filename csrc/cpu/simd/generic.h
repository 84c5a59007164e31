// The portable fallback: whatever the compiler makes of 16-byte vectors on any processor. No instruction is named.
#pragma once

#include "cpu/simd/sixteen_bytes.h"

namespace paragon::cpu {
namespace {

inline constexpr std::size_t kRegisters = 16;  // a guess

template <std::size_t B>
PARAGON_INLINE bool any(Mask<B> a) {
  const U64 bits = {(U64::Raw)a.m};
  return (bits.v[0] | bits.v[1]) != 0;
}

// ---- memory ----

PARAGON_INLINE F64 load_widened(const float* p) { return {F64::Raw{p[0], p[1]}}; }
PARAGON_INLINE void store_narrowed(float* p, F64 x) {
  p[0] = static_cast<float>(x.v[0]);
  p[1] = static_cast<float>(x.v[1]);
}

// ---- conversions: by vectors ----
// Lane by lane GCC 12 makes wrong code of them at -O3 (-ftree-slp-vectorize); test_reductions shows it.

typedef float HalfF32 __attribute__((vector_size(kVectorBytes / 2)));
PARAGON_INLINE F64 widen_low(F32 x) {
  return {__builtin_convertvector(__builtin_shufflevector(x.v, x.v, 0, 1), F64::Raw)};
}
PARAGON_INLINE F64 widen_high(F32 x) {
  return {__builtin_convertvector(__builtin_shufflevector(x.v, x.v, 2, 3), F64::Raw)};
}
PARAGON_INLINE F32 narrow(F64 low, F64 high) {
  return {__builtin_shufflevector(__builtin_convertvector(low.v, HalfF32), __builtin_convertvector(high.v, HalfF32), 0,
                                  1, 2, 3)};
}

}  // namespace
}  // namespace paragon::cpu

#include "cpu/simd/plain_arithmetic.h"
#include "cpu/simd/emulated_fma.h"
