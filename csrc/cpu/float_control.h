// The rounding and flushing modes of a thread. The contract computes with those that a program starts with: to nearest
// even, subnormals kept, no traps. A host may have set others (audio and game libraries flush subnormals), so every
// thread that runs kernels holds a PlainFloatControl while it does.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#elif !defined(__aarch64__)
#include <cfenv>
#endif

namespace paragon::cpu {

// Sets the plain modes of this thread until it goes out of scope, when what it found is back.
class PlainFloatControl {
 public:
  PlainFloatControl(const PlainFloatControl&) = delete;
  PlainFloatControl& operator=(const PlainFloatControl&) = delete;

#if defined(__x86_64__) || defined(__aarch64__)
  PlainFloatControl() : found_(get()), changed_((found_ & ~kFlags) != kPlain) {
    if (changed_) set(kPlain);
  }
  ~PlainFloatControl() {
    if (changed_) set(found_);
  }

 private:
#if defined(__x86_64__)
  using Word = std::uint32_t;  // MXCSR
  static constexpr Word kPlain = 0x1f80, kFlags = 0x3f;
  static Word get() { return _mm_getcsr(); }
  static void set(Word word) { _mm_setcsr(word); }
#else
  using Word = std::uint64_t;  // FPCR
  static constexpr Word kPlain = 0, kFlags = 0;
  static Word get() {
    Word word;
    asm volatile("mrs %0, fpcr" : "=r"(word));
    return word;
  }
  static void set(Word word) { asm volatile("msr fpcr, %0" : : "r"(word) : "memory"); }
#endif
  Word found_;
  bool changed_;
#else
  PlainFloatControl() {
    std::fegetenv(&found_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~PlainFloatControl() { std::fesetenv(&found_); }

 private:
  std::fenv_t found_;
#endif
};

}  // namespace paragon::cpu
