// Reductions of rows that lie one after another in memory, or in two memories: the chains of kLanes rows, or of kLanes
// panels of one row, are built at once, one a lane, from blocks that are transposed in registers. Internal linkage,
// like simd.h.
#pragma once

#include <type_traits>

#include "cpu/panels.h"

namespace paragon::cpu {
namespace {

// Where the lanes read: lane l at start[l]. Processors fetch the next lines of memory by themselves only for a few
// arrays that are read side by side, not for one a lane; so the words that a lane will read next, `ahead` elements
// further on, are asked for explicitly.
template <class T>
struct LaneStarts {
  const T* start[Vec<T>::lanes];
  std::size_t ahead = 0;

  PARAGON_INLINE void prefetch(std::size_t t) const {
    for (std::size_t l = 0; l < Vec<T>::lanes; ++l) __builtin_prefetch(start[l] + t + ahead, 0, 2);
  }

  // column[j] has element t + j of every lane, for j < columns.
  PARAGON_INLINE void load_columns(std::size_t t, std::size_t columns, Vec<T> (&column)[Vec<T>::lanes]) const {
    if (columns == Vec<T>::lanes) {
      load_transposed([&](std::size_t l) { return start[l] + t; }, column);
    } else {
      for (std::size_t l = 0; l < Vec<T>::lanes; ++l) column[l] = load_partial(start[l] + t, columns);
      transpose(column);
    }
  }
};

inline constexpr std::size_t kLine = 16;                       // words of a line of cache
inline constexpr std::size_t kInCache = std::size_t{1} << 17;  // words that fit into the second level of every cache
inline constexpr std::size_t kStreams = 16;  // arrays outside that cache that a processor can follow side by side

// What is reduced is given by one of the three kinds of terms below. Each has
//   Chains                          the chains of a vector, one a lane: `run(length)` takes that many terms of each
//   place(chains, lane, row, term)  lets a lane begin at a term of a row

template <class T>
struct SumTerms {
  using Lane = T;
  const T* x;
  std::size_t n;

  struct Chains {
    LaneStarts<T> x;
    PARAGON_INLINE void look_ahead(std::size_t distance) { x.ahead = distance; }
    PARAGON_INLINE Vec<T> run(std::size_t length) const {
      constexpr std::size_t lanes = Vec<T>::lanes;
      Vec<T> acc{}, column[lanes];
      std::size_t t = 0;
      for (; t + lanes <= length; t += lanes) {
        if (t % kLine == 0) x.prefetch(t);
        x.load_columns(t, lanes, column);
#pragma GCC unroll 16
        for (std::size_t j = 0; j < lanes; ++j) acc = acc + column[j];
      }
      if (t < length) {
        x.load_columns(t, length - t, column);
        for (std::size_t j = 0; j < length - t; ++j) acc = acc + column[j];
      }
      return acc;
    }
  };
  PARAGON_INLINE void place(Chains& chains, std::size_t lane, std::size_t row, std::size_t term) const {
    chains.x.start[lane] = x + row * n + term;
  }
};

struct DotTerms {
  using Lane = float;
  const float* a;
  const float* b;
  const std::size_t* a_offset;  // of each row
  const std::size_t* b_offset;

  struct Chains {
    LaneStarts<float> a, b;
    PARAGON_INLINE void look_ahead(std::size_t distance) { a.ahead = distance; }
    template <bool square>  // whether b is a
    PARAGON_INLINE F32 run(std::size_t length) const {
      F32 acc{}, x[F32::lanes], y[F32::lanes];
      std::size_t t = 0;
      for (; t + F32::lanes <= length; t += F32::lanes) {
        if (t % kLine == 0) a.prefetch(t);
        a.load_columns(t, F32::lanes, x);
        if (!square) b.load_columns(t, F32::lanes, y);
#pragma GCC unroll 16
        for (std::size_t j = 0; j < F32::lanes; ++j) acc = fma(x[j], square ? x[j] : y[j], acc);
      }
      if (t < length) {
        a.load_columns(t, length - t, x);
        if (!square) b.load_columns(t, length - t, y);
        for (std::size_t j = 0; j < length - t; ++j) acc = fma(x[j], square ? x[j] : y[j], acc);
      }
      return acc;
    }
    PARAGON_INLINE F32 run(std::size_t length) const {
      return std::memcmp(a.start, b.start, sizeof a.start) == 0 ? run<true>(length) : run<false>(length);
    }
  };
  PARAGON_INLINE void place(Chains& chains, std::size_t lane, std::size_t row, std::size_t term) const {
    chains.a.start[lane] = a + (a_offset == nullptr ? 0 : a_offset[row]) + term;
    chains.b.start[lane] = b + (b_offset == nullptr ? 0 : b_offset[row]) + term;
  }
};

// Rows of a matrix, `stride` apart, times one vector.
struct VectorTerms {
  using Lane = float;
  const float* matrix;
  std::size_t stride;
  const float* vector;

  struct Chains {
    LaneStarts<float> row, factor;
    PARAGON_INLINE void look_ahead(std::size_t distance) { row.ahead = distance; }
    // The chains of several vectors of rows by turns: alone, each would wait for one fma to end before the next.
    template <std::size_t groups>
    PARAGON_INLINE static void run_together(const Chains (&chains)[groups], std::size_t length, F32 (&acc)[groups]) {
      F32 x[F32::lanes];
      std::size_t t = 0;
      for (; t + F32::lanes <= length; t += F32::lanes) {
        const float* factors = chains[0].factor.start[0] + t;
#pragma GCC unroll 2
        for (std::size_t g = 0; g < groups; ++g) {
          chains[g].row.load_columns(t, F32::lanes, x);
#pragma GCC unroll 16
          for (std::size_t j = 0; j < F32::lanes; ++j) acc[g] = fma(splat(factors[j]), x[j], acc[g]);
        }
      }
      for (std::size_t g = 0; g < groups; ++g) acc[g] = chains[g].run_from(t, length, acc[g]);
    }
    PARAGON_INLINE F32 run(std::size_t length) const {
      const bool is_shared = factor.start[0] == factor.start[1];
      if (!is_shared) return run_from(0, length, F32{});  // lanes across panels
      F32 acc[1]{};
      run_together<1>({*this}, length, acc);
      return acc[0];
    }
    PARAGON_INLINE F32 run_from(std::size_t t, std::size_t length, F32 acc) const {
      F32 x[F32::lanes], y[F32::lanes];
      for (; t < length; t += F32::lanes) {
        const std::size_t steps = min_of(length - t, F32::lanes);
        row.load_columns(t, steps, x);
        factor.load_columns(t, steps, y);
        for (std::size_t j = 0; j < steps; ++j) acc = fma(y[j], x[j], acc);
      }
      return acc;
    }
  };
  PARAGON_INLINE void place(Chains& chains, std::size_t lane, std::size_t r, std::size_t term) const {
    chains.row.start[lane] = matrix + r * stride + term;
    chains.factor.start[lane] = vector + term;
  }
};

// The chains of `length` terms of lanes l < used: lane l has row + l * row_step, from term + l * term_step on.
template <class Terms>
PARAGON_INLINE typename Terms::Chains place_chains(const Terms& terms, std::size_t used, std::size_t row,
                                                   std::size_t row_step, std::size_t term, std::size_t term_step,
                                                   std::size_t length) {
  typename Terms::Chains chains;
  chains.look_ahead(row_step == 0 ? Vec<typename Terms::Lane>::lanes * term_step : length);
  for (std::size_t l = 0; l < Vec<typename Terms::Lane>::lanes; ++l) {
    const std::size_t lane = l < used ? l : 0;  // a lane without work repeats the first
    terms.place(chains, l, row + lane * row_step, term + lane * term_step);
  }
  return chains;
}
template <class Terms>
Vec<typename Terms::Lane> run_chains(const Terms& terms, std::size_t used, std::size_t row, std::size_t row_step,
                                     std::size_t term, std::size_t term_step, std::size_t length) {
  return place_chains(terms, used, row, row_step, term, term_step, length).run(length);
}

// Lanes across rows, two vectors of them at a time, as far as they go. Returns the first row that is left.
inline std::size_t reduce_rows_by_twos(const VectorTerms& terms, std::size_t begin, std::size_t end, std::size_t n,
                                       std::size_t panel, float* out) {
  constexpr std::size_t lanes = F32::lanes;
  const std::size_t count = panel_count(n, panel), length = panel_length(n, panel);
  PanelTree<F32> trees[2] = {{count, panel}, {count, panel}};
  std::size_t row = begin;
  for (; row + 2 * lanes <= end; row += 2 * lanes) {
    for (auto& tree : trees) tree.clear();
    for (std::size_t p = 0; p < count; ++p) {
      const std::size_t here = min_of(n - p * length, length);
      const VectorTerms::Chains chains[2] = {place_chains(terms, lanes, row, 1, p * length, 0, here),
                                             place_chains(terms, lanes, row + lanes, 1, p * length, 0, here)};
      F32 sums[2]{};
      VectorTerms::Chains::run_together(chains, here, sums);
      for (std::size_t g = 0; g < 2; ++g) trees[g].add(p, sums[g]);
    }
    for (std::size_t g = 0; g < 2; ++g) store(out + row + g * lanes, trees[g].result());
  }
  return row;
}

// Lanes across rows.
template <class Terms>
void reduce_rows_together(const Terms& terms, std::size_t begin, std::size_t end, std::size_t n, std::size_t panel,
                          typename Terms::Lane* out) {
  using V = Vec<typename Terms::Lane>;
  const std::size_t count = panel_count(n, panel), length = panel_length(n, panel);
  PanelTree<V> tree(count, panel);
  std::size_t row = begin;
  if constexpr (std::is_same_v<Terms, VectorTerms>) {
    // Two vectors of rows are twice as many arrays that are read side by side.
    const bool by_twos = 2 * V::lanes <= kStreams || (end - begin) * terms.stride <= kInCache;
    if (by_twos && end - begin >= 2 * V::lanes) row = reduce_rows_by_twos(terms, begin, end, n, panel, out);
  }
  for (; row < end; row += V::lanes) {
    const std::size_t used = min_of(end - row, V::lanes);
    tree.clear();
    for (std::size_t p = 0; p < count; ++p) {
      tree.add(p, run_chains(terms, used, row, 1, p * length, 0, min_of(n - p * length, length)));
    }
    const V result = tree.result();
    used == V::lanes ? store(out + row, result) : store_partial(out + row, result, used);
  }
}

// Lanes across the panels of one row.
template <class Terms>
typename Terms::Lane reduce_row(const Terms& terms, std::size_t row, std::size_t n, std::size_t panel,
                                ThreadPool& pool) {
  using T = typename Terms::Lane;
  constexpr std::size_t lanes = Vec<T>::lanes, at_once = 4096;
  const std::size_t count = panel_count(n, panel), length = panel_length(n, panel), full = n / length;
  const Scratch results(min_of(count, at_once) * sizeof(T));
  T* result = results.as<T>();
  PanelTree<T> tree(count, panel);
  for (std::size_t first = 0; first < count; first += at_once) {
    const std::size_t panels = min_of(count - first, at_once);
    parallel_ranges(pool, divide_up(panels, lanes), length * lanes, [&](auto begin, auto end) {
      for (std::size_t p = first + begin * lanes; p < min_of(first + end * lanes, first + panels); p += lanes) {
        const std::size_t used = min_of(lanes, full - min_of(p, full));
        if (used > 0) {
          store_partial(result + (p - first), run_chains(terms, used, row, 0, p * length, length, length), used);
        }
        if (p + used < min_of(p + lanes, count)) {  // the last panel is shorter
          store_partial(result + (full - first), run_chains(terms, 1, row, 0, full * length, 0, n - full * length), 1);
        }
      }
    });
    for (std::size_t p = 0; p < panels; ++p) tree.add(first + p, result[p]);
  }
  return tree.result();
}

// out[row] = the sum, or the dot, of the n terms of each row.
template <class Terms>
void reduce_rows(const Terms& terms, std::size_t rows, std::size_t n, std::size_t panel, typename Terms::Lane* out,
                 ThreadPool& pool) {
  constexpr std::size_t lanes = Vec<typename Terms::Lane>::lanes;
  if (n == 0) {
    for (std::size_t row = 0; row < rows; ++row) out[row] = 0;
  } else if (rows >= lanes || panel_count(n, panel) == 1) {
    parallel_ranges(pool, divide_up(rows, lanes), n * lanes, [&](auto begin, auto end) {
      reduce_rows_together(terms, begin * lanes, min_of(end * lanes, rows), n, panel, out);
    });
  } else {
    for (std::size_t row = 0; row < rows; ++row) out[row] = reduce_row(terms, row, n, panel, pool);
  }
}

}  // namespace
}  // namespace paragon::cpu
