// The shuffles of simd.h, which GCC and Clang turn into good instructions on every target.
#pragma once

#include <utility>

#include "cpu/simd/vectors.h"

namespace paragon::cpu {
namespace {

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
  constexpr std::size_t operator()(std::size_t i, std::size_t n) const {
    return i / 4 * 4 + 2 * Half + i % 4 / 2 + i % 2 * n;
  }
};
template <std::size_t Half>
struct UnpackTwos {
  constexpr std::size_t operator()(std::size_t i, std::size_t n) const {
    return i / 4 * 4 + 2 * Half + i % 2 + i % 4 / 2 * n;
  }
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

// Transposes the groups of four lanes of four vectors of four groups.
template <class T>
PARAGON_INLINE void exchange_groups(Vec<T>& x, Vec<T>& y, Vec<T>& z, Vec<T>& w) {
  const Vec<T> a = pick<EveryOtherGroup<0>>(x, y), b = pick<EveryOtherGroup<1>>(x, y);
  const Vec<T> c = pick<EveryOtherGroup<0>>(z, w), d = pick<EveryOtherGroup<1>>(z, w);
  x = pick<EveryOtherGroup<0>>(a, c);
  y = pick<EveryOtherGroup<0>>(b, d);
  z = pick<EveryOtherGroup<1>>(a, c);
  w = pick<EveryOtherGroup<1>>(b, d);
}

// Transposes a square block in place: lane j of row i and lane i of row j change places. First within groups of four
// lanes, which one instruction can shuffle everywhere, then the groups.
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
      exchange_groups(row[j], row[4 + j], row[8 + j], row[12 + j]);
    }
  }
}

}  // namespace
}  // namespace paragon::cpu
