// round_to: an f32 rounded to the nearest value of a smaller floating-point format (docs/contract.md, section 2), as
// scalar code: the executable specification.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "contract/operations.h"

namespace paragon::contract {

// A binary format whose subnormals are those of IEEE 754.
struct FloatFormat {
  int precision;     // bits of a significand, the leading one included
  int min_exponent;  // of the smallest normal number
  float largest;     // finite number
  bool infinity;     // whether it has one; else what is too large is NaN
};

constexpr FloatFormat float_format(Format format) {
  switch (format) {
    case Format::f16: return {11, -14, 65504.0f, true};  // IEEE 754 binary16
    case Format::bf16: return {8, -126, 0x1.fep127f, true};
    case Format::e4m3fn:
      return {4, -6, 448.0f, false};           // the 8-bit formats of the Open Compute Project, without saturation
    default: return {3, -14, 57344.0f, true};  // e5m2
  }
}

// Ties go to the value whose last bit is 0. The exponent is taken as unbounded above, and what then exceeds the largest
// number overflows.
inline float round_to(float x, Format format) {
  if (std::isnan(x)) return x;
  const FloatFormat f = float_format(format);
  const float overflow = f.infinity ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  if (std::isinf(x)) return std::copysign(overflow, x);
  const int exponent = std::max(std::ilogb(x), f.min_exponent);
  const double step = std::ldexp(1.0, exponent - (f.precision - 1));  // from one value of the format to the next
  const double rounded = std::nearbyint(static_cast<double>(x) / step) * step;
  return std::fabs(rounded) > static_cast<double>(f.largest) ? std::copysign(overflow, x) : static_cast<float>(rounded);
}

}  // namespace paragon::contract
