// AVX-512 (F, VL, DQ, BW): 64-byte vectors, mask registers, 32 vector registers, and tables in registers.
#pragma once

#include <cstddef>

#include "cpu/simd/x86_intrinsics.h"

namespace paragon::cpu {
namespace {
inline constexpr std::size_t kVectorBytes = 64;
}
}  // namespace paragon::cpu

#include "cpu/simd/shuffles.h"
#include "cpu/simd/vectors.h"

#define PARAGON_SIMD_AVX512 1  // for code that has a way of its own for this target

namespace paragon::cpu {
namespace {

inline constexpr bool kHasFma = true;
inline constexpr std::size_t kRegisters = 32;

// ---- truth values: bit l of m is that of lane l ----

template <std::size_t Bytes>
struct Mask {
  static constexpr unsigned kAll = Bytes == 4 ? 0xffffu : 0xffu;
  unsigned m;
};
template <class T>
using MaskOf = Mask<sizeof(T)>;

// clang-format off
#define PARAGON_COMPARE(op, how, how_int)                                                                                   \
  PARAGON_INLINE Mask<4> operator op(F32 a, F32 b) { return {_mm512_cmp_ps_mask(a.v, b.v, how)}; }                          \
  PARAGON_INLINE Mask<8> operator op(F64 a, F64 b) { return {_mm512_cmp_pd_mask(a.v, b.v, how)}; }                          \
  PARAGON_INLINE Mask<4> operator op(I32 a, I32 b) { return {_mm512_cmp_epi32_mask((__m512i)a.v, (__m512i)b.v, how_int)}; } \
  PARAGON_INLINE Mask<4> operator op(U32 a, U32 b) { return {_mm512_cmp_epu32_mask((__m512i)a.v, (__m512i)b.v, how_int)}; } \
  PARAGON_INLINE Mask<8> operator op(U64 a, U64 b) { return {_mm512_cmp_epu64_mask((__m512i)a.v, (__m512i)b.v, how_int)}; }
PARAGON_COMPARE(<, _CMP_LT_OQ, _MM_CMPINT_LT)
PARAGON_COMPARE(<=, _CMP_LE_OQ, _MM_CMPINT_LE)
PARAGON_COMPARE(>, _CMP_GT_OQ, _MM_CMPINT_NLE)
PARAGON_COMPARE(>=, _CMP_GE_OQ, _MM_CMPINT_NLT)
PARAGON_COMPARE(==, _CMP_EQ_OQ, _MM_CMPINT_EQ)
PARAGON_COMPARE(!=, _CMP_NEQ_UQ, _MM_CMPINT_NE)
#undef PARAGON_COMPARE

template <std::size_t B> PARAGON_INLINE Mask<B> operator&(Mask<B> a, Mask<B> b) { return {a.m & b.m}; }
template <std::size_t B> PARAGON_INLINE Mask<B> operator|(Mask<B> a, Mask<B> b) { return {a.m | b.m}; }
template <std::size_t B> PARAGON_INLINE Mask<B> operator^(Mask<B> a, Mask<B> b) { return {a.m ^ b.m}; }
template <std::size_t B> PARAGON_INLINE Mask<B> operator~(Mask<B> a) { return {a.m ^ Mask<B>::kAll}; }
template <std::size_t B> PARAGON_INLINE bool any(Mask<B> a) { return a.m != 0; }
template <std::size_t B> PARAGON_INLINE bool all(Mask<B> a) { return a.m == Mask<B>::kAll; }
// clang-format on

template <class T>
PARAGON_INLINE Vec<T> select(MaskOf<T> m, Vec<T> yes, Vec<T> no) {
  if constexpr (sizeof(T) == 4) {
    return {(typename Vec<T>::Raw)_mm512_mask_blend_ps(static_cast<__mmask16>(m.m), (__m512)no.v, (__m512)yes.v)};
  } else {
    return {(typename Vec<T>::Raw)_mm512_mask_blend_pd(static_cast<__mmask8>(m.m), (__m512d)no.v, (__m512d)yes.v)};
  }
}

// ---- memory ----

template <class T>
PARAGON_INLINE Vec<T> load_partial(const T* p, std::size_t n) {
  static_assert(sizeof(T) == 4);
  return {(typename Vec<T>::Raw)_mm512_maskz_loadu_epi32(static_cast<__mmask16>((1u << n) - 1), p)};
}

template <class T>
PARAGON_INLINE void store_partial(T* p, Vec<T> x, std::size_t n) {
  static_assert(sizeof(T) == 4);
  _mm512_mask_storeu_epi32(p, static_cast<__mmask16>((1u << n) - 1), (__m512i)x.v);
}

PARAGON_INLINE F64 load_widened(const float* p) { return {_mm512_cvtps_pd(_mm256_loadu_ps(p))}; }
PARAGON_INLINE void store_narrowed(float* p, F64 x) { _mm256_storeu_ps(p, _mm512_cvtpd_ps(x.v)); }

// The groups of four lanes find their places on the way from memory, without a shuffle.
template <class T, class Start>
PARAGON_INLINE void load_transposed(const Start& start, Vec<T> (&column)[Vec<T>::lanes]) {
  static_assert(sizeof(T) == 4);
  // All of a line of cache before the next ones: lines at even distances drive each other out.
#pragma GCC unroll 16
  for (std::size_t step = 0; step < Vec<T>::lanes; ++step) {
    const std::size_t i = step % 4 * 4 + step / 4;  // 0, 4, 8, 12, 1, 5, ...
    const auto four = [&](std::size_t group) {
      return _mm_loadu_ps(reinterpret_cast<const float*>(start(4 * group + i % 4)) + i / 4 * 4);
    };
    __m512 x = _mm512_castps128_ps512(four(0));
    x = _mm512_mask_broadcast_f32x4(x, 0x00f0, four(1));
    x = _mm512_mask_broadcast_f32x4(x, 0x0f00, four(2));
    x = _mm512_mask_broadcast_f32x4(x, 0xf000, four(3));
    column[i] = {(typename Vec<T>::Raw)x};
  }
#pragma GCC unroll 4
  for (std::size_t i = 0; i < Vec<T>::lanes; i += 4) {
    transpose_groups(column[i], column[i + 1], column[i + 2], column[i + 3]);
  }
}

// ---- conversions ----

PARAGON_INLINE F64 widen_low(F32 x) { return {_mm512_cvtps_pd(_mm512_castps512_ps256(x.v))}; }
PARAGON_INLINE F64 widen_high(F32 x) { return {_mm512_cvtps_pd(_mm512_extractf32x8_ps(x.v, 1))}; }
PARAGON_INLINE F32 narrow(F64 low, F64 high) {
  return {_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(low.v)), _mm512_cvtpd_ps(high.v), 1)};
}
PARAGON_INLINE F32 to_f32(U32 x) { return {__builtin_convertvector(x.v, F32::Raw)}; }

// ---- arithmetic ----

PARAGON_INLINE F32 sqrt(F32 x) { return {_mm512_sqrt_ps(x.v)}; }
PARAGON_INLINE F32 fma(F32 a, F32 b, F32 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
PARAGON_INLINE F32 fms(F32 a, F32 b, F32 c) { return {_mm512_fmsub_ps(a.v, b.v, c.v)}; }
PARAGON_INLINE F64 mul_add(F64 a, F64 b, F64 c) { return {_mm512_fmadd_pd(a.v, b.v, c.v)}; }
PARAGON_INLINE F32 greater(F32 a, F32 b) { return {_mm512_max_ps(a.v, b.v)}; }
PARAGON_INLINE F64 greater(F64 a, F64 b) { return {_mm512_max_pd(a.v, b.v)}; }
PARAGON_INLINE F64 lesser(F64 a, F64 b) { return {_mm512_min_pd(a.v, b.v)}; }
PARAGON_INLINE U64 multiply_words(U64 a, U64 b) { return {(U64::Raw)_mm512_mul_epu32((__m512i)a.v, (__m512i)b.v)}; }

// ---- only here ----

// The elements of a table that the low four bits of each lane number.
template <class T>
PARAGON_INLINE Vec<T> lookup(const T (&table)[16], U64 index) {
  const Vec<T> low = load(table), high = load(table + 8);
  return {(typename Vec<T>::Raw)_mm512_permutex2var_pd((__m512d)low.v, (__m512i)index.v, (__m512d)high.v)};
}
// The elements of a table that the low five bits of each lane number.
PARAGON_INLINE F32 lookup(const float (&table)[32], U32 index) {
  return {_mm512_permutex2var_ps(load(table).v, (__m512i)index.v, load(table + 16).v)};
}
// Whether any of the bits of b is set in a.
PARAGON_INLINE Mask<4> has_any(U32 a, U32 b) { return {_mm512_test_epi32_mask((__m512i)a.v, (__m512i)b.v)}; }
// The low words of all lanes of a and of b, in the order that is cheapest.
PARAGON_INLINE U32 low_words(F64 a, F64 b) { return {(U32::Raw)_mm512_shuffle_ps((__m512)a.v, (__m512)b.v, 0x88)}; }

}  // namespace
}  // namespace paragon::cpu
