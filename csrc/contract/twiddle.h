// The twiddles of the contract (docs/contract.md, section 7): W(k, n) = exp(-2 pi i k/n), its parts correctly rounded.
//
// The angle is reduced exactly, in integers, to an eighth of the circle; sine and cosine are summed there in
// double-double arithmetic to about 2^-100 and rounded once. The exact cases (quarter turns, sixths) come out exactly.
#pragma once

#include <cstdint>

#include "contract/elementary.h"

namespace paragon::contract {

struct Angle {
  DoubleDouble cos, sin;
};

// cos and sin of (pi/4) * numerator/denominator, 0 <= numerator <= denominator <= 2^50, by their Taylor series.
inline Angle eighth(std::uint64_t numerator, std::uint64_t denominator) {
  constexpr int kTerms = 14;  // the first term left out is below 2^-104 of the sum
  const DoubleDouble turn =
      DoubleDouble(static_cast<double>(numerator)) / DoubleDouble(static_cast<double>(denominator));
  const DoubleDouble x = turn * DoubleDouble(kPi.high / 4, kPi.low / 4), square = x * x;
  DoubleDouble cos = 1.0, sin = 1.0;  // Horner: 1 - x^2/(1*2) (1 - x^2/(3*4) (...)), and 1 - x^2/(2*3) (...), times x
  for (double n = 2.0 * kTerms; n > 0; n -= 2) {
    cos = DoubleDouble(1.0) - square * cos / DoubleDouble((n - 1) * n);
    sin = DoubleDouble(1.0) - square * sin / DoubleDouble(n * (n + 1));
  }
  return {cos, x * sin};
}

template <class T>
T rounded_to(DoubleDouble x) {
  if constexpr (sizeof(T) == sizeof(double)) {
    return x.high;
  } else {
    return rounded(x);
  }
}

template <class T>
struct ComplexOf {
  T re, im;
};

// W(k, n), 0 <= k < n <= 2^50. A part that is zero is +0.
template <class T>
ComplexOf<T> twiddle(std::uint64_t k, std::uint64_t n) {
  const std::uint64_t octant = 8 * k / n, rest = 8 * k % n;
  const Angle angle = eighth(octant % 2 ? n - rest : rest, n);
  const T c = rounded_to<T>(angle.cos), s = rounded_to<T>(angle.sin);
  const bool flipped = octant % 4 == 1 || octant % 4 == 2;  // the nearest quarter turn is an odd one
  T re = flipped ? s : c, im = flipped ? c : s;
  if (octant >= 2 && octant < 6) re = -re;
  if (octant < 4) im = -im;
  return {re == 0 ? T{0} : re, im == 0 ? T{0} : im};
}

}  // namespace paragon::contract
