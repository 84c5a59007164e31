// What the targets share that have no mask registers (all but AVX-512): truth values are vectors of 0 or -1 a lane, and
// a vector is stored in part lane by lane. Each target adds `any`.
#pragma once

#include "cpu/simd/vectors.h"

namespace paragon::cpu {
namespace {

template <std::size_t Bytes>
struct Mask {
  decltype(typename Vec<std::conditional_t<Bytes == 4, float, double>>::Raw{} < 0) m;
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
PARAGON_INLINE bool all(Mask<B> a) {
  return !any(~a);
}

template <class T>
PARAGON_INLINE void store_partial(T* p, Vec<T> x, std::size_t n) {
  static_assert(sizeof(T) == 4);
  T lane[Vec<T>::lanes];
  store(lane, x);
  for (std::size_t i = 0; i < n; ++i) p[i] = lane[i];
}

PARAGON_INLINE F32 to_f32(U32 x) {
  const F32 high = to_f32(as<I32>(x >> 16)), low = to_f32(as<I32>(x & splat(0xffffu)));
  return high * splat(65536.0f) + low;  // the only step that rounds is the sum
}

}  // namespace
}  // namespace paragon::cpu
