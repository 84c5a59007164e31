// NEON of 64-bit ARM: 16-byte vectors, 32 vector registers, fma.
#pragma once

#include <arm_neon.h>

#include "cpu/simd/sixteen_bytes.h"

namespace paragon::cpu {
namespace {

inline constexpr bool kHasFma = true;
inline constexpr std::size_t kRegisters = 32;

template <std::size_t B>
PARAGON_INLINE bool any(Mask<B> a) {
  const U64 bits = {(U64::Raw)a.m};
  return (bits.v[0] | bits.v[1]) != 0;
}

// ---- memory ----

PARAGON_INLINE F64 load_widened(const float* p) { return {vcvt_f64_f32(vld1_f32(p))}; }
PARAGON_INLINE void store_narrowed(float* p, F64 x) { vst1_f32(p, vcvt_f32_f64(x.v)); }

// ---- conversions ----

PARAGON_INLINE F64 widen_low(F32 x) { return {vcvt_f64_f32(vget_low_f32(x.v))}; }
PARAGON_INLINE F64 widen_high(F32 x) { return {vcvt_high_f64_f32(x.v)}; }
PARAGON_INLINE F32 narrow(F64 low, F64 high) { return {vcvt_high_f32_f64(vcvt_f32_f64(low.v), high.v)}; }

// ---- arithmetic ----

PARAGON_INLINE F32 sqrt(F32 x) { return {vsqrtq_f32(x.v)}; }
PARAGON_INLINE F32 fma(F32 a, F32 b, F32 c) { return {vfmaq_f32(c.v, a.v, b.v)}; }
PARAGON_INLINE F32 fms(F32 a, F32 b, F32 c) { return fma(a, b, F32{-c.v}); }
PARAGON_INLINE F64 mul_add(F64 a, F64 b, F64 c) { return {vfmaq_f64(c.v, a.v, b.v)}; }
// By comparison: the instructions vmaxq and vminq yield NaN where either operand is one.
PARAGON_INLINE F32 greater(F32 a, F32 b) { return select(a > b, a, b); }
PARAGON_INLINE F64 greater(F64 a, F64 b) { return select(a > b, a, b); }
PARAGON_INLINE F64 lesser(F64 a, F64 b) { return select(a < b, a, b); }
PARAGON_INLINE U64 multiply_words(U64 a, U64 b) {
  return {(U64::Raw)vmull_u32(vmovn_u64((uint64x2_t)a.v), vmovn_u64((uint64x2_t)b.v))};
}

}  // namespace
}  // namespace paragon::cpu
