// The matrix product of the contract: every element is a `dot` over k.
#pragma once

#include <cstddef>

#include "contract/reduce.h"

namespace paragon::contract {

// c (m, n), dense. Element (i, k) of a is a[i * a_row + k * a_col], element (k, j) of b is b[k * b_row + j * b_col].
inline void matmul(const float* a, std::size_t a_row, std::size_t a_col, const float* b, std::size_t b_row,
                   std::size_t b_col, float* c, std::size_t m, std::size_t n, std::size_t k, std::size_t panel) {
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      c[i * n + j] = dot(
          0, k, panel, [&](std::size_t t) { return a[i * a_row + t * a_col]; },
          [&](std::size_t t) { return b[t * b_row + j * b_col]; });
    }
  }
}

}  // namespace paragon::contract
