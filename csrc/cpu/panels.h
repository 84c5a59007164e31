// The reduction rule (docs/contract.md, section 3) for kernels: panels, and the trees that add up their results.
// Internal linkage, like simd.h.
#pragma once

#include <cstddef>

#include "cpu/divide_up.h"
#include "cpu/kernels.h"
#include "cpu/scratch.h"
#include "cpu/simd.h"
#include "cpu/threads.h"

namespace paragon::cpu {
namespace {

PARAGON_INLINE constexpr std::size_t min_of(std::size_t a, std::size_t b) { return a < b ? a : b; }
PARAGON_INLINE constexpr std::size_t max_of(std::size_t a, std::size_t b) { return a < b ? b : a; }

// The number of panels of n terms, and the length of the panels but for the last.
PARAGON_INLINE std::size_t panel_count(std::size_t n, std::size_t panel) {
  return panel == kOnePanel || n <= panel ? 1 : divide_up(n, panel);
}
PARAGON_INLINE std::size_t panel_length(std::size_t n, std::size_t panel) {
  return panel_count(n, panel) == 1 ? n : panel;
}

// How many times the rule is applied to the results of `count` panels until one value is left: the depth of the tree.
PARAGON_INLINE std::size_t tree_depth(std::size_t count, std::size_t panel) {
  std::size_t depth = 0;
  for (; count > 1; count = panel_count(count, panel)) ++depth;
  return depth;
}
inline constexpr std::size_t kMaxDepth = 32;  // enough for 2^32 panels of 2

// Adds up panel results that come in ascending order of panels. Panels without terms may be left out, if the sum of
// none is meant: a sum that starts from +0 never becomes -0, so adding +0 changes nothing. V is a vector or a number.
template <class V>
class PanelTree {
 public:
  PARAGON_INLINE PanelTree(std::size_t count, std::size_t panel) : panel_(panel), depth_(tree_depth(count, panel)) {
    clear();
  }
  PARAGON_INLINE void clear() {
    acc_[0] = V{};
    for (std::size_t i = 0; i < depth_; ++i) {
      acc_[i] = V{};
      group_[i] = 0;
    }
  }
  PARAGON_INLINE void add(std::size_t index, V result) {
    if (depth_ == 0) {
      acc_[0] = result;  // the only panel: its result is the sum, even if it is -0
    } else {
      add(0, index, result);
    }
  }
  PARAGON_INLINE V result() {
    for (std::size_t level = 0; level + 1 < depth_; ++level) add(level + 1, group_[level], acc_[level]);
    return acc_[depth_ == 0 ? 0 : depth_ - 1];
  }

 private:
  PARAGON_INLINE void add(std::size_t level, std::size_t index, V term) {
    for (;; ++level) {
      const std::size_t group = index / panel_;
      if (group == group_[level]) {
        acc_[level] = acc_[level] + term;
        return;
      }
      // A new group begins: what the last one came to is a term of the next level.
      const V closed = acc_[level];
      acc_[level] = V{} + term;
      term = closed;
      index = group_[level];
      group_[level] = group;
    }
  }

  std::size_t panel_, depth_;
  std::size_t group_[kMaxDepth];  // at each level, the group that is being added up
  V acc_[kMaxDepth];
};

// The same for arrays of `size` elements, in scratch. T is float or std::uint32_t. A caller may add the result of a
// panel itself: to `sums()`, or where `begins(index)` to +0 in their place. It then calls `close(index)`.
template <class T>
class ArrayTree {
 public:
  ArrayTree(std::size_t size, std::size_t count, std::size_t panel)
      : size_(size),
        count_(count),
        panel_(panel),
        depth_(max_of(tree_depth(count, panel), 1)),
        levels_(depth_ * size * sizeof(T)) {}

  void add(std::size_t index, const T* result) {
    T* to = sums();
    const bool first = begins(index);
    for (std::size_t i = 0; i < size_; ++i) to[i] = (first ? T{} : to[i]) + result[i];
    close(index);
  }
  const T* result() const { return level(depth_ - 1); }

  T* sums() const { return level(0); }
  bool begins(std::size_t index) const { return count_ == 1 || index % panel_ == 0; }
  void close(std::size_t index) {
    const bool last = index + 1 == count_;
    for (std::size_t l = 0; l + 1 < depth_ && (last || (index + 1) % panel_ == 0); ++l) {
      index /= panel_;
      const bool first = begins(index);
      const T* from = level(l);
      T* to = level(l + 1);
      for (std::size_t i = 0; i < size_; ++i) to[i] = first ? from[i] : to[i] + from[i];
    }
  }

 private:
  T* level(std::size_t l) const { return levels_.as<T>() + l * size_; }

  std::size_t size_, count_, panel_, depth_;
  Scratch levels_;
};

// Calls fn(begin, end) for ranges that make up 0 ... n - 1. `work` is that of one item, as kGrain counts it: if there
// are several ranges, each is worth a thread.
template <class Fn>
void parallel_ranges(ThreadPool& pool, std::size_t n, std::size_t work, const Fn& fn) {
  const std::size_t most = pool.threads() == 1 ? 1 : 4 * pool.threads();
  const std::size_t shortest = divide_up(kGrain, max_of(work, 1));
  const std::size_t tasks = min_of(most, max_of(n / shortest, 1));
  pool.parallel_for(n == 0 ? 0 : tasks, [&](std::size_t t) { fn(n * t / tasks, n * (t + 1) / tasks); });
}

}  // namespace
}  // namespace paragon::cpu
