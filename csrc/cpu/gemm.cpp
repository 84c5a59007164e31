// The matrix product, by blocks: every element is one chain of fma over each panel of k, and the panels are added in order
// (docs/contract.md, section 3). After Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (ACM TOMS
// 34(3), 2008), with the panel as the block of k, so that the contract's order is the order of the fast product anyway.
//
// A tile of C, some rows high and a few vectors wide, stays in registers for a whole piece of k: each step loads a row of B
// and multiplies it by the broadcast elements of a column of A. Rows and columns are never padded in C, and k is not at all.
// A transposed product is computed where its tiles fill the vectors better: the factors change sides, the chains stay.
#include "cpu/kernels.h"
#include "cpu/panels.h"
#include "cpu/scratch.h"
#include "cpu/simd.h"
#include "cpu/threads.h"

namespace paragon::cpu::PARAGON_ISA {
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

constexpr std::size_t kPiece = 512;              // the most steps of k a tile takes at once
constexpr std::size_t kBlockOfB = 128 * 1024;    // the floats of B that stay in the second level of cache
constexpr std::size_t kBlockOfC = 16 * 1024;     // the floats of C where partial sums are kept beside it
constexpr std::size_t kTaskSteps = 256 * 1024;   // a task has at least this many steps of fma, or it is not worth waking anyone

struct Matrix {
  const float* data;
  std::size_t row, col;  // element (i, j) is data[i * row + j * col]

  PARAGON_INLINE const float* at(std::size_t i, std::size_t j) const { return data + i * row + j * col; }
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

// kPacked: the elements of a column of A are neighbours.
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
  const float* a = t.a;
  const float* b = t.b;
  const std::size_t a_row = kPacked ? 1 : t.a_row, a_col = kPacked ? t.a_col : 1, b_row = t.b_row;
  for (std::size_t k = t.k; k > 0; --k) {
    F32 row[W];
#pragma GCC unroll 8
    for (std::size_t w = 0; w < W; ++w) row[w] = load(b + w * kLanes);
#pragma GCC unroll 16
    for (std::size_t i = 0; i < H; ++i) {
      const F32 element = splat(a[i * a_row]);
#pragma GCC unroll 8
      for (std::size_t w = 0; w < W; ++w) acc[i][w] = fma(element, row[w], acc[i][w]);
    }
    a += a_col;
    b += b_row;
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
      for (std::size_t t = 0; t < k; ++t) {
        store(to + t * height + i, rows == kLanes ? load(a.at(i, t)) : load_partial(a.at(i, t), rows));
      }
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
      for (std::size_t t = 0; t < k; ++t) {
        store(to + t * width + j, cols == kLanes ? load(b.at(t, j)) : load_partial(b.at(t, j), cols));
      }
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

// ---- one product, or a block of it ----

struct Product {
  Matrix a, b;
  float* c;
  std::size_t c_row;
  std::size_t m, n, k;
  std::size_t panel;
};

PARAGON_INLINE Product block_of(const Product& p, std::size_t i, std::size_t rows, std::size_t j, std::size_t cols) {
  return {{p.a.at(i, 0), p.a.row, p.a.col},
          {p.b.at(0, j), p.b.row, p.b.col},
          p.c + i * p.c_row + j,
          p.c_row,
          rows,
          cols,
          p.k,
          p.panel};
}

// The shape of the tiles for a product of m rows and n columns.
struct Tiling {
  std::size_t log_width, height;
};
PARAGON_INLINE Tiling choose_tiling(std::size_t m, std::size_t n) {
  std::size_t log_width = kWidths - 1;
  while (log_width > 1 && m > kHeights[log_width]) --log_width;
  while (log_width > 0 && (kLanes << (log_width - 1)) >= n) --log_width;
  return {log_width, kHeights[log_width]};
}

// Adds up the panel results of a block of C above the first level: level 0 is C itself, the others lie in scratch.
class BlockTree {
 public:
  BlockTree(const Product& p, std::size_t count)
      : p_(p), count_(count), depth_(tree_depth(count, p.panel)), above_(depth_ > 1 ? (depth_ - 1) * p.m * p.n * 4 : 0) {}

  // To be called when the result of panel `index` has been added to C.
  void close(std::size_t index) {
    const bool last = index + 1 == count_;
    for (std::size_t level = 0; level + 1 < depth_ && (last || (index + 1) % p_.panel == 0); ++level) {
      index /= p_.panel;
      add_to_next(level, index % p_.panel == 0);
    }
    if (last && depth_ > 1) {
      for (std::size_t i = 0; i < p_.m; ++i) std::memcpy(p_.c + i * p_.c_row, row(depth_ - 1, i), p_.n * sizeof(float));
    }
  }

 private:
  float* row(std::size_t level, std::size_t i) const {
    return level == 0 ? p_.c + i * p_.c_row : above_.as<float>() + ((level - 1) * p_.m + i) * p_.n;
  }
  void add_to_next(std::size_t level, bool first) {
    for (std::size_t i = 0; i < p_.m; ++i) {
      const float* from = row(level, i);
      float* to = row(level + 1, i);
      for (std::size_t j = 0; j < p_.n; ++j) to[j] = (first ? 0.0f : to[j]) + from[j];
    }
  }

  const Product& p_;
  std::size_t count_, depth_;
  Scratch above_;
};

// A piece of k of a block of C: all its tiles. `chain` and `sum` of `t` are those of the block's first element.
void multiply_piece(const Product& p, const Tiling& tiling, std::size_t start, TileArgs t, float* pack_of_a, float* pack_of_b) {
  const std::size_t width = kLanes << tiling.log_width, tiles = divide_up(p.m, tiling.height);
  const bool direct_b = p.b.col == 1 && (p.m <= 4 * kHighest);
  const auto strip_width = [&](std::size_t left) {
    std::size_t w = width;
    while (w > kLanes && left <= w - kLanes) w /= 2;  // no vector of a strip is empty
    return w;
  };
  const auto packed_strip = [&](std::size_t w, std::size_t left) { return !direct_b || left < w; };
  for (std::size_t j = 0, w; j < p.n; j += w) {
    w = strip_width(p.n - j);
    if (packed_strip(w, p.n - j)) {
      pack_b({p.b.at(start, j), p.b.row, p.b.col}, min_of(p.n - j, w), w, t.k, pack_of_b + j * t.k);
    }
  }
  const bool direct_a = p.a.col == 1 && p.n <= 8 * kLanes;
  const TileArgs base = t;
  for (std::size_t tile = 0, i = 0, height; tile < tiles; ++tile, i += height) {
    height = p.m / tiles + (tile < p.m % tiles ? 1 : 0);
    if (direct_a) {
      t.a = p.a.at(i, start);
      t.a_row = p.a.row;
    } else {
      pack_a({p.a.at(i, start), p.a.row, p.a.col}, height, t.k, pack_of_a);
      t.a = pack_of_a;
      t.a_col = height;
    }
    for (std::size_t j = 0, w; j < p.n; j += w) {
      w = strip_width(p.n - j);
      t.columns = min_of(p.n - j, w);
      if (packed_strip(w, p.n - j)) {
        t.b = pack_of_b + j * t.k;
        t.b_row = w;
      } else {
        t.b = p.b.at(start, j);
        t.b_row = p.b.row;
      }
      t.chain = base.chain + i * base.chain_row + j;
      t.sum = base.sum + i * base.sum_row + j;
      std::size_t log_width = 0;
      while ((kLanes << log_width) < w) ++log_width;
      kTiles.kernel[log_width][height - 1][direct_a ? 0 : 1](t);
    }
  }
}

// A block of C, all of k.
void multiply_block(const Product& p, const Tiling& tiling, std::size_t piece, bool chains_aside, float* pack_of_a,
                    float* pack_of_b) {
  const std::size_t count = panel_count(p.k, p.panel), length = panel_length(p.k, p.panel);
  const Scratch chains(chains_aside ? p.m * p.n * sizeof(float) : 0);
  BlockTree tree(p, count);
  TileArgs t{};
  t.chain = chains_aside ? chains.as<float>() : p.c;
  t.chain_row = chains_aside ? p.n : p.c_row;
  t.sum = p.c;
  t.sum_row = p.c_row;
  for (std::size_t index = 0; index < count; ++index) {
    const std::size_t start = index * length, steps = min_of(p.k - start, length);
    for (std::size_t done = 0; done < steps; done += t.k) {
      t.k = min_of(piece, steps - done);
      t.begin = done == 0 ? Begin::zero : Begin::chain;
      t.end = count == 1 || done + t.k < steps ? End::chain : index % p.panel == 0 ? End::first_sum : End::sum;
      multiply_piece(p, tiling, start + done, t, pack_of_a, pack_of_b);
    }
    tree.close(index);
  }
}

// One thread's work: blocks of C such that a piece of B stays in cache, and that what is kept beside C stays small.
void multiply(const Product& p) {
  if (p.k == 0) {
    for (std::size_t i = 0; i < p.m; ++i) std::memset(p.c + i * p.c_row, 0, p.n * sizeof(float));
    return;
  }
  const Tiling tiling = choose_tiling(p.m, p.n);
  const std::size_t count = panel_count(p.k, p.panel), length = panel_length(p.k, p.panel);
  const std::size_t piece = divide_up(length, divide_up(length, kPiece));
  const bool chains_aside = count > 1 && length > piece;
  const bool small_blocks = chains_aside || tree_depth(count, p.panel) > 1;
  const std::size_t width = kLanes << tiling.log_width;
  const std::size_t cols = min_of(p.n, max_of(width, kBlockOfB / piece / width * width));
  const std::size_t rows = small_blocks ? min_of(p.m, max_of(tiling.height, kBlockOfC / cols)) : p.m;
  const Scratch pack_of_a((kHighest * piece + kLanes) * sizeof(float));
  const Scratch pack_of_b(divide_up(cols, kLanes) * kLanes * piece * sizeof(float));
  for (std::size_t j = 0; j < p.n; j += cols) {
    for (std::size_t i = 0; i < p.m; i += rows) {
      multiply_block(block_of(p, i, min_of(p.m - i, rows), j, min_of(p.n - j, cols)), tiling, piece, chains_aside,
                     pack_of_a.as<float>(), pack_of_b.as<float>());
    }
  }
}

// ---- choices and threads ----

void matmul(const MatmulArgs& args, ThreadPool& pool) {
  static_cast<void>(pool);
  for (std::size_t i = 0; i < args.batch; ++i) {
    const float* a = args.a + (args.a_offset == nullptr ? 0 : args.a_offset[i]);
    const float* b = args.b + (args.b_offset == nullptr ? 0 : args.b_offset[i]);
    multiply({{a, args.a_row, args.a_col},
              {b, args.b_row, args.b_col},
              args.c + i * args.m * args.n,
              args.n,
              args.m,
              args.n,
              args.k,
              args.panel});
  }
}

}  // namespace

void fill_gemm(Kernels& kernels) { kernels.matmul = matmul; }

}  // namespace paragon::cpu::PARAGON_ISA
