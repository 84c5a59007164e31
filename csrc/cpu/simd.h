// SIMD for one translation unit: vectors of 32- and 64-bit lanes as wide as the flags of the translation unit allow
// (AVX-512 F+VL+DQ+BW, AVX2+FMA, SSE2, NEON, SIMD128 of WebAssembly, or whatever the compiler makes of 16-byte vectors), with
// IEEE 754 arithmetic.
//
// Everything has internal linkage, so that code compiled for a newer processor never stands in for another unit's.
// Units that include this file keep to that: no non-trivial templates or inline functions of the standard library.
// GCC and Clang vector extensions give most operations; an instruction set adds only what they lack or do badly.
// Needs -ffp-contract=off -fno-math-errno, and no fast-math. PARAGON_SIMD_GENERIC asks for the portable fallback.
#pragma once

#include <cfloat>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#if defined(__FAST_MATH__) || (defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0)
#error "The contract needs plain IEEE 754 arithmetic: no fast-math, no excess precision."
#endif

#if defined(PARAGON_SIMD_GENERIC)
#elif defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512DQ__) && defined(__AVX512BW__)
#define PARAGON_SIMD_AVX512 1
#elif defined(__AVX2__) && defined(__FMA__)
#define PARAGON_SIMD_AVX2 1
#elif defined(__SSE2__)
#define PARAGON_SIMD_SSE2 1
#elif defined(__aarch64__)
#define PARAGON_SIMD_NEON 1
#elif defined(__wasm_simd128__)
#define PARAGON_SIMD_WASM 1
#endif

#if defined(PARAGON_SIMD_AVX512) || defined(PARAGON_SIMD_AVX2) || defined(PARAGON_SIMD_NEON)
#define PARAGON_SIMD_FMA 1  // an instruction of the hardware
#endif

#if defined(__SSE2__)
#pragma GCC diagnostic push
#if !defined(__clang__)  // GCC 12 takes its own _mm512_undefined_ps for a mistake (PR 105593)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop
#elif defined(PARAGON_SIMD_NEON)
#include <arm_neon.h>
#elif defined(PARAGON_SIMD_WASM)
#include <wasm_simd128.h>
#endif

namespace paragon::cpu {
namespace {

#if defined(PARAGON_SIMD_AVX512)
inline constexpr std::size_t kVectorBytes = 64;
#elif defined(PARAGON_SIMD_AVX2)
inline constexpr std::size_t kVectorBytes = 32;
#else
inline constexpr std::size_t kVectorBytes = 16;
#endif

#ifdef __SANITIZE_ADDRESS__  // inlined everywhere, its checks would take the compiler minutes
#define PARAGON_INLINE inline
#else
#define PARAGON_INLINE inline __attribute__((always_inline))
#endif

template <class T>
struct Vec {
  using Lane = T;
  typedef T Raw __attribute__((vector_size(kVectorBytes)));
  typedef T Anywhere __attribute__((vector_size(kVectorBytes), aligned(4), may_alias));  // in an array of words
  static constexpr std::size_t lanes = kVectorBytes / sizeof(T);
  Raw v;
};
using F32 = Vec<float>;
using I32 = Vec<std::int32_t>;
using U32 = Vec<std::uint32_t>;
using F64 = Vec<double>;
using U64 = Vec<std::uint64_t>;

// The same bits as another type of vector.
template <class To, class From>
PARAGON_INLINE To as(Vec<From> x) {
  return {(typename To::Raw)x.v};
}

template <class T>
PARAGON_INLINE Vec<T> splat(T x) {
  return {x - typename Vec<T>::Raw{}};  // x - 0 is x, -0 and NaN included
}

// Loads and stores need no alignment but that of a 32-bit word. The partial ones touch n <= lanes elements only; the other
// lanes load as zero.
template <class T>
PARAGON_INLINE Vec<T> load(const T* p) {
  return {*reinterpret_cast<const typename Vec<T>::Anywhere*>(p)};
}

template <class T>
PARAGON_INLINE void store(T* p, Vec<T> x) {
  *reinterpret_cast<typename Vec<T>::Anywhere*>(p) = x.v;
}

template <class T>
PARAGON_INLINE Vec<T> load_partial(const T* p, std::size_t n) {
  static_assert(sizeof(T) == 4);
#if defined(PARAGON_SIMD_AVX512)
  return {(typename Vec<T>::Raw)_mm512_maskz_loadu_epi32(static_cast<__mmask16>((1u << n) - 1), p)};
#elif defined(PARAGON_SIMD_AVX2)
  static constexpr std::int32_t first[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
  const __m256i mask = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(first + 8 - n));
  return {(typename Vec<T>::Raw)_mm256_maskload_epi32(reinterpret_cast<const int*>(p), mask)};
#else
  T lane[Vec<T>::lanes] = {};
  for (std::size_t i = 0; i < n; ++i) lane[i] = p[i];
  return load(lane);
#endif
}

template <class T>
PARAGON_INLINE void store_partial(T* p, Vec<T> x, std::size_t n) {
  static_assert(sizeof(T) == 4);
#if defined(PARAGON_SIMD_AVX512)
  _mm512_mask_storeu_epi32(p, static_cast<__mmask16>((1u << n) - 1), (__m512i)x.v);
#else
  T lane[Vec<T>::lanes];
  store(lane, x);
  for (std::size_t i = 0; i < n; ++i) p[i] = lane[i];
#endif
}

// clang-format off
template <class T> PARAGON_INLINE Vec<T> operator+(Vec<T> a, Vec<T> b) { return {a.v + b.v}; }
template <class T> PARAGON_INLINE Vec<T> operator-(Vec<T> a, Vec<T> b) { return {a.v - b.v}; }
template <class T> PARAGON_INLINE Vec<T> operator*(Vec<T> a, Vec<T> b) { return {a.v * b.v}; }
template <class T> PARAGON_INLINE Vec<T> operator/(Vec<T> a, Vec<T> b) { return {a.v / b.v}; }
// Bitwise, on words (for floats: go through as<U32> or as<U64>).
template <class T> PARAGON_INLINE Vec<T> operator&(Vec<T> a, Vec<T> b) { return {a.v & b.v}; }
template <class T> PARAGON_INLINE Vec<T> operator|(Vec<T> a, Vec<T> b) { return {a.v | b.v}; }
template <class T> PARAGON_INLINE Vec<T> operator^(Vec<T> a, Vec<T> b) { return {a.v ^ b.v}; }
template <class T> PARAGON_INLINE Vec<T> operator~(Vec<T> a) { return {~a.v}; }
template <class T> PARAGON_INLINE Vec<T> operator<<(Vec<T> a, int count) { return {a.v << count}; }
template <class T> PARAGON_INLINE Vec<T> operator>>(Vec<T> a, int count) { return {a.v >> count}; }
// clang-format on

// A truth value a lane, for lanes of Bytes bytes.
#if defined(PARAGON_SIMD_AVX512)

template <std::size_t Bytes>
struct Mask {
  static constexpr unsigned kAll = Bytes == 4 ? 0xffffu : 0xffu;
  unsigned m;
};
template <class T>
using MaskOf = Mask<sizeof(T)>;

// clang-format off
#define PARAGON_COMPARE(op, how, how_int)                                                                             \
  PARAGON_INLINE Mask<4> operator op(F32 a, F32 b) { return {_mm512_cmp_ps_mask(a.v, b.v, how)}; }                    \
  PARAGON_INLINE Mask<8> operator op(F64 a, F64 b) { return {_mm512_cmp_pd_mask(a.v, b.v, how)}; }                    \
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

#else

template <std::size_t Bytes>
struct Mask {
  decltype(typename Vec<std::conditional_t<Bytes == 4, float, double>>::Raw{} < 0) m;  // 0 or -1 a lane
};
template <class T>
using MaskOf = Mask<sizeof(T)>;

// clang-format off
template <class T> PARAGON_INLINE MaskOf<T> operator<(Vec<T> a, Vec<T> b) { return {a.v < b.v}; }
template <class T> PARAGON_INLINE MaskOf<T> operator<=(Vec<T> a, Vec<T> b) { return {a.v <= b.v}; }
template <class T> PARAGON_INLINE MaskOf<T> operator>(Vec<T> a, Vec<T> b) { return {a.v > b.v}; }
template <class T> PARAGON_INLINE MaskOf<T> operator>=(Vec<T> a, Vec<T> b) { return {a.v >= b.v}; }
template <class T> PARAGON_INLINE MaskOf<T> operator==(Vec<T> a, Vec<T> b) { return {a.v == b.v}; }
template <class T> PARAGON_INLINE MaskOf<T> operator!=(Vec<T> a, Vec<T> b) { return {a.v != b.v}; }

template <std::size_t B> PARAGON_INLINE Mask<B> operator&(Mask<B> a, Mask<B> b) { return {a.m & b.m}; }
template <std::size_t B> PARAGON_INLINE Mask<B> operator|(Mask<B> a, Mask<B> b) { return {a.m | b.m}; }
template <std::size_t B> PARAGON_INLINE Mask<B> operator^(Mask<B> a, Mask<B> b) { return {a.m ^ b.m}; }
template <std::size_t B> PARAGON_INLINE Mask<B> operator~(Mask<B> a) { return {~a.m}; }
// clang-format on

template <class T>
PARAGON_INLINE Vec<T> select(MaskOf<T> m, Vec<T> yes, Vec<T> no) {
  return {m.m ? yes.v : no.v};
}

template <std::size_t B>
PARAGON_INLINE bool any(Mask<B> a) {
#if defined(PARAGON_SIMD_AVX2)
  return _mm256_movemask_epi8((__m256i)a.m) != 0;
#elif defined(PARAGON_SIMD_SSE2)
  return _mm_movemask_epi8((__m128i)a.m) != 0;
#elif defined(PARAGON_SIMD_WASM)
  return wasm_v128_any_true((v128_t)a.m);
#else
  U64 bits = {(U64::Raw)a.m};
  return (bits.v[0] | bits.v[1]) != 0;
#endif
}

template <std::size_t B>
PARAGON_INLINE bool all(Mask<B> a) {
  return !any(~a);
}

#endif

// One vector of 32-bit lanes is two of 64-bit lanes: the low half first. Widening is exact, narrowing rounds once.
#if defined(PARAGON_SIMD_AVX512)
PARAGON_INLINE F64 widen_low(F32 x) { return {_mm512_cvtps_pd(_mm512_castps512_ps256(x.v))}; }
PARAGON_INLINE F64 widen_high(F32 x) { return {_mm512_cvtps_pd(_mm512_extractf32x8_ps(x.v, 1))}; }
PARAGON_INLINE F32 narrow(F64 low, F64 high) {
  return {_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(low.v)), _mm512_cvtpd_ps(high.v), 1)};
}
#elif defined(PARAGON_SIMD_AVX2)
PARAGON_INLINE F64 widen_low(F32 x) { return {_mm256_cvtps_pd(_mm256_castps256_ps128(x.v))}; }
PARAGON_INLINE F64 widen_high(F32 x) { return {_mm256_cvtps_pd(_mm256_extractf128_ps(x.v, 1))}; }
PARAGON_INLINE F32 narrow(F64 low, F64 high) { return {_mm256_set_m128(_mm256_cvtpd_ps(high.v), _mm256_cvtpd_ps(low.v))}; }
#elif defined(PARAGON_SIMD_SSE2)
PARAGON_INLINE F64 widen_low(F32 x) { return {_mm_cvtps_pd(x.v)}; }
PARAGON_INLINE F64 widen_high(F32 x) { return {_mm_cvtps_pd(_mm_movehl_ps(x.v, x.v))}; }
PARAGON_INLINE F32 narrow(F64 low, F64 high) { return {_mm_movelh_ps(_mm_cvtpd_ps(low.v), _mm_cvtpd_ps(high.v))}; }
#elif defined(PARAGON_SIMD_NEON)
PARAGON_INLINE F64 widen_low(F32 x) { return {vcvt_f64_f32(vget_low_f32(x.v))}; }
PARAGON_INLINE F64 widen_high(F32 x) { return {vcvt_high_f64_f32(x.v)}; }
PARAGON_INLINE F32 narrow(F64 low, F64 high) { return {vcvt_high_f32_f64(vcvt_f32_f64(low.v), high.v)}; }
#elif defined(PARAGON_SIMD_WASM)
PARAGON_INLINE F64 widen_low(F32 x) { return {(F64::Raw)wasm_f64x2_promote_low_f32x4((v128_t)x.v)}; }
PARAGON_INLINE F64 widen_high(F32 x) { return widen_low(F32{__builtin_shufflevector(x.v, x.v, 2, 3, 2, 3)}); }
PARAGON_INLINE F32 narrow(F64 low, F64 high) {
  return {__builtin_shufflevector((F32::Raw)wasm_f32x4_demote_f64x2_zero((v128_t)low.v),
                                  (F32::Raw)wasm_f32x4_demote_f64x2_zero((v128_t)high.v), 0, 1, 4, 5)};
}
#else
// By vectors, not lane by lane: from the latter GCC 12 makes wrong code at -O3 (-ftree-slp-vectorize); test_reductions shows it.
typedef float HalfF32 __attribute__((vector_size(kVectorBytes / 2)));
PARAGON_INLINE F64 widen_low(F32 x) {
  return {__builtin_convertvector(__builtin_shufflevector(x.v, x.v, 0, 1), F64::Raw)};
}
PARAGON_INLINE F64 widen_high(F32 x) {
  return {__builtin_convertvector(__builtin_shufflevector(x.v, x.v, 2, 3), F64::Raw)};
}
PARAGON_INLINE F32 narrow(F64 low, F64 high) {
  return {__builtin_shufflevector(__builtin_convertvector(low.v, HalfF32), __builtin_convertvector(high.v, HalfF32), 0, 1, 2, 3)};
}
#endif

// The 64-bit products of the low words of lanes.
#if defined(PARAGON_SIMD_AVX512)
PARAGON_INLINE U64 multiply_words(U64 a, U64 b) { return {(U64::Raw)_mm512_mul_epu32((__m512i)a.v, (__m512i)b.v)}; }
#elif defined(PARAGON_SIMD_AVX2)
PARAGON_INLINE U64 multiply_words(U64 a, U64 b) { return {(U64::Raw)_mm256_mul_epu32((__m256i)a.v, (__m256i)b.v)}; }
#elif defined(PARAGON_SIMD_SSE2)
PARAGON_INLINE U64 multiply_words(U64 a, U64 b) { return {(U64::Raw)_mm_mul_epu32((__m128i)a.v, (__m128i)b.v)}; }
#elif defined(PARAGON_SIMD_NEON)
PARAGON_INLINE U64 multiply_words(U64 a, U64 b) {
  return {(U64::Raw)vmull_u32(vmovn_u64((uint64x2_t)a.v), vmovn_u64((uint64x2_t)b.v))};
}
#else
PARAGON_INLINE U64 multiply_words(U64 a, U64 b) {
  const U64 low_words = splat(std::uint64_t{0xffffffff});
  return (a & low_words) * (b & low_words);
}
#endif

// To the nearest float, as a double.
PARAGON_INLINE F64 round_to_f32(F64 x) {
  typedef float Half __attribute__((vector_size(kVectorBytes / 2)));
  return {__builtin_convertvector(__builtin_convertvector(x.v, Half), F64::Raw)};
}

// Conversions of 32-bit lanes: integers round to nearest even; to_i32 truncates and wants |x| < 2^31.
PARAGON_INLINE F32 to_f32(I32 x) { return {__builtin_convertvector(x.v, F32::Raw)}; }
PARAGON_INLINE F32 to_f32(U32 x) {
#if defined(PARAGON_SIMD_AVX512)
  return {__builtin_convertvector(x.v, F32::Raw)};
#else
  const F32 high = to_f32(as<I32>(x >> 16)), low = to_f32(as<I32>(x & splat(0xffffu)));
  return high * splat(65536.0f) + low;  // the only step that rounds is the sum
#endif
}
PARAGON_INLINE I32 to_i32(F32 x) { return {__builtin_convertvector(x.v, I32::Raw)}; }

// As many floats as a vector has doubles, from and to memory. The store rounds once.
#if defined(PARAGON_SIMD_AVX512)
PARAGON_INLINE F64 load_widened(const float* p) { return {_mm512_cvtps_pd(_mm256_loadu_ps(p))}; }
PARAGON_INLINE void store_narrowed(float* p, F64 x) { _mm256_storeu_ps(p, _mm512_cvtpd_ps(x.v)); }
#elif defined(PARAGON_SIMD_AVX2)
PARAGON_INLINE F64 load_widened(const float* p) { return {_mm256_cvtps_pd(_mm_loadu_ps(p))}; }
PARAGON_INLINE void store_narrowed(float* p, F64 x) { _mm_storeu_ps(p, _mm256_cvtpd_ps(x.v)); }
#elif defined(PARAGON_SIMD_SSE2)
PARAGON_INLINE F64 load_widened(const float* p) {
  return {_mm_cvtps_pd(_mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))))};
}
PARAGON_INLINE void store_narrowed(float* p, F64 x) {
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_castps_si128(_mm_cvtpd_ps(x.v)));
}
#elif defined(PARAGON_SIMD_NEON)
PARAGON_INLINE F64 load_widened(const float* p) { return {vcvt_f64_f32(vld1_f32(p))}; }
PARAGON_INLINE void store_narrowed(float* p, F64 x) { vst1_f32(p, vcvt_f32_f64(x.v)); }
#else
PARAGON_INLINE F64 load_widened(const float* p) { return {F64::Raw{p[0], p[1]}}; }
PARAGON_INLINE void store_narrowed(float* p, F64 x) {
  p[0] = static_cast<float>(x.v[0]);
  p[1] = static_cast<float>(x.v[1]);
}
#endif

// a < b ? a : b and a > b ? a : b, so b where one is NaN.
#if defined(PARAGON_SIMD_AVX512)
PARAGON_INLINE F32 greater(F32 a, F32 b) { return {_mm512_max_ps(a.v, b.v)}; }
PARAGON_INLINE F64 lesser(F64 a, F64 b) { return {_mm512_min_pd(a.v, b.v)}; }
PARAGON_INLINE F64 greater(F64 a, F64 b) { return {_mm512_max_pd(a.v, b.v)}; }
#elif defined(PARAGON_SIMD_AVX2)
PARAGON_INLINE F32 greater(F32 a, F32 b) { return {_mm256_max_ps(a.v, b.v)}; }
PARAGON_INLINE F64 lesser(F64 a, F64 b) { return {_mm256_min_pd(a.v, b.v)}; }
PARAGON_INLINE F64 greater(F64 a, F64 b) { return {_mm256_max_pd(a.v, b.v)}; }
#elif defined(PARAGON_SIMD_SSE2)
PARAGON_INLINE F32 greater(F32 a, F32 b) { return {_mm_max_ps(a.v, b.v)}; }
PARAGON_INLINE F64 lesser(F64 a, F64 b) { return {_mm_min_pd(a.v, b.v)}; }
PARAGON_INLINE F64 greater(F64 a, F64 b) { return {_mm_max_pd(a.v, b.v)}; }
#else
PARAGON_INLINE F32 greater(F32 a, F32 b) { return select(a > b, a, b); }
PARAGON_INLINE F64 lesser(F64 a, F64 b) { return select(a < b, a, b); }
PARAGON_INLINE F64 greater(F64 a, F64 b) { return select(a > b, a, b); }
#endif

#if defined(PARAGON_SIMD_AVX512)
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
#endif

// Square root, correctly rounded.
#if defined(PARAGON_SIMD_AVX512)
PARAGON_INLINE F32 sqrt(F32 x) { return {_mm512_sqrt_ps(x.v)}; }
#elif defined(PARAGON_SIMD_AVX2)
PARAGON_INLINE F32 sqrt(F32 x) { return {_mm256_sqrt_ps(x.v)}; }
#elif defined(PARAGON_SIMD_SSE2)
PARAGON_INLINE F32 sqrt(F32 x) { return {_mm_sqrt_ps(x.v)}; }
#elif defined(PARAGON_SIMD_NEON)
PARAGON_INLINE F32 sqrt(F32 x) { return {vsqrtq_f32(x.v)}; }
#else
PARAGON_INLINE F32 sqrt(F32 x) {
  return {F32::Raw{__builtin_sqrtf(x.v[0]), __builtin_sqrtf(x.v[1]), __builtin_sqrtf(x.v[2]), __builtin_sqrtf(x.v[3])}};
}
#endif

// fma: a*b+c rounded once, on every instruction set.
// mul_add: a*b+c of doubles, fused where the hardware can, else rounded twice. Only for code proven with both.
#if defined(PARAGON_SIMD_AVX512)
PARAGON_INLINE F32 fma(F32 a, F32 b, F32 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
PARAGON_INLINE F64 mul_add(F64 a, F64 b, F64 c) { return {_mm512_fmadd_pd(a.v, b.v, c.v)}; }
#elif defined(PARAGON_SIMD_AVX2)
PARAGON_INLINE F32 fma(F32 a, F32 b, F32 c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
PARAGON_INLINE F64 mul_add(F64 a, F64 b, F64 c) { return {_mm256_fmadd_pd(a.v, b.v, c.v)}; }
#elif defined(PARAGON_SIMD_NEON)
PARAGON_INLINE F32 fma(F32 a, F32 b, F32 c) { return {vfmaq_f32(c.v, a.v, b.v)}; }
PARAGON_INLINE F64 mul_add(F64 a, F64 b, F64 c) { return {vfmaq_f64(c.v, a.v, b.v)}; }
#else
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

// The double sum is off by a relative 2^-53 at most. Where both ends of a wider interval around it round to the same float,
// so does the exact sum, as rounding is monotone; only about one lane in 2^15 must be settled by rounding to odd.
PARAGON_INLINE F32 fma(F32 a, F32 b, F32 c) {
  const F64 above = splat(1 + 0x1p-40), below = splat(1 - 0x1p-40);
  const F64 low = widen_low(a) * widen_low(b) + widen_low(c), high = widen_high(a) * widen_high(b) + widen_high(c);
  const F32 y = narrow(low * above, high * above);
  if (any(as<U32>(y) != as<U32>(narrow(low * below, high * below)))) [[unlikely]] return fma_to_odd(a, b, c);
  return y;
}
#endif

// The lanes of a and b by turns: a0 b0 a1 b1 ..., first half and second half.
template <class T, std::size_t... I>
PARAGON_INLINE Vec<T> interleave(Vec<T> a, Vec<T> b, std::size_t from, std::index_sequence<I...>) {
  typename Vec<T>::Raw out;
  if (from == 0) {
    out = __builtin_shufflevector(a.v, b.v, (I % 2 * Vec<T>::lanes + I / 2)...);
  } else {
    out = __builtin_shufflevector(a.v, b.v, (I % 2 * Vec<T>::lanes + I / 2 + Vec<T>::lanes / 2)...);
  }
  return {out};
}
template <class T>
PARAGON_INLINE Vec<T> interleave_low(Vec<T> a, Vec<T> b) {
  return interleave(a, b, 0, std::make_index_sequence<Vec<T>::lanes>());
}
template <class T>
PARAGON_INLINE Vec<T> interleave_high(Vec<T> a, Vec<T> b) {
  return interleave(a, b, 1, std::make_index_sequence<Vec<T>::lanes>());
}

// Lanes of a and b: lane i is number Pattern{}(i) of those of a and then those of b.
template <class Pattern, class T, std::size_t... I>
PARAGON_INLINE Vec<T> pick(Vec<T> a, Vec<T> b, std::index_sequence<I...>) {
  return {__builtin_shufflevector(a.v, b.v, Pattern{}(I, Vec<T>::lanes)...)};
}
template <class Pattern, class T>
PARAGON_INLINE Vec<T> pick(Vec<T> a, Vec<T> b) {
  return pick<Pattern>(a, b, std::make_index_sequence<Vec<T>::lanes>());
}
// Within each group of four lanes: element `Half` of a, of b, the next of a, of b; or two of a, two of b.
template <std::size_t Half>
struct UnpackOnes {
  constexpr std::size_t operator()(std::size_t i, std::size_t n) const { return i / 4 * 4 + 2 * Half + i % 4 / 2 + i % 2 * n; }
};
template <std::size_t Half>
struct UnpackTwos {
  constexpr std::size_t operator()(std::size_t i, std::size_t n) const { return i / 4 * 4 + 2 * Half + i % 2 + i % 4 / 2 * n; }
};
// Groups of four lanes: every other one of a, then of b.
template <std::size_t Odd>
struct EveryOtherGroup {
  constexpr std::size_t operator()(std::size_t i, std::size_t) const { return (2 * (i / 4) + Odd) * 4 + i % 4; }
};

// Transposes the 4 x 4 blocks that four vectors have in their groups of four lanes.
template <class T>
PARAGON_INLINE void transpose_groups(Vec<T>& x, Vec<T>& y, Vec<T>& z, Vec<T>& w) {
  const Vec<T> a = pick<UnpackOnes<0>>(x, y), b = pick<UnpackOnes<1>>(x, y);
  const Vec<T> c = pick<UnpackOnes<0>>(z, w), d = pick<UnpackOnes<1>>(z, w);
  x = pick<UnpackTwos<0>>(a, c);
  y = pick<UnpackTwos<1>>(a, c);
  z = pick<UnpackTwos<0>>(b, d);
  w = pick<UnpackTwos<1>>(b, d);
}

// Transposes a square block in place: lane j of row i and lane i of row j change places. First within groups of four lanes,
// which one instruction can shuffle everywhere, then the groups.
template <class T>
PARAGON_INLINE void transpose(Vec<T> (&row)[Vec<T>::lanes]) {
  constexpr std::size_t n = Vec<T>::lanes, groups = n / 4;
#pragma GCC unroll 4
  for (std::size_t i = 0; i < n; i += 4) transpose_groups(row[i], row[i + 1], row[i + 2], row[i + 3]);
  // Group g of row 4 h + j holds column 4 g + j of rows 4 h ... 4 h + 3.
#pragma GCC unroll 4
  for (std::size_t j = 0; j < 4; ++j) {
    if constexpr (groups == 2) {
      const Vec<T> a = row[j], b = row[4 + j];
      row[j] = pick<EveryOtherGroup<0>>(a, b);
      row[4 + j] = pick<EveryOtherGroup<1>>(a, b);
    } else if constexpr (groups == 4) {
      const Vec<T> a = row[j], b = row[4 + j], c = row[8 + j], d = row[12 + j];
      const Vec<T> ab0 = pick<EveryOtherGroup<0>>(a, b), ab1 = pick<EveryOtherGroup<1>>(a, b);
      const Vec<T> cd0 = pick<EveryOtherGroup<0>>(c, d), cd1 = pick<EveryOtherGroup<1>>(c, d);
      row[j] = pick<EveryOtherGroup<0>>(ab0, cd0);
      row[4 + j] = pick<EveryOtherGroup<0>>(ab1, cd1);
      row[8 + j] = pick<EveryOtherGroup<1>>(ab0, cd0);
      row[12 + j] = pick<EveryOtherGroup<1>>(ab1, cd1);
    }
  }
}

// column[j] has element j of the arrays that begin at start(0), start(1), ...: a transpose on the way from memory, where the
// groups of four lanes find their places without a shuffle.
template <class T, class Start>
PARAGON_INLINE void load_transposed(const Start& start, Vec<T> (&column)[Vec<T>::lanes]) {
#if defined(PARAGON_SIMD_AVX512) || defined(PARAGON_SIMD_AVX2)
  static_assert(sizeof(T) == 4);
  // All of a line of cache before the next ones: lines at even distances drive each other out.
#pragma GCC unroll 16
  for (std::size_t step = 0; step < Vec<T>::lanes; ++step) {
    const std::size_t pieces = Vec<T>::lanes / 4, i = step % pieces * 4 + step / pieces;
    const auto four = [&](std::size_t group) {
      return _mm_loadu_ps(reinterpret_cast<const float*>(start(4 * group + i % 4)) + i / 4 * 4);
    };
#if defined(PARAGON_SIMD_AVX512)
    __m512 x = _mm512_castps128_ps512(four(0));
    x = _mm512_mask_broadcast_f32x4(x, 0x00f0, four(1));
    x = _mm512_mask_broadcast_f32x4(x, 0x0f00, four(2));
    x = _mm512_mask_broadcast_f32x4(x, 0xf000, four(3));
#else
    const __m256 x = _mm256_insertf128_ps(_mm256_castps128_ps256(four(0)), four(1), 1);
#endif
    column[i] = {(typename Vec<T>::Raw)x};
  }
#pragma GCC unroll 4
  for (std::size_t i = 0; i < Vec<T>::lanes; i += 4) {
    transpose_groups(column[i], column[i + 1], column[i + 2], column[i + 3]);
  }
#else
  for (std::size_t i = 0; i < Vec<T>::lanes; ++i) column[i] = load(start(i));
  transpose(column);
#endif
}

}  // namespace
}  // namespace paragon::cpu
