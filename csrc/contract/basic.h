// The basic operations of the contract (docs/contract.md, section 2) on single words: the executable specification that
// the kernels are held to. Build with -ffp-contract=off and without fast-math, or it specifies something else.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace paragon::contract {

inline std::uint32_t word(float x) { return __builtin_bit_cast(std::uint32_t, x); }
inline float from_word(std::uint32_t w) { return __builtin_bit_cast(float, w); }

// All NaNs are one value where bits are observed.
inline std::uint32_t observed(float x) { return std::isnan(x) ? 0x7fc00000u : word(x); }

// f32: each correctly rounded, once.
inline float add(float a, float b) { return a + b; }
inline float sub(float a, float b) { return a - b; }
inline float mul(float a, float b) { return a * b; }
inline float div(float a, float b) { return a / b; }
inline float fma(float a, float b, float c) { return std::fma(a, b, c); }
inline float sqrt(float a) { return std::sqrt(a); }
inline float neg(float a) { return from_word(word(a) ^ 0x80000000u); }
inline float abs(float a) { return from_word(word(a) & 0x7fffffffu); }

// i32 and u32 wrap. The arithmetic is that of 64-bit integers (no product of 32-bit words leaves them), cut to 32 bits.
template <class T>
concept Integer = std::is_same_v<T, std::int32_t> || std::is_same_v<T, std::uint32_t>;
template <class T>
using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;

template <Integer T>
T add(T a, T b) {
  return static_cast<T>(Wide<T>{a} + Wide<T>{b});
}
template <Integer T>
T sub(T a, T b) {
  return static_cast<T>(Wide<T>{a} - Wide<T>{b});
}
template <Integer T>
T mul(T a, T b) {
  return static_cast<T>(Wide<T>{a} * Wide<T>{b});
}
template <Integer T>
T neg(T a) {
  return static_cast<T>(-Wide<T>{a});
}
inline std::int32_t abs(std::int32_t a) { return a < 0 ? neg(a) : a; }

inline float maximum(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<float>::quiet_NaN();
  if (a == b) return std::signbit(a) ? b : a;  // +0 wins
  return a > b ? a : b;
}
inline float minimum(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<float>::quiet_NaN();
  if (a == b) return std::signbit(a) ? a : b;  // -0 wins
  return a < b ? a : b;
}
template <Integer T>
T maximum(T a, T b) {
  return a > b ? a : b;
}
template <Integer T>
T minimum(T a, T b) {
  return a < b ? a : b;
}

// Comparisons of C++ are those of IEEE 754: with a NaN, != is true and the others are false.
template <class T>
std::int32_t lt(T a, T b) {
  return a < b ? 1 : 0;
}
template <class T>
std::int32_t le(T a, T b) {
  return a <= b ? 1 : 0;
}
template <class T>
std::int32_t eq(T a, T b) {
  return a == b ? 1 : 0;
}
template <class T>
std::int32_t ne(T a, T b) {
  return a != b ? 1 : 0;
}
template <class T>
std::int32_t ge(T a, T b) {
  return a >= b ? 1 : 0;
}
template <class T>
std::int32_t gt(T a, T b) {
  return a > b ? 1 : 0;
}

// a where c is not zero, else b. -0 is zero, NaN is not.
template <class C, class T>
T select(C c, T a, T b) {
  return c != C{0} ? a : b;
}

// To f32: round to nearest even. From f32: towards zero, saturating, NaN gives 0. Between integers: the same 32 bits.
template <class To, class From>
To cast(From x) {
  if constexpr (std::is_same_v<From, float> && Integer<To>) {
    if (std::isnan(x)) return 0;
    const double t = std::trunc(static_cast<double>(x));
    if (t < static_cast<double>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    if (t > static_cast<double>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
    return static_cast<To>(t);
  } else {
    return static_cast<To>(x);
  }
}

}  // namespace paragon::contract
