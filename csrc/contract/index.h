// gather and scatter_add of the contract. The table is (outer, size, inner), what is picked (outer, count, inner).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "contract/reduce.h"

namespace paragon::contract {

template <class T>
void gather(const T* x, const std::int32_t* indices, T* out, std::size_t outer, std::size_t size, std::size_t inner,
            std::size_t count) {
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j < inner; ++j) {
        const std::int64_t from = indices[i];
        const bool inside = from >= 0 && from < static_cast<std::int64_t>(size);
        out[(o * count + i) * inner + j] = inside ? x[(o * size + static_cast<std::size_t>(from)) * inner + j] : T{0};
      }
    }
  }
}

// For each destination the sum over the source index; a source that points elsewhere is absent.
template <class T>
void scatter_add(const T* x, const std::int32_t* indices, T* out, std::size_t outer, std::size_t size,
                 std::size_t inner, std::size_t count, std::size_t panel) {
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t d = 0; d < size; ++d) {
      for (std::size_t j = 0; j < inner; ++j) {
        out[(o * size + d) * inner + j] = sum_present<T>(0, count, panel, [&](std::size_t i) {
          const bool here = indices[i] == static_cast<std::int64_t>(d);
          return here ? std::optional<T>(x[(o * count + i) * inner + j]) : std::nullopt;
        });
      }
    }
  }
}

}  // namespace paragon::contract
