// CHECK for test executables without a framework: it counts, prints what failed, and `finish` gives main its result.
#pragma once

#include <cstdio>

namespace paragon::tests {

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
