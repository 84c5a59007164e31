// The innermost part of the matrix product: tiles of C, which stay in registers for a whole piece of k, and the packing
// of the factors for them. Each step of k loads a row of B and multiplies it by the broadcast elements of a column of
// A. Internal linkage, like simd.h.
#pragma once

#include "cpu/panels.h"

namespace paragon::cpu {
namespace {

// Tiles are 1, 2, 4 or 8 vectors wide. At each width, the most rows for which all of a tile, a row of B and an element
// of A fit into the registers.
constexpr std::size_t kWidths = 4;
struct TileHeights {
  std::size_t at[kWidths];  // [log2 of the width]
};
constexpr TileHeights tile_heights() {
  if (!kHasFma) return {{4, 4, 2, 1}};  // chains are doubles, which take twice the room
  if (kRegisters >= 32) return {{14, 14, 6, 3}};
  return {{8, 6, 3, 1}};
}
constexpr TileHeights kHeights = tile_heights();
constexpr std::size_t kHighest = max_of(kHeights.at[0], kHeights.at[1]);

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

// ---- the steps of k ----

template <std::size_t H, std::size_t W, bool kPacked>
PARAGON_INLINE void run_steps_with_fma(const TileArgs& t, F32 (&acc)[H][W]) {
  // Pointers and strides are plain locals: from a struct of them GCC makes slower addresses.
  const float* a = t.a;
  const float* b = t.b;
  const std::size_t a_row = kPacked ? 1 : t.a_row, a_col = kPacked ? t.a_col : 1, b_row = t.b_row;
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
}

// Without fma, a step is a product and a sum of doubles, rounded to float. The product of two floats is exact, so two
// roundings are left: of the sum to double, then to float. They give the right float unless the first one made a tie
// for the second, or the float is subnormal. This finds where that may be: the result is not zero in some word of such
// a lane.
//
// x is the sum, as a double. It is in doubt where the 29 bits that are cut off are 100...0 (a tie), or where
// 0 < |x| < 2^-126; as x is 0 or larger than 2^-300 (a sum of a float and a product of floats), its high word tells.
// Both conditions have the form "word - start < length, unsigned". SSE2 only compares signed words, so 2^31 is added to
// both sides: it is in the constants.
PARAGON_INLINE U32 rounding_doubt(F64 x) {
  const U64 bits = as<U64>(x) & splat(std::uint64_t{0x7fffffff'1fffffff});  // neither the sign nor the bits that stay
  const I32 word = as<I32>(as<U32>(bits) + as<U32>(splat(std::uint64_t{0x7fffffff'70000000})));
  return select(word < as<I32>(splat(std::uint64_t{0xb80fffff'80000001})), ~U32{}, U32{});
}

// The chains of a tile as pairs of vectors of doubles, whose values are floats.
template <std::size_t W>
PARAGON_INLINE void widen_row(const F32 (&row)[W], F64 (&wide)[2 * W]) {
#pragma GCC unroll 8
  for (std::size_t w = 0; w < W; ++w) {
    wide[2 * w] = widen_low(row[w]);
    wide[2 * w + 1] = widen_high(row[w]);
  }
}

template <std::size_t H, std::size_t W, bool kPacked>
PARAGON_INLINE void run_steps_in_double(const TileArgs& t, F32 (&acc)[H][W]) {
  F64 chain[H][2 * W];
#pragma GCC unroll 16
  for (std::size_t i = 0; i < H; ++i) widen_row(acc[i], chain[i]);
  const float* a = t.a;
  const float* b = t.b;
  const std::size_t a_row = kPacked ? 1 : t.a_row, a_col = kPacked ? t.a_col : 1, b_row = t.b_row;
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
    if (any(doubt != U32{})) {  // rare: this step once more, by the exact emulation of fma
      for (std::size_t i = 0; i < H; ++i) {
        for (std::size_t w = 0; w < W; ++w) {
          const F32 exact =
              fma(splat(a[i * a_row]), load(b + w * kLanes), narrow(chain[i][2 * w], chain[i][2 * w + 1]));
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
}

// A tile of H rows and W vectors. kPacked: the elements of a column of A are neighbours; else those of a row are.
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
  if constexpr (kHasFma) {
    run_steps_with_fma<H, W, kPacked>(t, acc);
  } else {
    run_steps_in_double<H, W, kPacked>(t, acc);
  }
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
  enter_tiles<0>(table, std::make_index_sequence<kHeights.at[0]>());
  enter_tiles<1>(table, std::make_index_sequence<kHeights.at[1]>());
  enter_tiles<2>(table, std::make_index_sequence<kHeights.at[2]>());
  enter_tiles<3>(table, std::make_index_sequence<kHeights.at[3]>());
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
      for (; t + 1 < k && rows + a.col >= kLanes; ++t) {  // whole vectors, which reach into the next column
        store(to + t * height + i, load(a.at(i, t)));
      }
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
      for (; t + 1 < k && cols + b.row >= kLanes; ++t) {  // whole vectors, which reach into the next row
        store(to + t * width + j, load(b.at(t, j)));
      }
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
