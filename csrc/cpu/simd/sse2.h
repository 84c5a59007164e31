// SSE2, the baseline of x86-64: 16-byte vectors, no fma.
#pragma once

#include "cpu/simd/sixteen_bytes.h"
#include "cpu/simd/x86_intrinsics.h"

namespace paragon::cpu {
namespace {

inline constexpr std::size_t kRegisters = 16;

template <std::size_t B>
PARAGON_INLINE bool any(Mask<B> a) {
  return _mm_movemask_epi8((__m128i)a.m) != 0;
}

// ---- memory ----

PARAGON_INLINE F64 load_widened(const float* p) {
  return {_mm_cvtps_pd(_mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))))};
}
PARAGON_INLINE void store_narrowed(float* p, F64 x) {
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_castps_si128(_mm_cvtpd_ps(x.v)));
}

// ---- conversions ----

PARAGON_INLINE F64 widen_low(F32 x) { return {_mm_cvtps_pd(x.v)}; }
PARAGON_INLINE F64 widen_high(F32 x) { return {_mm_cvtps_pd(_mm_movehl_ps(x.v, x.v))}; }
PARAGON_INLINE F32 narrow(F64 low, F64 high) { return {_mm_movelh_ps(_mm_cvtpd_ps(low.v), _mm_cvtpd_ps(high.v))}; }

// ---- arithmetic ----

PARAGON_INLINE F32 sqrt(F32 x) { return {_mm_sqrt_ps(x.v)}; }
PARAGON_INLINE F32 greater(F32 a, F32 b) { return {_mm_max_ps(a.v, b.v)}; }
PARAGON_INLINE F64 greater(F64 a, F64 b) { return {_mm_max_pd(a.v, b.v)}; }
PARAGON_INLINE F64 lesser(F64 a, F64 b) { return {_mm_min_pd(a.v, b.v)}; }
PARAGON_INLINE U64 multiply_words(U64 a, U64 b) { return {(U64::Raw)_mm_mul_epu32((__m128i)a.v, (__m128i)b.v)}; }

}  // namespace
}  // namespace paragon::cpu

#include "cpu/simd/emulated_fma.h"
