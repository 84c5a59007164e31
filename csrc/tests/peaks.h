// What the processor and the memory can do at most, in loops: multiply-adds in registers, and reading word by word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace paragon::peaks {

// 12 chains, enough to hide the latency of fma and not too many for 16 registers. Returns the operations of a call.
#define PARAGON_PEAK(name, attribute, Vector, lanes, set, fma)                    \
  attribute inline double name(float* sink) {                                     \
    constexpr int chains = 12, steps = 40000;                                     \
    const Vector x = set(sink[0]), y = set(sink[1]);                              \
    Vector acc[chains];                                                           \
    for (int c = 0; c < chains; ++c) acc[c] = y;                                  \
    for (int i = 0; i < steps; ++i) {                                             \
      _Pragma("GCC unroll 12") for (int c = 0; c < chains; ++c) { acc[c] = fma; } \
    }                                                                             \
    for (int c = 0; c < chains; ++c) sink[2 + c] = acc[c][0];                     \
    return 2.0 * lanes * chains * steps;                                          \
  }
using Peak = double (*)(float*);
constexpr std::size_t kSink = 14;  // floats: two factors, then one result a chain
#if defined(__x86_64__)
PARAGON_PEAK(fma_avx512, __attribute__((target("avx512f"))), __m512, 16, _mm512_set1_ps, _mm512_fmadd_ps(x, y, acc[c]))
PARAGON_PEAK(fma_avx2, __attribute__((target("avx2,fma"))), __m256, 8, _mm256_set1_ps, _mm256_fmadd_ps(x, y, acc[c]))
#elif defined(__aarch64__)
PARAGON_PEAK(fma_neon, , float32x4_t, 4, vdupq_n_f32, vfmaq_f32(acc[c], x, y))
#endif
#undef PARAGON_PEAK

// Null for an instruction set without fma.
inline Peak fma_of(const std::string& isa) {
#if defined(__x86_64__)
  if (isa == "avx512") return fma_avx512;
  if (isa == "avx2") return fma_avx2;
#elif defined(__aarch64__)
  if (isa == "neon") return fma_neon;
#endif
  return nullptr;
}

// The sum of all words, so that none can be left out; eight sums, which a compiler may keep in vectors.
inline std::uint64_t read_all(const unsigned char* bytes, std::size_t count) {
  std::uint64_t sums[8] = {};
  for (std::size_t i = 0; i + sizeof sums <= count; i += sizeof sums) {
    std::uint64_t words[8];
    std::memcpy(words, bytes + i, sizeof words);
    for (int j = 0; j < 8; ++j) sums[j] += words[j];
  }
  std::uint64_t total = 0;
  for (const std::uint64_t sum : sums) total += sum;
  return total;
}

}  // namespace paragon::peaks
