#include "cpu/movement.h"

#include <algorithm>
#include <cstring>

#include "cpu/threads.h"

namespace paragon::cpu {

namespace {

using Word = std::uint32_t;

constexpr std::size_t kGrain = std::size_t{1} << 17;  // words that are worth a task of their own
constexpr std::size_t kTile = 16;                     // a transposed tile: 16 words are a cache line

std::size_t tasks_for(std::size_t words, const ThreadPool& pool) {
  return std::clamp<std::size_t>(words / kGrain, 1, pool.threads());
}

// One run along the last axis.
void copy_row(const Word* src, std::ptrdiff_t src_step, Word* dst, std::ptrdiff_t dst_step, std::size_t n) {
  if (dst_step == 1 && src_step == 1) {
    std::memcpy(dst, src, n * sizeof(Word));
  } else if (dst_step == 1 && src_step == 0) {
    std::fill_n(dst, n, *src);
  } else {
    const auto count = static_cast<std::ptrdiff_t>(n);
    for (std::ptrdiff_t i = 0; i < count; ++i) dst[i * dst_step] = src[i * src_step];
  }
}

// The last two axes where the source runs along the first of them and the destination along the second.
void copy_transposed(const Word* src, std::ptrdiff_t src_step, Word* dst, std::ptrdiff_t dst_step, std::size_t rows,
                     std::size_t columns) {
  const auto tile = [&](std::size_t r0, std::size_t c0, std::size_t height, std::size_t width) {
    Word block[kTile][kTile];
    for (std::size_t c = 0; c < width; ++c) {
      const Word* from = src + static_cast<std::ptrdiff_t>(c0 + c) * src_step + static_cast<std::ptrdiff_t>(r0);
      for (std::size_t r = 0; r < height; ++r) block[r][c] = from[r];
    }
    for (std::size_t r = 0; r < height; ++r) {
      std::memcpy(dst + static_cast<std::ptrdiff_t>(r0 + r) * dst_step + static_cast<std::ptrdiff_t>(c0), block[r],
                  width * sizeof(Word));
    }
  };
  for (std::size_t r = 0; r < rows; r += kTile) {
    for (std::size_t c = 0; c < columns; c += kTile) {
      tile(r, c, std::min(kTile, rows - r), std::min(kTile, columns - c));
    }
  }
}

// The part of the copy whose first index is in first ... last-1.
void copy_part(const CopyArgs& a, const Word* src, Word* dst, std::size_t first, std::size_t last) {
  const std::size_t r = a.rank;
  src += static_cast<std::ptrdiff_t>(first) * a.src_stride[0];
  dst += static_cast<std::ptrdiff_t>(first) * a.dst_stride[0];
  std::size_t shape[kMaxCopyRank];
  std::copy_n(a.shape, r, shape);
  shape[0] = last - first;
  const bool transposed = r >= 2 && a.dst_stride[r - 1] == 1 && a.src_stride[r - 2] == 1 && a.src_stride[r - 1] != 1;
  const std::size_t outer = transposed ? r - 2 : r - 1;  // axes walked by the odometer
  std::size_t index[kMaxCopyRank] = {};
  for (;;) {
    if (transposed) {
      copy_transposed(src, a.src_stride[r - 1], dst, a.dst_stride[r - 2], shape[r - 2], shape[r - 1]);
    } else {
      copy_row(src, a.src_stride[r - 1], dst, a.dst_stride[r - 1], shape[r - 1]);
    }
    std::size_t k = outer;
    for (; k > 0; --k) {
      const auto length = static_cast<std::ptrdiff_t>(shape[k - 1]);
      src += a.src_stride[k - 1];
      dst += a.dst_stride[k - 1];
      if (++index[k - 1] < shape[k - 1]) break;
      index[k - 1] = 0;
      src -= length * a.src_stride[k - 1];
      dst -= length * a.dst_stride[k - 1];
    }
    if (k == 0) return;
  }
}

}  // namespace

CopyArgs simplify(const CopyArgs& args) {
  CopyArgs out{};
  for (std::size_t k = 0; k < args.rank; ++k) {
    if (args.shape[k] == 1) continue;
    const auto length = static_cast<std::ptrdiff_t>(args.shape[k]);
    const std::size_t last = out.rank - 1;
    if (out.rank > 0 && out.dst_stride[last] == args.dst_stride[k] * length &&
        out.src_stride[last] == args.src_stride[k] * length) {
      out.shape[last] *= args.shape[k];
      out.dst_stride[last] = args.dst_stride[k];
      out.src_stride[last] = args.src_stride[k];
      continue;
    }
    out.shape[out.rank] = args.shape[k];
    out.dst_stride[out.rank] = args.dst_stride[k];
    out.src_stride[out.rank] = args.src_stride[k];
    ++out.rank;
  }
  if (out.rank == 0) return {1, {1}, {1}, {1}};
  return out;
}

void copy(const CopyArgs& simplified, const Word* src, Word* dst, ThreadPool& pool) {
  std::size_t words = 1;
  for (std::size_t k = 0; k < simplified.rank; ++k) words *= simplified.shape[k];
  const std::size_t length = simplified.shape[0];
  const std::size_t tasks = std::min(length, tasks_for(words, pool));
  pool.parallel_for(
      tasks, [&](std::size_t t) { copy_part(simplified, src, dst, length * t / tasks, length * (t + 1) / tasks); });
}

void fill(Word word, Word* dst, std::size_t n, ThreadPool& pool) {
  const std::size_t tasks = tasks_for(n, pool);
  pool.parallel_for(tasks, [&](std::size_t t) { std::fill(dst + n * t / tasks, dst + n * (t + 1) / tasks, word); });
}

void one_hot(const std::int32_t* indices, std::size_t n, std::size_t depth, float* out, ThreadPool& pool) {
  const std::size_t tasks = std::min(std::max<std::size_t>(n, 1), tasks_for(n * depth, pool));
  pool.parallel_for(tasks, [&](std::size_t t) {
    const std::size_t first = n * t / tasks, last = n * (t + 1) / tasks;
    std::fill(out + first * depth, out + last * depth, 0.0f);
    for (std::size_t i = first; i < last; ++i) {
      // As unsigned, a negative index is too large.
      const auto index = static_cast<std::uint32_t>(indices[i]);
      if (index < depth) out[i * depth + index] = 1.0f;
    }
  });
}

}  // namespace paragon::cpu
