// What the tests of the kernels share: hard inputs, and comparison word for word on every kernel table.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "contract/basic.h"
#include "cpu/threads.h"
#include "tests/check.h"
#include "tests/kernel_tables.h"

namespace paragon::tests {

// Calls fn(kernels, pool) for every table, with one thread and with several.
template <class Fn>
void on_every_table(const Fn& fn) {
  static cpu::ThreadPool one(1), three(3);
  for (const cpu::Kernels& kernels : kernel_tables()) {
    fn(kernels, one);
    fn(kernels, three);
  }
}

inline std::mt19937& random() {
  static std::mt19937 generator(20240607);
  return generator;
}
inline std::size_t below(std::size_t n) { return random()() % n; }

// Kinds of floats, each of which a different mistake would show with.
enum class Kind { uniform, few_bits, cancelling, tiny, special };
inline constexpr Kind kKinds[] = {Kind::uniform, Kind::few_bits, Kind::cancelling, Kind::tiny, Kind::special};
inline const char* name_of(Kind kind) {
  static const char* const names[] = {"uniform", "few_bits", "cancelling", "tiny", "special"};
  return names[static_cast<int>(kind)];
}

inline float number(Kind kind) {
  const auto unit = [] { return static_cast<float>(static_cast<std::int32_t>(random()())) * 0x1p-31f; };  // in [-1, 1]
  switch (kind) {
    case Kind::uniform: return unit();
    case Kind::few_bits:
      return static_cast<float>(static_cast<int>(below(17)) - 8);  // exact: ties and zeros are frequent
    case Kind::cancelling: {
      // 2^60 and its negative come and go among numbers that they swallow.
      const std::size_t pick = below(8);
      return pick == 0 ? 0x1p60f : pick == 1 ? -0x1p60f : std::ldexp(unit(), static_cast<int>(below(60)) - 30);
    }
    case Kind::tiny:
      // Products underflow, mostly from below: the sign of a zero and the last subnormal bit matter.
      return below(4) == 0 ? (below(2) ? -0.0f : 0.0f)
                           : -std::ldexp(std::fabs(unit()), -static_cast<int>(50 + below(45)));
    case Kind::special: {
      static const float specials[] = {0.0f,
                                       -0.0f,
                                       1.0f,
                                       -1.0f,
                                       std::numeric_limits<float>::infinity(),
                                       -std::numeric_limits<float>::infinity(),
                                       std::numeric_limits<float>::max(),
                                       std::numeric_limits<float>::denorm_min(),
                                       -std::numeric_limits<float>::min()};
      if (below(64) == 0) return below(2) ? std::nanf("") : -std::nanf("");
      return below(4) == 0 ? specials[below(sizeof specials / sizeof *specials)] : unit();
    }
  }
  return 0;
}

template <class T>
std::vector<T> values(std::size_t n, Kind kind) {
  std::vector<T> x(n);
  for (T& v : x) {
    if constexpr (std::is_same_v<T, float>) {
      v = number(kind);
    } else {
      v = static_cast<T>(kind == Kind::few_bits ? below(5) - 2 : random()());
    }
  }
  return x;
}

template <class T>
std::uint32_t observed(T x) {
  if constexpr (std::is_same_v<T, float>) {
    return contract::observed(x);
  } else {
    return static_cast<std::uint32_t>(x);
  }
}

// An output array between guards: what a kernel must fill, and must not go beyond.
template <class T>
class Output {
 public:
  explicit Output(std::size_t n) : n_(n), words_(n + 2 * kGuard, kUnset) {}
  T* data() { return reinterpret_cast<T*>(words_.data() + kGuard); }

  void expect(const std::vector<T>& right, const char* isa, const std::string& what) {
    for (std::size_t i = 0; i < n_; ++i) {
      const std::uint32_t mine = observed(data()[i]), theirs = observed(right[i]);
      CHECK(mine == theirs, "%s %s: element %zu of %zu is %08x, not %08x", isa, what.c_str(), i, n_, mine, theirs);
      if (mine != theirs) return;
    }
    bool guarded = true;
    for (std::size_t i = 0; i < kGuard; ++i) guarded &= words_[i] == kUnset && words_[kGuard + n_ + i] == kUnset;
    CHECK(guarded, "%s %s: wrote outside its output", isa, what.c_str());
  }

 private:
  static constexpr std::size_t kGuard = 64;
  static constexpr std::uint32_t kUnset = 0xdeadbeefu;
  std::size_t n_;
  std::vector<std::uint32_t> words_;
};

inline std::string text(const char* format, auto... arguments) {
  char buffer[256];
  std::snprintf(buffer, sizeof buffer, format, arguments...);
  return buffer;
}

}  // namespace paragon::tests
