// sum, max and argmax over the middle axis of (outer, n, inner). Where inner is 1, lanes go across rows or panels
// (rows.h); else across inner, with what has been reduced so far kept in the first level of cache while rows stream by.
#include "cpu/rows.h"

namespace paragon::cpu::PARAGON_ISA {
namespace {

constexpr std::size_t kColumns = 1024;  // of inner that are reduced at once

// Up to this length a row has too few vectors to keep the lanes busy: its maximum is found together with those of other
// rows, one a lane.
constexpr std::size_t kLongestInLane = 4 * kLanes;

// Calls fn(o, j, columns) for all blocks of columns of (outer, ., inner).
template <class Fn>
void for_column_blocks(const ReduceArgs& args, ThreadPool& pool, const Fn& fn) {
  // Few blocks are cut into narrower ones, so that all threads have work, but not below whole lines of cache.
  std::size_t width = min_of(args.inner, kColumns);
  while (width >= 128 && args.outer * divide_up(args.inner, width) < 2 * pool.threads()) width /= 2;
  width = max_of(divide_up(width, kLanes), 1) * kLanes;
  const std::size_t blocks = divide_up(args.inner, width);
  parallel_ranges(pool, args.outer * blocks, width * args.n, [&](auto begin, auto end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t j = i % blocks * width;
      fn(i / blocks, j, min_of(args.inner - j, width));
    }
  });
}

// acc[j] = acc[j] + x[0][j] + x[1][j] + ..., in this order; rows are `stride` apart.
template <class T>
void add_rows(T* acc, const T* x, std::size_t rows, std::size_t stride, std::size_t columns) {
  for (; rows >= 4; rows -= 4, x += 4 * stride) {
    std::size_t j = 0;
    for (; j + kLanes <= columns; j += kLanes) {
      const T* p = x + j;
      store(acc + j, load(acc + j) + load(p) + load(p + stride) + load(p + 2 * stride) + load(p + 3 * stride));
    }
    for (; j < columns; ++j) acc[j] = acc[j] + x[j] + x[stride + j] + x[2 * stride + j] + x[3 * stride + j];
  }
  for (; rows > 0; --rows, x += stride) {
    std::size_t j = 0;
    for (; j + kLanes <= columns; j += kLanes) store(acc + j, load(acc + j) + load(x + j));
    for (; j < columns; ++j) acc[j] = acc[j] + x[j];
  }
}

template <class T>
void sum(const ReduceArgs& args, ThreadPool& pool) {
  const T* x = static_cast<const T*>(args.x);
  T* out = static_cast<T*>(args.out);
  if (args.inner == 1) {
    reduce_rows(SumTerms<T>{x, args.n}, args.outer, args.n, args.panel, out, pool);
    return;
  }
  const std::size_t count = panel_count(args.n, args.panel), length = panel_length(args.n, args.panel);
  for_column_blocks(args, pool, [&](std::size_t o, std::size_t j, std::size_t columns) {
    ArrayTree<T> tree(columns, count, args.panel);
    T panel_sum[kColumns];
    for (std::size_t p = 0; p < count; ++p) {
      std::memset(panel_sum, 0, columns * sizeof(T));
      const std::size_t rows = min_of(args.n - p * length, length);
      add_rows(panel_sum, x + (o * args.n + p * length) * args.inner + j, rows, args.inner, columns);
      tree.add(p, panel_sum);
    }
    std::memcpy(out + o * args.inner + j, tree.result(), columns * sizeof(T));
  });
}

// Values as i32 keys in the same order, with every NaN above all numbers.
template <class T>
struct Keys;
template <>
struct Keys<std::int32_t> {
  PARAGON_INLINE static I32 of(I32 x) { return x; }
  PARAGON_INLINE static I32 back(I32 key) { return key; }
  static constexpr std::int32_t kLowest = INT32_MIN;
};
template <>
struct Keys<std::uint32_t> {
  PARAGON_INLINE static I32 of(U32 x) { return as<I32>(x ^ splat(0x80000000u)); }
  PARAGON_INLINE static U32 back(I32 key) { return as<U32>(key) ^ splat(0x80000000u); }
  static constexpr std::int32_t kLowest = INT32_MIN;
};
template <>
struct Keys<float> {
  PARAGON_INLINE static I32 flip(I32 x) { return x ^ ((x >> 31) & splat(INT32_MAX)); }
  PARAGON_INLINE static I32 of(F32 x) { return select(x == x, flip(as<I32>(x)), splat(std::int32_t{0x7fc00000})); }
  PARAGON_INLINE static F32 back(I32 key) { return as<F32>(flip(key)); }
  static constexpr std::int32_t kLowest = INT32_MIN ^ 0x7f800000 ^ INT32_MAX;  // of -inf
};
static_assert(Keys<float>::kLowest == std::int32_t{-0x7f800000} - 1);

// The same for argmax, where -0 and +0 are equal.
template <class T>
PARAGON_INLINE I32 argmax_keys(Vec<T> x) {
  if constexpr (std::is_same_v<T, float>) x = x + F32{};
  return Keys<T>::of(x);
}

PARAGON_INLINE I32 larger(I32 a, I32 b) { return select(a > b, a, b); }

PARAGON_INLINE I32 lane_numbers() {
  static constexpr std::int32_t numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return load(numbers);
}

// The maximum of a row of at least kLanes elements, by comparing floats. This is quicker than comparing keys, but takes
// -0 and +0 as equal and passes over NaN. Returns whether `result` can be trusted: it is no zero and met no NaN.
bool max_by_comparing(const float* x, std::size_t n, float& result) {
  F32 best[4] = {load(x), load(x), load(x), load(x)};
  auto is_nan = best[0] != best[0];
  std::size_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    F32 next[4];
#pragma GCC unroll 4
    for (std::size_t u = 0; u < 4; ++u) {
      next[u] = load(x + i + u * kLanes);
      best[u] = greater(next[u], best[u]);
      is_nan = is_nan | (next[u] != next[u]);
    }
  }
  for (; i < n; i += kLanes) {  // the last vector overlaps the one before it, which does not change a maximum
    const F32 next = load(x + min_of(i, n - kLanes));
    best[0] = greater(next, best[0]);
    is_nan = is_nan | (next != next);
  }
  float lane[kLanes];
  store(lane, greater(greater(best[0], best[1]), greater(best[2], best[3])));
  result = lane[0];
  for (std::size_t l = 1; l < kLanes; ++l) result = lane[l] > result ? lane[l] : result;
  return result != 0.0f && !any(is_nan);
}

template <class T>
T max_of_row(const T* x, std::size_t n) {
  if constexpr (std::is_same_v<T, float>) {
    float result;
    if (n >= kLanes && max_by_comparing(x, n, result)) return result;
  }
  I32 best[4];
  for (I32& b : best) b = splat(Keys<T>::kLowest);
  std::size_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
#pragma GCC unroll 4
    for (std::size_t u = 0; u < 4; ++u) best[u] = larger(best[u], Keys<T>::of(load(x + i + u * kLanes)));
  }
  for (; i + kLanes <= n; i += kLanes) best[0] = larger(best[0], Keys<T>::of(load(x + i)));
  if (i < n) {
    const auto inside = lane_numbers() < splat(static_cast<std::int32_t>(n - i));
    best[1] = larger(best[1], select(inside, Keys<T>::of(load_partial(x + i, n - i)), best[1]));
  }
  std::int32_t key[kLanes];
  store(key, larger(larger(best[0], best[1]), larger(best[2], best[3])));
  for (std::size_t l = 1; l < kLanes; ++l) key[0] = key[l] > key[0] ? key[l] : key[0];
  T value[kLanes];
  store(value, Keys<T>::back(splat(key[0])));
  return value[0];
}

// Rows that are not much longer than a vector: lanes across rows. fn(t, column) is called for element t of all of them.
template <class T, class Fn>
PARAGON_INLINE void for_columns_of_rows(const T* x, std::size_t rows, std::size_t n, const Fn& fn) {
  LaneStarts<T> lanes;
  for (std::size_t l = 0; l < kLanes; ++l) lanes.start[l] = x + (l < rows ? l : 0) * n;
  for (std::size_t t = 0; t < n; t += kLanes) {
    const std::size_t columns = min_of(n - t, kLanes);
    Vec<T> column[kLanes];
    lanes.load_columns(t, columns, column);
    for (std::size_t j = 0; j < columns; ++j) fn(t + j, column[j]);
  }
}

template <class T>
void max_of_rows(const T* x, std::size_t rows, std::size_t n, T* out) {
  if (n > kLongestInLane) {
    for (std::size_t i = 0; i < rows; ++i) out[i] = max_of_row(x + i * n, n);
    return;
  }
  for (std::size_t i = 0; i < rows; i += kLanes) {
    const std::size_t used = min_of(rows - i, kLanes);
    I32 best = splat(Keys<T>::kLowest);
    for_columns_of_rows(x + i * n, used, n,
                        [&](std::size_t, Vec<T> column) { best = larger(best, Keys<T>::of(column)); });
    store_partial(out + i, Keys<T>::back(best), used);
  }
}

// best[i] = the largest of best[i] and the keys that some rows, `stride` apart, have in column i.
template <std::size_t rows, class T>
void max_with_rows(std::int32_t* best, const T* x, std::size_t stride, std::size_t columns) {
  for (std::size_t i = 0; i < columns; i += kLanes) {
    const bool whole = i + kLanes <= columns;
    I32 largest = load(best + i);
#pragma GCC unroll 4
    for (std::size_t r = 0; r < rows; ++r) {
      const T* p = x + r * stride + i;
      largest = larger(largest, Keys<T>::of(whole ? load(p) : load_partial(p, columns - i)));
    }
    store(best + i, largest);
  }
}

template <class T>
void max(const ReduceArgs& args, ThreadPool& pool) {
  const T* x = static_cast<const T*>(args.x);
  T* out = static_cast<T*>(args.out);
  if (args.inner == 1) {
    parallel_ranges(pool, args.outer, args.n,
                    [&](auto begin, auto end) { max_of_rows(x + begin * args.n, end - begin, args.n, out + begin); });
    return;
  }
  for_column_blocks(args, pool, [&](std::size_t o, std::size_t j, std::size_t columns) {
    std::int32_t best[kColumns + kLanes];
    for (std::size_t i = 0; i < columns; i += kLanes) store(best + i, splat(Keys<T>::kLowest));
    const T* row = x + o * args.n * args.inner + j;
    std::size_t t = 0;
    for (; t + 4 <= args.n; t += 4) max_with_rows<4>(best, row + t * args.inner, args.inner, columns);
    for (; t < args.n; ++t) max_with_rows<1>(best, row + t * args.inner, args.inner, columns);
    T* to = out + o * args.inner + j;
    for (std::size_t i = 0; i < columns; i += kLanes) {
      const Vec<T> value = Keys<T>::back(load(best + i));
      columns - i >= kLanes ? store(to + i, value) : store_partial(to + i, value, columns - i);
    }
  });
}

// The best so far in each lane, and where it was found.
struct Best {
  I32 keys{}, where{};

  PARAGON_INLINE void offer(I32 key, I32 here) {
    const auto better = key > keys;
    keys = select(better, key, keys);
    where = select(better, here, where);
  }
};

// A row of at least kLanes elements.
template <class T>
std::int32_t argmax_of_row(const T* x, std::size_t n) {
  Best best{argmax_keys(load(x)), lane_numbers()};
  I32 here = lane_numbers();
  for (std::size_t i = kLanes; i + kLanes <= n; i += kLanes) {
    here = here + splat(static_cast<std::int32_t>(kLanes));
    best.offer(argmax_keys(load(x + i)), here);
  }
  // The last elements, some of them for the second time: what has been found earlier stays.
  best.offer(argmax_keys(load(x + n - kLanes)), lane_numbers() + splat(static_cast<std::int32_t>(n - kLanes)));
  std::int32_t key[kLanes], where[kLanes];
  store(key, best.keys);
  store(where, best.where);
  std::size_t first = 0;
  for (std::size_t l = 1; l < kLanes; ++l) {
    if (key[l] > key[first] || (key[l] == key[first] && where[l] < where[first])) first = l;
  }
  return where[first];
}

template <class T>
void argmax_of_rows(const T* x, std::size_t rows, std::size_t n, std::int32_t* out) {
  if (n > kLongestInLane) {
    for (std::size_t i = 0; i < rows; ++i) out[i] = argmax_of_row(x + i * n, n);
    return;
  }
  for (std::size_t i = 0; i < rows; i += kLanes) {
    const std::size_t used = min_of(rows - i, kLanes);
    Best best;
    for_columns_of_rows(x + i * n, used, n, [&](std::size_t t, Vec<T> column) {
      const I32 key = argmax_keys(column);
      if (t == 0) best.keys = key;
      best.offer(key, splat(static_cast<std::int32_t>(t)));
    });
    store_partial(out + i, best.where, used);
  }
}

template <class T>
void argmax(const ReduceArgs& args, ThreadPool& pool) {
  const T* x = static_cast<const T*>(args.x);
  std::int32_t* out = static_cast<std::int32_t*>(args.out);
  if (args.inner == 1) {
    parallel_ranges(pool, args.outer, args.n, [&](auto begin, auto end) {
      argmax_of_rows(x + begin * args.n, end - begin, args.n, out + begin);
    });
    return;
  }
  for_column_blocks(args, pool, [&](std::size_t o, std::size_t j, std::size_t columns) {
    std::int32_t* to = out + o * args.inner + j;
    for (std::size_t i = 0; i < columns; i += kLanes) {
      const std::size_t used = min_of(columns - i, kLanes);
      const T* column = x + o * args.n * args.inner + j + i;
      Best best;
      for (std::size_t t = 0; t < args.n; ++t, column += args.inner) {
        const I32 key = argmax_keys(used == kLanes ? load(column) : load_partial(column, used));
        if (t == 0) best.keys = key;
        best.offer(key, splat(static_cast<std::int32_t>(t)));
      }
      store_partial(to + i, best.where, used);
    }
  });
}

template <class T>
void enter(Kernels& kernels, Dtype dtype) {
  // Sums of i32 wrap, as those of u32 do.
  kernels.sum[static_cast<int>(dtype)] = sum<std::conditional_t<std::is_same_v<T, float>, float, std::uint32_t>>;
  kernels.max[static_cast<int>(dtype)] = max<T>;
  kernels.argmax[static_cast<int>(dtype)] = argmax<T>;
}

}  // namespace

void fill_reduce(Kernels& kernels) {
  enter<float>(kernels, Dtype::f32);
  enter<std::int32_t>(kernels, Dtype::i32);
  enter<std::uint32_t>(kernels, Dtype::u32);
}

}  // namespace paragon::cpu::PARAGON_ISA
