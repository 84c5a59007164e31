// AVX2 with FMA: 32-byte vectors, 16 vector registers.
#pragma once

#include <cstddef>

#include "cpu/simd/x86_intrinsics.h"

namespace paragon::cpu {
namespace {
inline constexpr std::size_t kVectorBytes = 32;
}
}  // namespace paragon::cpu

#include "cpu/simd/shuffles.h"
#include "cpu/simd/vector_masks.h"

namespace paragon::cpu {
namespace {

inline constexpr bool kHasFma = true;
inline constexpr std::size_t kRegisters = 16;

template <std::size_t B>
PARAGON_INLINE bool any(Mask<B> a) {
  return _mm256_movemask_epi8((__m256i)a.m) != 0;
}

// ---- memory ----

template <class T>
PARAGON_INLINE Vec<T> load_partial(const T* p, std::size_t n) {
  static_assert(sizeof(T) == 4);
  static constexpr std::int32_t first[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
  const __m256i mask = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(first + 8 - n));
  return {(typename Vec<T>::Raw)_mm256_maskload_epi32(reinterpret_cast<const int*>(p), mask)};
}

PARAGON_INLINE F64 load_widened(const float* p) { return {_mm256_cvtps_pd(_mm_loadu_ps(p))}; }
PARAGON_INLINE void store_narrowed(float* p, F64 x) { _mm_storeu_ps(p, _mm256_cvtpd_ps(x.v)); }

// The groups of four lanes find their places on the way from memory, without a shuffle.
template <class T, class Start>
PARAGON_INLINE void load_transposed(const Start& start, Vec<T> (&column)[Vec<T>::lanes]) {
  static_assert(sizeof(T) == 4);
  // All of a line of cache before the next ones: lines at even distances drive each other out.
#pragma GCC unroll 8
  for (std::size_t step = 0; step < Vec<T>::lanes; ++step) {
    const std::size_t i = step % 2 * 4 + step / 2;  // 0, 4, 1, 5, ...
    const auto four = [&](std::size_t group) {
      return _mm_loadu_ps(reinterpret_cast<const float*>(start(4 * group + i % 4)) + i / 4 * 4);
    };
    column[i] = {(typename Vec<T>::Raw)_mm256_insertf128_ps(_mm256_castps128_ps256(four(0)), four(1), 1)};
  }
#pragma GCC unroll 2
  for (std::size_t i = 0; i < Vec<T>::lanes; i += 4) {
    transpose_groups(column[i], column[i + 1], column[i + 2], column[i + 3]);
  }
}

// ---- conversions ----

PARAGON_INLINE F64 widen_low(F32 x) { return {_mm256_cvtps_pd(_mm256_castps256_ps128(x.v))}; }
PARAGON_INLINE F64 widen_high(F32 x) { return {_mm256_cvtps_pd(_mm256_extractf128_ps(x.v, 1))}; }
PARAGON_INLINE F32 narrow(F64 low, F64 high) {
  return {_mm256_set_m128(_mm256_cvtpd_ps(high.v), _mm256_cvtpd_ps(low.v))};
}

// ---- arithmetic ----

PARAGON_INLINE F32 sqrt(F32 x) { return {_mm256_sqrt_ps(x.v)}; }
PARAGON_INLINE F32 fma(F32 a, F32 b, F32 c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
PARAGON_INLINE F32 fms(F32 a, F32 b, F32 c) { return {_mm256_fmsub_ps(a.v, b.v, c.v)}; }
PARAGON_INLINE F64 mul_add(F64 a, F64 b, F64 c) { return {_mm256_fmadd_pd(a.v, b.v, c.v)}; }
PARAGON_INLINE F32 greater(F32 a, F32 b) { return {_mm256_max_ps(a.v, b.v)}; }
PARAGON_INLINE F64 greater(F64 a, F64 b) { return {_mm256_max_pd(a.v, b.v)}; }
PARAGON_INLINE F64 lesser(F64 a, F64 b) { return {_mm256_min_pd(a.v, b.v)}; }
PARAGON_INLINE U64 multiply_words(U64 a, U64 b) { return {(U64::Raw)_mm256_mul_epu32((__m256i)a.v, (__m256i)b.v)}; }

}  // namespace
}  // namespace paragon::cpu
