// CHECK for test executables without a framework: it counts, prints what failed, and `finish` gives main its result.
#pragma once

#include <cstdio>

namespace paragon::tests {

// Whether this is a build with sanitizers, which make a test ten times slower.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

// The step of a loop over many cases of one kind: 1, or with sanitizers `step`. A sample then stands for all of them;
// every kind of case, and every size at which a kernel changes its way, is named outside such loops. A prime step meets
// all remainders, so that sizes, tails and what is chosen by them still vary.
constexpr unsigned sampled(unsigned step) { return kSanitized ? step : 1; }

inline long checks = 0;
inline long failures = 0;
inline constexpr long kFailuresShown = 50;

// The exit status of a test: failure if a check failed, or if there was none.
inline int finish(const char* name) {
  std::printf("%s: %ld checks, %ld failed\n", name, checks, failures);
  return failures == 0 && checks > 0 ? 0 : 1;
}

}  // namespace paragon::tests

// CHECK(condition, "what was computed: %08x", word): the message, as of printf, says what is needed to find the fault.
#define CHECK(condition, ...)                                                           \
  do {                                                                                  \
    ++paragon::tests::checks;                                                           \
    if (!(condition) && ++paragon::tests::failures <= paragon::tests::kFailuresShown) { \
      std::printf("%s:%d: %s: ", __FILE__, __LINE__, #condition);                       \
      std::printf(__VA_ARGS__);                                                         \
      std::printf("\n");                                                                \
    }                                                                                   \
  } while (false)
