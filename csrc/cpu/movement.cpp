// Copies rows of words between any two strides; where the source runs along another axis, transposes blocks of 4 x 4.
#include "cpu/movement.h"

#include <algorithm>
#include <cstring>

#include "cpu/threads.h"

namespace paragon::cpu {

namespace {

using Word = std::uint32_t;

constexpr std::size_t kTaskWords = 4 * kGrain;  // words that are only moved are worth a quarter of others
constexpr std::size_t kStrip = 16;              // rows transposed at once: 16 words are a cache line

std::size_t tasks_for(std::size_t words, const ThreadPool& pool) {
  return std::clamp<std::size_t>(words / kTaskWords, 1, pool.threads());
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

// dst (4 rows of 4) = the transpose of src; the rows of each are a step apart.
void transpose_four(const Word* src, std::ptrdiff_t src_step, Word* dst, std::ptrdiff_t dst_step) {
  typedef Word Four __attribute__((vector_size(16)));
  Four x[4];
  for (std::ptrdiff_t i = 0; i < 4; ++i) std::memcpy(&x[i], src + i * src_step, sizeof(Four));
  const Four low0 = __builtin_shufflevector(x[0], x[1], 0, 4, 1, 5),
             high0 = __builtin_shufflevector(x[0], x[1], 2, 6, 3, 7);
  const Four low1 = __builtin_shufflevector(x[2], x[3], 0, 4, 1, 5),
             high1 = __builtin_shufflevector(x[2], x[3], 2, 6, 3, 7);
  const Four y[4] = {__builtin_shufflevector(low0, low1, 0, 1, 4, 5), __builtin_shufflevector(low0, low1, 2, 3, 6, 7),
                     __builtin_shufflevector(high0, high1, 0, 1, 4, 5),
                     __builtin_shufflevector(high0, high1, 2, 3, 6, 7)};
  for (std::ptrdiff_t i = 0; i < 4; ++i) std::memcpy(dst + i * dst_step, &y[i], sizeof(Four));
}

// The last two axes where the source runs along the first of them and the destination along the second. The last blocks
// of four overlap those before them.
void copy_transposed(const Word* src, std::ptrdiff_t src_step, Word* dst, std::ptrdiff_t dst_step, std::size_t rows,
                     std::size_t columns) {
  if (rows < 4 || columns < 4) {
    for (std::size_t r = 0; r < rows; ++r) {
      copy_row(src + r, src_step, dst + static_cast<std::ptrdiff_t>(r) * dst_step, 1, columns);
    }
    return;
  }
  for (std::size_t strip = 0; strip < rows; strip += kStrip) {
    for (std::size_t c = 0; c < columns; c += 4) {
      const auto column = static_cast<std::ptrdiff_t>(std::min(c, columns - 4));
      for (std::size_t r = strip; r < std::min(strip + kStrip, rows); r += 4) {
        const auto row = static_cast<std::ptrdiff_t>(std::min(r, rows - 4));
        transpose_four(src + column * src_step + row, src_step, dst + row * dst_step + column, dst_step);
      }
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

void one_hot(const std::int32_t* indices, std::size_t outer, std::size_t depth, std::size_t inner, float* out,
             ThreadPool& pool) {
  const std::size_t tasks = std::min(std::max<std::size_t>(outer, 1), tasks_for(outer * depth * inner, pool));
  pool.parallel_for(tasks, [&](std::size_t t) {
    const std::size_t first = outer * t / tasks, last = outer * (t + 1) / tasks;
    if (inner == 1) {
      std::fill(out + first * depth, out + last * depth, 0.0f);
      for (std::size_t i = first; i < last; ++i) {
        // As unsigned, a negative index is too large.
        const auto index = static_cast<std::uint32_t>(indices[i]);
        if (index < depth) out[i * depth + index] = 1.0f;
      }
      return;
    }
    for (std::size_t i = first; i < last; ++i) {
      const std::int32_t* row = indices + i * inner;
      for (std::size_t d = 0; d < depth; ++d) {
        float* to = out + (i * depth + d) * inner;
        const auto here = static_cast<std::int32_t>(d);
        for (std::size_t j = 0; j < inner; ++j) to[j] = row[j] == here ? 1.0f : 0.0f;
      }
    }
  });
}

}  // namespace paragon::cpu
