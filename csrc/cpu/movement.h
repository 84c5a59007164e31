// Operations that only move 32-bit words. Compiled once: they are bound by memory, not by the instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace paragon::cpu {

class ThreadPool;

inline constexpr std::size_t kMaxCopyRank = 8;

// For every index i of `shape`: dst[sum i * dst_stride] = src[sum i * src_stride]. Strides are in words; those of dst
// must not let two indices meet, those of src may be 0. The arrays do not overlap.
struct CopyArgs {
  std::size_t rank;
  std::size_t shape[kMaxCopyRank];
  std::ptrdiff_t dst_stride[kMaxCopyRank];
  std::ptrdiff_t src_stride[kMaxCopyRank];
};

// The same copy with fewer axes: those of length 1 dropped, and neighbours that lie one after the other joined.
// Not to be called with an empty shape.
CopyArgs simplify(const CopyArgs& args);

void copy(const CopyArgs& simplified, const std::uint32_t* src, std::uint32_t* dst, ThreadPool& pool);
void fill(std::uint32_t word, std::uint32_t* dst, std::size_t n, ThreadPool& pool);

// out (outer, depth, inner): 1.0f at (i, indices[i, j], j) where that index is in 0 ... depth - 1, all else +0.
void one_hot(const std::int32_t* indices, std::size_t outer, std::size_t depth, std::size_t inner, float* out,
             ThreadPool& pool);

}  // namespace paragon::cpu
