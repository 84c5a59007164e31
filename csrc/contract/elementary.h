// The elementary functions of the contract (docs/contract.md, section 4) on single floats: slow and plain.
//
// Each is summed up in double-double arithmetic (pairs of doubles, about 2^-104 relative error an operation) from a
// series all of whose terms are small against its sum, so that the relative error stays below 2^-90, and rounded once.
// That is enough: but for the exact results (exp(0) = 1, sinpi(1/2) = 1, ...), none comes nearer to the middle of two
// floats than about 2^-67 of itself (log1p; the others 2^-58; docs/exhaustive.md lists them). Needs -ffp-contract=off.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace paragon::contract {

// An unevaluated sum with |low| <= ulp(high) / 2. Sum and product are algorithms 6 and 12 of Joldes, Muller and
// Popescu, "Tight and rigorous error bounds for basic building blocks of double-word arithmetic", ACM TOMS 44(2), 2017.
struct DoubleDouble {
  double high = 0.0;
  double low = 0.0;
  constexpr DoubleDouble(double high_part, double low_part = 0.0) : high(high_part), low(low_part) {}
};

// The exact sum, for |a| >= |b| or a = 0.
inline DoubleDouble fast_two_sum(double a, double b) {
  const double s = a + b;
  return {s, b - (s - a)};
}
inline DoubleDouble two_sum(double a, double b) {
  const double s = a + b;
  const double t = s - b;
  return {s, (a - t) + (b - (s - t))};
}
inline DoubleDouble two_product(double a, double b) {
  const double p = a * b;
  return {p, std::fma(a, b, -p)};
}

inline DoubleDouble operator+(DoubleDouble x, DoubleDouble y) {
  const DoubleDouble s = two_sum(x.high, y.high), t = two_sum(x.low, y.low);
  const DoubleDouble v = fast_two_sum(s.high, s.low + t.high);
  return fast_two_sum(v.high, t.low + v.low);
}
inline DoubleDouble operator-(DoubleDouble x) { return {-x.high, -x.low}; }
inline DoubleDouble operator-(DoubleDouble x, DoubleDouble y) { return x + -y; }
inline DoubleDouble operator*(DoubleDouble x, DoubleDouble y) {
  const DoubleDouble p = two_product(x.high, y.high);
  const double cross = std::fma(x.low, y.high, std::fma(x.high, y.low, x.low * y.low));
  return fast_two_sum(p.high, p.low + cross);
}
inline DoubleDouble operator/(DoubleDouble x, DoubleDouble y) {
  const double q = x.high / y.high;
  const DoubleDouble rest = x - y * DoubleDouble(q);
  return fast_two_sum(q, rest.high / y.high);
}
inline DoubleDouble scaled(DoubleDouble x, int exponent) {
  return {std::ldexp(x.high, exponent), std::ldexp(x.low, exponent)};
}

// The nearest float, ties to even. `high` is first rounded to odd, which keeps what `low` says about ties.
inline float rounded(DoubleDouble x) {
  auto bits = __builtin_bit_cast(std::uint64_t, x.high);
  if (x.low != 0.0 && bits % 2 == 0) bits += (x.low > 0.0) == (x.high > 0.0) ? 1 : std::uint64_t(-1);
  return static_cast<float>(__builtin_bit_cast(double, bits));
}

inline constexpr DoubleDouble kLn2{0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
inline constexpr DoubleDouble kPi{0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53};
inline constexpr DoubleDouble kTwoOverSqrtPi{0x1.20dd750429b6dp+0, 0x1.1ae3a914fed80p-56};
inline constexpr float kInfinity = std::numeric_limits<float>::infinity();
inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// e^x - 1 = 2^k * (e^r - 1) + (2^k - 1) with r = x - k*ln(2), |x| < 1000.
inline DoubleDouble expm1_series(DoubleDouble x) {
  const double k = std::nearbyint(x.high / kLn2.high);
  const DoubleDouble r = x - DoubleDouble(k) * kLn2;
  DoubleDouble sum = 1.0;  // (e^r - 1) / r = 1 + r/2 * (1 + r/3 * (1 + ...))
  for (int n = 30; n >= 2; --n) sum = DoubleDouble(1.0) + sum * r / DoubleDouble(n);
  const int exponent = static_cast<int>(k);
  return scaled(sum * r, exponent) + (DoubleDouble(std::ldexp(1.0, exponent)) - DoubleDouble(1.0));
}

// log(x) = k*ln(2) + 2 atanh(s), s = (m - 1) / (m + 1), x = 2^k * m with m in [sqrt(1/2), sqrt(2)].
inline DoubleDouble log_series(DoubleDouble x) {
  int k = 0;
  if (std::frexp(x.high, &k) < 0.70710678118654752) --k;
  const DoubleDouble m = scaled(x, -k);
  const DoubleDouble s = (m - DoubleDouble(1.0)) / (m + DoubleDouble(1.0));
  const DoubleDouble square = s * s;
  DoubleDouble sum = 0.0;  // atanh(s) / s = 1 + s^2/3 + s^4/5 + ...
  for (int n = 49; n >= 1; n -= 2) sum = DoubleDouble(1.0) / DoubleDouble(n) + sum * square;
  return DoubleDouble(k) * kLn2 + scaled(sum * s, 1);
}

// sin(pi*r) for |r| <= 1/2, by Taylor's series.
inline DoubleDouble sinpi_series(double r) {
  const DoubleDouble y = kPi * DoubleDouble(r);
  const DoubleDouble square = y * y;
  DoubleDouble sum = 1.0;  // sin(y) / y = 1 - y^2/(2*3) * (1 - y^2/(4*5) * (1 - ...))
  for (int n = 40; n >= 2; n -= 2) sum = DoubleDouble(1.0) - sum * square / DoubleDouble(n * (n + 1.0));
  return sum * y;
}

inline float exp(float x) {
  if (std::isnan(x)) return kNaN;
  if (x > 89.0f) return kInfinity;
  if (x < -104.0f) return 0.0f;  // e^-104 is less than half of the smallest subnormal
  return rounded(expm1_series(double{x}) + DoubleDouble(1.0));
}

inline float expm1(float x) {
  if (std::isnan(x) || x == 0.0f) return x;
  if (x > 89.0f) return kInfinity;
  if (x < -104.0f) return -1.0f;
  return rounded(expm1_series(double{x}));
}

inline float log(float x) {
  if (std::isnan(x) || x < 0.0f) return kNaN;
  if (x == 0.0f) return -kInfinity;
  if (x == kInfinity) return kInfinity;
  return rounded(log_series(double{x}));
}

inline float log1p(float x) {
  if (std::isnan(x) || x < -1.0f) return kNaN;
  if (x == -1.0f) return -kInfinity;
  if (x == 0.0f || x == kInfinity) return x;
  return rounded(log_series(two_sum(1.0, double{x})));
}

// (e^2x - 1) / (e^2x + 1)
inline float tanh(float x) {
  if (std::isnan(x) || x == 0.0f) return x;
  if (std::fabs(x) > 10.0f) return std::copysign(1.0f, x);
  const DoubleDouble e = expm1_series(2.0 * double{x});
  return rounded(e / (e + DoubleDouble(2.0)));
}

// erf(x) = 2/sqrt(pi) * e^-x^2 * x * (1 + 2x^2/3 * (1 + 2x^2/5 * (1 + ...))), whose terms are all positive
// (DLMF 7.6.2).
inline float erf(float x) {
  if (std::isnan(x) || x == 0.0f) return x;
  if (std::fabs(x) > 4.0f) return std::copysign(1.0f, x);
  const double square = double{x} * double{x};  // exact
  DoubleDouble sum = 1.0;
  for (int n = 201; n >= 3; n -= 2) sum = DoubleDouble(1.0) + sum * DoubleDouble(2.0 * square) / DoubleDouble(n);
  return rounded(kTwoOverSqrtPi * (expm1_series(-square) + DoubleDouble(1.0)) * sum * DoubleDouble(double{x}));
}

// x = n + r, |r| <= 1/2, and sin(pi*x) = (-1)^n * sin(pi*r), cos(pi*x) = (-1)^n * sin(pi*(1/2 - |r|)). All exact.
inline float sinpi(float x) {
  if (std::isnan(x) || std::isinf(x)) return kNaN;
  const double r = std::remainder(double{x}, 1.0);
  if (r == 0.0) return std::copysign(0.0f, x);
  const bool odd = std::fabs(std::remainder(double{x} - r, 2.0)) == 1.0;
  const float y = rounded(sinpi_series(r));
  return odd ? -y : y;
}

inline float cospi(float x) {
  if (std::isnan(x) || std::isinf(x)) return kNaN;
  if (std::fabs(x) < 0x1p-20f) return 1.0f;  // cos(pi*x) > 1 - 2^-26
  const double r = std::remainder(double{x}, 1.0);
  if (std::fabs(r) == 0.5) return 0.0f;
  const bool odd = std::fabs(std::remainder(double{x} - r, 2.0)) == 1.0;
  const float y = rounded(sinpi_series(0.5 - std::fabs(r)));
  return odd ? -y : y;
}

}  // namespace paragon::contract
