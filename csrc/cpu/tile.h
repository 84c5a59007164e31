// The innermost part of the matrix product: tiles of C, which stay in registers for a whole piece of k, and the packing of the
// factors for them. Each step of k loads a row of B and multiplies it by the broadcast elements of a column of A.
// Internal linkage, like simd.h.
#pragma once

#include "cpu/panels.h"

namespace paragon::cpu {
namespace {

constexpr std::size_t kLanes = F32::lanes;

// The tiles that fit into the registers: their largest height at a width of 1, 2, 4 and 8 vectors.
constexpr std::size_t kWidths = 4;
#if defined(PARAGON_SIMD_AVX512) || defined(PARAGON_SIMD_NEON)
constexpr std::size_t kHeights[kWidths] = {14, 14, 6, 3};
#elif defined(PARAGON_SIMD_AVX2)
constexpr std::size_t kHeights[kWidths] = {8, 6, 3, 1};
#else
constexpr std::size_t kHeights[kWidths] = {4, 4, 2, 1};
#endif
constexpr std::size_t kHighest = kHeights[0] > kHeights[1] ? kHeights[0] : kHeights[1];

struct Matrix {
  const float* data;
  std::size_t row, col;  // element (i, j) is data[i * row + j * col]

  PARAGON_INLINE const float* at(std::size_t i, std::size_t j) const { return data + i * row + j * col; }
  PARAGON_INLINE Matrix from(std::size_t i, std::size_t j) const { return {at(i, j), row, col}; }
};

// Where a tile begins and where it ends. A chain is what fma builds; a sum is what the panels of an element add up to.
enum class Begin { zero, chain };
enum class End { chain, first_sum, sum };

struct TileArgs {
  const float* a;
  std::size_t a_row, a_col;
  const float* b;
  std::size_t b_row;
  std::size_t k;
  float* chain;
  std::size_t chain_row;
  float* sum;
  std::size_t sum_row;
  std::size_t columns;  // of the tile; what its vectors hold beyond them is dropped
  Begin begin;
  End end;
};

// ---- tiles ----

#if !defined(PARAGON_SIMD_FMA)
// Not zero in a lane (of 32 bits, one of the two of a double) where rounding x, itself a rounded sum, to float may go wrong:
// where the 29 bits that go are those of a tie, or where 0 < |x| < 2^-126. (A sum of a product of floats and a float is 0 or
// larger than 2^-300, so the high word tells.) Both are "word - a < b, unsigned", which SSE2 only has signed.
PARAGON_INLINE U32 rounding_doubt(F64 x) {
  const U64 bits = as<U64>(x) & splat(std::uint64_t{0x7fffffff'1fffffff});
  const I32 word = as<I32>(as<U32>(bits) + as<U32>(splat(std::uint64_t{0x7fffffff'70000000})));
  return {(U32::Raw)(word < as<I32>(splat(std::uint64_t{0xb80fffff'80000001}))).m};
}
#endif

template <std::size_t W>
PARAGON_INLINE void load_row(const float* from, std::size_t columns, F32 (&row)[W]) {
#pragma GCC unroll 8
  for (std::size_t w = 0; w < W; ++w) {
    const std::size_t left = columns - w * kLanes;
    row[w] = left >= kLanes ? load(from + w * kLanes) : load_partial(from + w * kLanes, left);
  }
}

template <std::size_t W>
PARAGON_INLINE void store_row(float* to, std::size_t columns, const F32 (&row)[W]) {
#pragma GCC unroll 8
  for (std::size_t w = 0; w < W; ++w) {
    const std::size_t left = columns - w * kLanes;
    if (left >= kLanes) {
      store(to + w * kLanes, row[w]);
    } else {
      store_partial(to + w * kLanes, row[w], left);
    }
  }
}

template <std::size_t H, std::size_t W>
PARAGON_INLINE void end_tile(const TileArgs& t, F32 (&acc)[H][W]) {
#pragma GCC unroll 16
  for (std::size_t i = 0; i < H; ++i) {
    if (t.end == End::chain) {
      store_row(t.chain + i * t.chain_row, t.columns, acc[i]);
    } else {
      F32 sum[W] = {};  // +0, which the first panel is added to: its result may be -0
      if (t.end == End::sum) load_row(t.sum + i * t.sum_row, t.columns, sum);
#pragma GCC unroll 8
      for (std::size_t w = 0; w < W; ++w) sum[w] = sum[w] + acc[i][w];
      store_row(t.sum + i * t.sum_row, t.columns, sum);
    }
  }
}

// The steps of k. kPacked: the elements of a column of A are neighbours; else those of a row are.
template <std::size_t H, std::size_t W, bool kPacked>
PARAGON_INLINE void run_steps(const TileArgs& t, F32 (&acc)[H][W]) {
  const float* a = t.a;
  const float* b = t.b;
  const std::size_t a_row = kPacked ? 1 : t.a_row, a_col = kPacked ? t.a_col : 1, b_row = t.b_row;
#if defined(PARAGON_SIMD_FMA)
  for (std::size_t k = t.k; k > 0; --k, a += a_col, b += b_row) {
    F32 row[W];
#pragma GCC unroll 8
    for (std::size_t w = 0; w < W; ++w) row[w] = load(b + w * kLanes);
#pragma GCC unroll 16
    for (std::size_t i = 0; i < H; ++i) {
      const F32 element = splat(a[i * a_row]);
#pragma GCC unroll 8
      for (std::size_t w = 0; w < W; ++w) acc[i][w] = fma(element, row[w], acc[i][w]);
    }
  }
#else
  // Without fma, in double: the product is exact, and rounding the rounded sum once more gives the right float unless
  // the first rounding met a tie of the second or the float is subnormal. Where that may be, the step is done by fma.
  F64 chain[H][2 * W];
#pragma GCC unroll 16
  for (std::size_t i = 0; i < H; ++i) {
#pragma GCC unroll 8
    for (std::size_t w = 0; w < W; ++w) {
      chain[i][2 * w] = widen_low(acc[i][w]);
      chain[i][2 * w + 1] = widen_high(acc[i][w]);
    }
  }
  for (std::size_t k = t.k; k > 0; --k, a += a_col, b += b_row) {
    F64 row[2 * W], sum[H][2 * W];
#pragma GCC unroll 8
    for (std::size_t w = 0; w < W; ++w) {
      row[2 * w] = widen_low(load(b + w * kLanes));
      row[2 * w + 1] = widen_high(load(b + w * kLanes));
    }
    U32 doubt{};
#pragma GCC unroll 16
    for (std::size_t i = 0; i < H; ++i) {
      const F64 element = splat(static_cast<double>(a[i * a_row]));
#pragma GCC unroll 16
      for (std::size_t w = 0; w < 2 * W; ++w) {
        sum[i][w] = element * row[w] + chain[i][w];
        doubt = doubt | rounding_doubt(sum[i][w]);
      }
    }
    if (any(doubt != U32{})) {
      for (std::size_t i = 0; i < H; ++i) {
        for (std::size_t w = 0; w < W; ++w) {
          const F32 exact = fma(splat(a[i * a_row]), load(b + w * kLanes), narrow(chain[i][2 * w], chain[i][2 * w + 1]));
          chain[i][2 * w] = widen_low(exact);
          chain[i][2 * w + 1] = widen_high(exact);
        }
      }
    } else {
#pragma GCC unroll 16
      for (std::size_t i = 0; i < H; ++i) {
#pragma GCC unroll 16
        for (std::size_t w = 0; w < 2 * W; ++w) chain[i][w] = round_to_f32(sum[i][w]);
      }
    }
  }
#pragma GCC unroll 16
  for (std::size_t i = 0; i < H; ++i) {
#pragma GCC unroll 8
    for (std::size_t w = 0; w < W; ++w) acc[i][w] = narrow(chain[i][2 * w], chain[i][2 * w + 1]);
  }
#endif
}

template <std::size_t H, std::size_t W, bool kPacked>
void tile(const TileArgs& t) {
  F32 acc[H][W];
#pragma GCC unroll 16
  for (std::size_t i = 0; i < H; ++i) {
    if (t.begin == Begin::chain) {
      load_row(t.chain + i * t.chain_row, t.columns, acc[i]);
    } else {
#pragma GCC unroll 8
      for (std::size_t w = 0; w < W; ++w) acc[i][w] = F32{};
    }
  }
  run_steps<H, W, kPacked>(t, acc);
  end_tile(t, acc);
}

using TileKernel = void (*)(const TileArgs&);
struct TileTable {
  TileKernel kernel[kWidths][kHighest][2];  // [log2 of the width][height - 1][packed]
};

template <std::size_t W, std::size_t... H>
constexpr void enter_tiles(TileTable& table, std::index_sequence<H...>) {
  ((table.kernel[W][H][0] = tile<H + 1, 1 << W, false>), ...);
  ((table.kernel[W][H][1] = tile<H + 1, 1 << W, true>), ...);
}

constexpr TileTable make_tile_table() {
  TileTable table{};
  enter_tiles<0>(table, std::make_index_sequence<kHeights[0]>());
  enter_tiles<1>(table, std::make_index_sequence<kHeights[1]>());
  enter_tiles<2>(table, std::make_index_sequence<kHeights[2]>());
  enter_tiles<3>(table, std::make_index_sequence<kHeights[3]>());
  return table;
}
constexpr TileTable kTiles = make_tile_table();

// ---- packing ----

// to[j * to_col + i] = element (i, j) of x, i < rows <= kLanes, j < cols <= kLanes. Where rows < kLanes, up to kLanes
// words of each column are written: ascending columns overwrite what is too much, but for the last.
PARAGON_INLINE void transpose_block(const float* x, std::size_t x_row, std::size_t rows, std::size_t cols, float* to,
                                    std::size_t to_col) {
  F32 block[kLanes];
#pragma GCC unroll 16
  for (std::size_t i = 0; i < kLanes; ++i) {
    const float* row = x + (i < rows ? i : 0) * x_row;
    block[i] = cols == kLanes ? load(row) : load_partial(row, cols);
  }
  transpose(block);
  for (std::size_t j = 0; j < cols; ++j) store(to + j * to_col, block[j]);
}

// Rows of k steps of A, packed: to[t * height + i] = element (i, t). Room for height * k + kLanes floats.
void pack_a(const Matrix& a, std::size_t height, std::size_t k, float* to) {
  for (std::size_t i = 0; i < height; i += kLanes) {
    const std::size_t rows = min_of(height - i, kLanes);
    const bool only = height <= kLanes;  // or else what is too much would fall on rows already there
    if (a.col == 1 && (only || rows == kLanes)) {
      for (std::size_t t = 0; t < k; t += kLanes) {
        transpose_block(a.at(i, t), a.row, rows, min_of(k - t, kLanes), to + t * height + i, height);
      }
    } else if (a.row == 1 && (only || rows == kLanes)) {
      std::size_t t = 0;
      for (; t + 1 < k && rows + a.col >= kLanes; ++t) store(to + t * height + i, load(a.at(i, t)));  // into the next column
      for (; t < k; ++t) store(to + t * height + i, load_partial(a.at(i, t), rows));
    } else {
      for (std::size_t t = 0; t < k; ++t) {
        for (std::size_t r = i; r < i + rows; ++r) to[t * height + r] = *a.at(r, t);
      }
    }
  }
}

// Columns of k steps of B, packed: to[t * width + j] = element (t, j), in whole vectors; lanes without a column hold
// anything. width is a multiple of kLanes.
void pack_b(const Matrix& b, std::size_t columns, std::size_t width, std::size_t k, float* to) {
  for (std::size_t j = 0; j < columns; j += kLanes) {
    const std::size_t cols = min_of(columns - j, kLanes);
    if (b.col == 1) {
      std::size_t t = 0;
      for (; t + 1 < k && cols + b.row >= kLanes; ++t) store(to + t * width + j, load(b.at(t, j)));  // into the next row
      for (; t < k; ++t) store(to + t * width + j, load_partial(b.at(t, j), cols));
    } else if (b.row == 1) {
      for (std::size_t t = 0; t < k; t += kLanes) {
        transpose_block(b.at(t, j), b.col, cols, min_of(k - t, kLanes), to + t * width + j, width);
      }
    } else {
      for (std::size_t t = 0; t < k; ++t) {
        float lane[kLanes] = {};
        for (std::size_t l = 0; l < cols; ++l) lane[l] = *b.at(t, j + l);
        store(to + t * width + j, load(lane));
      }
    }
  }
}

}  // namespace
}  // namespace paragon::cpu
