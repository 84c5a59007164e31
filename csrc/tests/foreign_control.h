// The rounding and flushing modes of a thread as a host may leave them: rounding upwards, and where the processor can,
// subnormals flushed to zero and read as zero.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#elif !defined(__aarch64__)
#include <cfenv>
#endif

namespace paragon::tests {

// Sets them for this thread until it goes out of scope.
class ForeignControl {
 public:
  ForeignControl() : found_(get()) { set(kForeign); }
  ~ForeignControl() { set(found_); }
  ForeignControl(const ForeignControl&) = delete;
  ForeignControl& operator=(const ForeignControl&) = delete;

  static bool is_set() { return (get() & kModes) == (kForeign & kModes); }
  static bool is_plain() { return (get() & kModes) == (kPlain & kModes); }

 private:
#if defined(__x86_64__)
  using Word = std::uint32_t;
  static constexpr Word kPlain = 0x1f80, kForeign = 0x1f80 | 0x8000 | 0x4000 | 0x0040, kModes = 0xffc0;
  static Word get() { return _mm_getcsr(); }
  static void set(Word word) { _mm_setcsr(word); }
#elif defined(__aarch64__)
  using Word = std::uint64_t;
  static constexpr Word kPlain = 0, kForeign = Word{1} << 24 | Word{1} << 22, kModes = 0x1fff0000;
  static Word get() {
    Word word;
    asm volatile("mrs %0, fpcr" : "=r"(word));
    return word;
  }
  static void set(Word word) { asm volatile("msr fpcr, %0" : : "r"(word) : "memory"); }
#else
  using Word = int;
  static constexpr Word kPlain = FE_TONEAREST, kForeign = FE_UPWARD, kModes = ~0;
  static Word get() { return std::fegetround(); }
  static void set(Word word) { std::fesetround(word); }
#endif
  Word found_;
};

}  // namespace paragon::tests
