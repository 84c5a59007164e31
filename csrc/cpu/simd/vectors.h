// The vectors of simd.h and what GCC's and Clang's vector extensions do well on every target: arithmetic, whole loads
// and stores. A target defines kVectorBytes, then includes this file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#ifdef __SANITIZE_ADDRESS__  // inlined everywhere, its checks would take the compiler minutes
#define PARAGON_INLINE inline
#else
#define PARAGON_INLINE inline __attribute__((always_inline))
#endif

namespace paragon::cpu {
namespace {

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

constexpr std::size_t kLanes = F32::lanes;  // 32-bit words of a vector

template <class To, class From>
PARAGON_INLINE To as(Vec<From> x) {
  return {(typename To::Raw)x.v};
}

template <class T>
PARAGON_INLINE Vec<T> splat(T x) {
  return {x - typename Vec<T>::Raw{}};  // x - 0 is x, -0 and NaN included
}

template <class T>
PARAGON_INLINE Vec<T> load(const T* p) {
  return {*reinterpret_cast<const typename Vec<T>::Anywhere*>(p)};
}

template <class T>
PARAGON_INLINE void store(T* p, Vec<T> x) {
  *reinterpret_cast<typename Vec<T>::Anywhere*>(p) = x.v;
}

// clang-format off
template <class T> PARAGON_INLINE Vec<T> operator+(Vec<T> a, Vec<T> b) { return {a.v + b.v}; }
template <class T> PARAGON_INLINE Vec<T> operator-(Vec<T> a, Vec<T> b) { return {a.v - b.v}; }
template <class T> PARAGON_INLINE Vec<T> operator*(Vec<T> a, Vec<T> b) { return {a.v * b.v}; }
template <class T> PARAGON_INLINE Vec<T> operator/(Vec<T> a, Vec<T> b) { return {a.v / b.v}; }
template <class T> PARAGON_INLINE Vec<T> operator&(Vec<T> a, Vec<T> b) { return {a.v & b.v}; }
template <class T> PARAGON_INLINE Vec<T> operator|(Vec<T> a, Vec<T> b) { return {a.v | b.v}; }
template <class T> PARAGON_INLINE Vec<T> operator^(Vec<T> a, Vec<T> b) { return {a.v ^ b.v}; }
template <class T> PARAGON_INLINE Vec<T> operator~(Vec<T> a) { return {~a.v}; }
template <class T> PARAGON_INLINE Vec<T> operator<<(Vec<T> a, int count) { return {a.v << count}; }
template <class T> PARAGON_INLINE Vec<T> operator>>(Vec<T> a, int count) { return {a.v >> count}; }
// clang-format on

PARAGON_INLINE F64 round_to_f32(F64 x) {
  typedef float Half __attribute__((vector_size(kVectorBytes / 2)));
  return {__builtin_convertvector(__builtin_convertvector(x.v, Half), F64::Raw)};
}

PARAGON_INLINE F32 to_f32(I32 x) { return {__builtin_convertvector(x.v, F32::Raw)}; }
PARAGON_INLINE I32 to_i32(F32 x) { return {__builtin_convertvector(x.v, I32::Raw)}; }

}  // namespace
}  // namespace paragon::cpu
