// The linear recurrence of the contract: one chain along the middle axis of (outer, n, inner).
#pragma once

#include <cstddef>

#include "contract/basic.h"

namespace paragon::contract {

// h[t] = fma(a[t], h[t-1], b[t]) with h[-1] = h0, or, reversed, fma(a[t], h[t+1], b[t]) with h[n] = h0.
inline void scan(const float* a, const float* b, const float* h0, float* h, std::size_t outer, std::size_t n,
                 std::size_t inner, bool reverse) {
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t j = 0; j < inner; ++j) {
      float previous = h0[o * inner + j];
      for (std::size_t step = 0; step < n; ++step) {
        const std::size_t t = (o * n + (reverse ? n - 1 - step : step)) * inner + j;
        previous = h[t] = fma(a[t], previous, b[t]);
      }
    }
  }
}

}  // namespace paragon::contract
