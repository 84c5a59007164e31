// What the targets with vectors of 16 bytes share (SSE2, NEON, WebAssembly and the portable one): no instruction of
// theirs loads a vector in part, or transposes on the way from memory.
#pragma once

#include <cstddef>

namespace paragon::cpu {
namespace {
inline constexpr std::size_t kVectorBytes = 16;
}
}  // namespace paragon::cpu

#include "cpu/simd/shuffles.h"
#include "cpu/simd/vector_masks.h"

namespace paragon::cpu {
namespace {

template <class T>
PARAGON_INLINE Vec<T> load_partial(const T* p, std::size_t n) {
  static_assert(sizeof(T) == 4);
  T lane[Vec<T>::lanes] = {};
  for (std::size_t i = 0; i < n; ++i) lane[i] = p[i];
  return load(lane);
}

template <class T, class Start>
PARAGON_INLINE void load_transposed(const Start& start, Vec<T> (&column)[Vec<T>::lanes]) {
  for (std::size_t i = 0; i < Vec<T>::lanes; ++i) column[i] = load(start(i));
  transpose(column);
}

}  // namespace
}  // namespace paragon::cpu
