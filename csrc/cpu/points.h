// Complex numbers in vectors: the parts of points that lie in memory by turns (re, im), apart and together again, and
// products. Internal linkage, like simd.h.
#pragma once

#include "cpu/simd.h"

namespace paragon::cpu {
namespace {

// One complex number a lane.
struct Points {
  F32 re, im;
};

PARAGON_INLINE Points operator+(Points a, Points b) { return {a.re + b.re, a.im + b.im}; }
PARAGON_INLINE Points operator-(Points a, Points b) { return {a.re - b.re, a.im - b.im}; }
PARAGON_INLINE Points operator*(Points a, Points b) {  // the product of the contract, section 7
  return {fms(a.re, b.re, a.im * b.im), fma(a.re, b.im, a.im * b.re)};
}
PARAGON_INLINE Points exchanged(Points a) { return {a.im, a.re}; }

template <std::size_t First>
struct EveryOther {
  constexpr std::size_t operator()(std::size_t i, std::size_t) const { return 2 * i + First; }
};
// F32::lanes points from or to (re, im, re, im, ...).
PARAGON_INLINE Points load_points(const float* p) {
  const F32 low = load(p), high = load(p + F32::lanes);
  return {pick<EveryOther<0>>(low, high), pick<EveryOther<1>>(low, high)};
}
PARAGON_INLINE void store_points(float* p, Points x) {
  store(p, interleave_low(x.re, x.im));
  store(p + F32::lanes, interleave_high(x.re, x.im));
}

// The same, in descending order of the lanes.
template <std::size_t Part>
struct PartBackwards {
  constexpr std::size_t operator()(std::size_t i, std::size_t n) const { return 2 * (n - 1 - i) + Part; }
};
template <std::size_t Half>
struct InterleaveBackwards {
  constexpr std::size_t operator()(std::size_t i, std::size_t n) const {
    return n - 1 - (Half * n / 2 + i / 2) + i % 2 * n;
  }
};
PARAGON_INLINE Points load_points_backwards(const float* p) {
  const F32 low = load(p), high = load(p + F32::lanes);
  return {pick<PartBackwards<0>>(low, high), pick<PartBackwards<1>>(low, high)};
}
PARAGON_INLINE void store_points_backwards(float* p, Points x) {
  store(p, pick<InterleaveBackwards<0>>(x.re, x.im));
  store(p + F32::lanes, pick<InterleaveBackwards<1>>(x.re, x.im));
}

// Of n <= F32::lanes points; the other lanes load as zero.
PARAGON_INLINE Points load_points_partial(const float* p, std::size_t n) {
  const std::size_t words = 2 * n, first = words < F32::lanes ? words : F32::lanes;
  const F32 low = load_partial(p, first), high = words > first ? load_partial(p + first, words - first) : F32{};
  return {pick<EveryOther<0>>(low, high), pick<EveryOther<1>>(low, high)};
}
PARAGON_INLINE void store_points_partial(float* p, Points x, std::size_t n) {
  const std::size_t words = 2 * n, first = words < F32::lanes ? words : F32::lanes;
  store_partial(p, interleave_low(x.re, x.im), first);
  if (words > first) store_partial(p + first, interleave_high(x.re, x.im), words - first);
}

#if defined(PARAGON_SIMD_AVX512)
// Where lane 4 r + i has point r + 4 i: the first or the second half of the points, in order, re and im by turns.
template <std::size_t Half>
struct InterleaveTurned {
  constexpr std::size_t operator()(std::size_t i, std::size_t n) const {
    const std::size_t point = Half * n / 2 + i / 2;
    return 4 * (point % 4) + point / 4 + i % 2 * n;
  }
};
PARAGON_INLINE void store_turned_points(float* p, Points x) {
  store(p, pick<InterleaveTurned<0>>(x.re, x.im));
  store(p + F32::lanes, pick<InterleaveTurned<1>>(x.re, x.im));
}
#endif

// The same number in every lane: (re, im) at p.
PARAGON_INLINE Points splat_point(const float* p) { return {splat(p[0]), splat(p[1])}; }

}  // namespace
}  // namespace paragon::cpu
