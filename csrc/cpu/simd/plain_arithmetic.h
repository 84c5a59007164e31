// Arithmetic of sixteen-byte vectors for targets whose instructions for it the compiler finds by itself.
#pragma once

#include "cpu/simd/sixteen_bytes.h"

namespace paragon::cpu {
namespace {

PARAGON_INLINE F32 sqrt(F32 x) {
  return {F32::Raw{__builtin_sqrtf(x.v[0]), __builtin_sqrtf(x.v[1]), __builtin_sqrtf(x.v[2]), __builtin_sqrtf(x.v[3])}};
}
PARAGON_INLINE F32 greater(F32 a, F32 b) { return select(a > b, a, b); }
PARAGON_INLINE F64 greater(F64 a, F64 b) { return select(a > b, a, b); }
PARAGON_INLINE F64 lesser(F64 a, F64 b) { return select(a < b, a, b); }
PARAGON_INLINE U64 multiply_words(U64 a, U64 b) {
  const U64 low_words = splat(std::uint64_t{0xffffffff});
  return (a & low_words) * (b & low_words);
}

}  // namespace
}  // namespace paragon::cpu
