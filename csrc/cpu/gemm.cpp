// The matrix product, by blocks: every element is one chain of fma over each panel of k, and the panels are added in order
// (docs/contract.md, section 3). After Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (ACM TOMS
// 34(3), 2008), with the panel as the block of k, so that the contract's order is the order of the fast product anyway.
//
// Rows and columns are never padded in C, and k is not at all. Where its tiles fill the vectors better, the transposed
// product is computed: the factors change sides, the chains stay. Threads share out blocks of C, or panels where C is small.
#include "cpu/rows.h"
#include "cpu/tile.h"

namespace paragon::cpu::PARAGON_ISA {
namespace {

constexpr std::size_t kPiece = 512;                  // the most steps of k a tile takes at once
constexpr std::size_t kBlockOfB = 128 * 1024;        // the floats of B that stay in the second level of cache
constexpr std::size_t kBlockOfC = 16 * 1024;         // the floats of C where partial sums are kept beside it
constexpr std::size_t kShortRow = 256;               // rows of B this near each other need no packing
constexpr std::size_t kLongRow = 256;                // columns from which a single row of C is not made of tiles
constexpr std::size_t kRowColumns = 2048;            // of it that are computed at once
constexpr std::size_t kRowSteps = 4;                 // of k that a chain takes each time it is loaded
constexpr std::size_t kFewTiles = 4;                 // nor need rows of A or B that no more tiles than this use
constexpr std::size_t kTaskSteps = 512 * 1024;       // the fewest steps of fma that are worth another thread
constexpr std::size_t kPanelResults = 1024 * 1024;   // the floats of panel results that are kept at once
constexpr std::size_t kSwappedColumns = 4096;        // of a transposed product that are computed at once

// C = A . B, with rows of C c_row apart. Steps first ... first + k - 1 of k, which comes in runs of `run` steps: where one ends,
// the next is a_jump and b_jump from its beginning.
struct Product {
  Matrix a, b;
  float* c;
  std::size_t c_row;
  std::size_t m, n, k;
  std::size_t panel;
  std::size_t first, run, a_jump, b_jump;

  PARAGON_INLINE bool is_one_run() const { return first + k <= run; }

  // Calls fn(done, A, B, steps) for the pieces of runs in steps start ... start + length - 1: from their first step on.
  template <class Fn>
  PARAGON_INLINE void for_runs(std::size_t start, std::size_t length, const Fn& fn) const {
    for (std::size_t done = 0, steps; done < length; done += steps) {
      const std::size_t at = first + start + done, number = at / run, within = at % run;
      steps = min_of(length - done, run - within);
      Matrix left = a.from(0, within), right = b.from(within, 0);
      left.data += number * a_jump;
      right.data += number * b_jump;
      fn(done, left, right, steps);
    }
  }
  PARAGON_INLINE Product steps_from(std::size_t start, std::size_t length) const {
    Product part = *this;
    part.first += start;
    part.k = length;
    return part;
  }
};

// ---- one thread ----

// The shape of the tiles for a product of m rows and n columns.
struct Tiling {
  std::size_t log_width, height;
};
PARAGON_INLINE Tiling choose_tiling(std::size_t m, std::size_t n) {
  std::size_t log_width = kWidths - 1;
  while (log_width > 1 && m > kHeights.at[log_width]) --log_width;
  while (log_width > 0 && (kLanes << (log_width - 1)) >= n) --log_width;
  return {log_width, kHeights.at[log_width]};
}

// A piece of k of a block of C: all its tiles. `chain` and `sum` of `t` are those of the block's first element.
void multiply_piece(const Product& p, const Tiling& tiling, std::size_t start, TileArgs t, float* pack_of_a, float* pack_of_b) {
  const auto strip = [&](std::size_t j) {  // the log of the width of the strip of columns that begins at j
    std::size_t log_width = tiling.log_width;
    while (log_width > 0 && p.n - j <= (kLanes << log_width) - kLanes) --log_width;  // no vector is empty
    return log_width;
  };
  const bool direct_b = p.is_one_run() && p.b.col == 1 && (p.m <= kFewTiles * kHighest || p.b.row <= kShortRow);
  const auto is_packed = [&](std::size_t j, std::size_t width) { return !direct_b || p.n - j < width; };
  for (std::size_t j = 0, width; j < p.n; j += width) {
    width = kLanes << strip(j);
    if (!is_packed(j, width)) continue;
    p.for_runs(start, t.k, [&](std::size_t done, const Matrix&, const Matrix& b, std::size_t steps) {
      pack_b(b.from(0, j), min_of(p.n - j, width), width, steps, pack_of_b + j * t.k + done * width);
    });
  }
  const bool direct_a = p.is_one_run() && p.a.col == 1 && p.n <= kFewTiles * 2 * kLanes;
  const std::size_t tiles = divide_up(p.m, tiling.height);
  const TileArgs first = t;
  for (std::size_t tile = 0, i = 0, height; tile < tiles; ++tile, i += height) {
    height = p.m / tiles + (tile < p.m % tiles ? 1 : 0);
    if (direct_a) {
      t.a = p.a.at(i, p.first + start);
      t.a_row = p.a.row;
    } else {
      p.for_runs(start, t.k, [&](std::size_t done, const Matrix& a, const Matrix&, std::size_t steps) {
        pack_a(a.from(i, 0), height, steps, pack_of_a + done * height);
      });
      t.a = pack_of_a;
      t.a_col = height;
    }
    for (std::size_t j = 0, width; j < p.n; j += width) {
      const std::size_t log_width = strip(j);
      width = kLanes << log_width;
      const bool packed = is_packed(j, width);
      t.b = packed ? pack_of_b + j * t.k : p.b.at(p.first + start, j);
      t.b_row = packed ? width : p.b.row;
      t.columns = min_of(p.n - j, width);
      t.chain = first.chain + i * t.chain_row + j;
      t.sum = first.sum + i * t.sum_row + j;
      kTiles.kernel[log_width][height - 1][direct_a ? 0 : 1](t);
    }
  }
}

struct Pieces {
  std::size_t count, length;  // of the panels
  std::size_t piece;          // the length of the pieces that they are cut into
  bool chains_aside;          // a chain must wait beside C while C has the sum
  bool sums_aside;            // C takes the sums at last only, from the top of a tree
};
PARAGON_INLINE Pieces cut(std::size_t k, std::size_t panel) {
  const std::size_t count = panel_count(k, panel), length = panel_length(k, panel);
  const std::size_t piece = divide_up(length, divide_up(length, kPiece));
  return {count, length, piece, count > 1 && length > piece, tree_depth(count, panel) > 1};
}

// A block of C, all of k.
void multiply_block(const Product& p, const Tiling& tiling, const Pieces& pieces, float* pack_of_a, float* pack_of_b) {
  const std::size_t size = p.m * p.n;
  const Scratch chains(pieces.chains_aside ? size * sizeof(float) : 0);
  ArrayTree<float> tree(pieces.sums_aside ? size : 0, pieces.count, p.panel);
  TileArgs t{};
  t.chain = pieces.chains_aside ? chains.as<float>() : p.c;
  t.chain_row = pieces.chains_aside ? p.n : p.c_row;
  t.sum = pieces.sums_aside ? tree.sums() : p.c;
  t.sum_row = pieces.sums_aside ? p.n : p.c_row;
  for (std::size_t panel = 0; panel < pieces.count; ++panel) {
    const std::size_t start = panel * pieces.length, steps = min_of(p.k - start, pieces.length);
    for (std::size_t done = 0; done < steps; done += t.k) {
      t.k = min_of(pieces.piece, steps - done);
      t.begin = done == 0 ? Begin::zero : Begin::chain;
      t.end = pieces.count == 1 || done + t.k < steps ? End::chain : tree.begins(panel) ? End::first_sum : End::sum;
      multiply_piece(p, tiling, start + done, t, pack_of_a, pack_of_b);
    }
    tree.close(panel);
  }
  for (std::size_t i = 0; pieces.sums_aside && i < p.m; ++i) {
    std::memcpy(p.c + i * p.c_row, tree.result() + i * p.n, p.n * sizeof(float));
  }
}

// A row times a matrix whose rows are longer than a tile: they stream by, while the chains stay in the first level of cache.
void multiply_row(const Product& p) {
  const std::size_t count = panel_count(p.k, p.panel), length = panel_length(p.k, p.panel);
  for (std::size_t j = 0, cols; j < p.n; j += cols) {
    cols = min_of(p.n - j, kRowColumns);
    float chains[kRowColumns];
    ArrayTree<float> tree(count > 1 ? cols : 0, count, p.panel);
    for (std::size_t panel = 0; panel < count; ++panel) {
      const std::size_t start = panel * length, end = min_of(start + length, p.k);
      std::memset(chains, 0, cols * sizeof(float));
      for (std::size_t t = start; t < end; t += kRowSteps) {
        const std::size_t steps = min_of(end - t, kRowSteps);
        const float* b = p.b.at(p.first + t, j);
        F32 factor[kRowSteps];
        for (std::size_t s = 0; s < steps; ++s) factor[s] = splat(*p.a.at(0, p.first + t + s));
        std::size_t i = 0;
        for (; steps == kRowSteps && i + kLanes <= cols; i += kLanes) {
          F32 chain = load(chains + i);
#pragma GCC unroll 4
          for (std::size_t s = 0; s < kRowSteps; ++s) chain = fma(factor[s], load(b + s * p.b.row + i), chain);
          store(chains + i, chain);
        }
        for (; i < cols; i += kLanes) {
          const std::size_t lanes = min_of(cols - i, kLanes);
          F32 chain = load_partial(chains + i, lanes);
          for (std::size_t s = 0; s < steps; ++s) chain = fma(factor[s], load_partial(b + s * p.b.row + i, lanes), chain);
          store_partial(chains + i, chain, lanes);
        }
      }
      if (count > 1) tree.add(panel, chains);
    }
    std::memcpy(p.c + j, count > 1 ? tree.result() : chains, cols * sizeof(float));
  }
}

// All of a product by one thread: in blocks of C such that a piece of B stays in cache, and what lies beside C is small.
void multiply(const Product& p) {
  if (p.k == 0) {
    for (std::size_t i = 0; i < p.m; ++i) std::memset(p.c + i * p.c_row, 0, p.n * sizeof(float));
    return;
  }
  if (p.m == 1 && p.n >= kLongRow && p.b.col == 1 && p.is_one_run()) {
    multiply_row(p);
    return;
  }
  const Tiling tiling = choose_tiling(p.m, p.n);
  const Pieces pieces = cut(p.k, p.panel);
  const std::size_t width = kLanes << tiling.log_width;
  const std::size_t cols = min_of(p.n, max_of(width, kBlockOfB / pieces.piece / width * width));
  const bool aside = pieces.chains_aside || pieces.sums_aside;
  const std::size_t rows = aside ? min_of(p.m, max_of(tiling.height, kBlockOfC / cols)) : p.m;
  const Scratch pack_of_a((kHighest * pieces.piece + kLanes) * sizeof(float));
  const Scratch pack_of_b(divide_up(cols, kLanes) * kLanes * pieces.piece * sizeof(float));
  for (std::size_t j = 0; j < p.n; j += cols) {
    for (std::size_t i = 0; i < p.m; i += rows) {
      Product block = p;
      block.a = p.a.from(i, 0);
      block.b = p.b.from(0, j);
      block.c = p.c + i * p.c_row + j;
      block.m = min_of(p.m - i, rows);
      block.n = min_of(p.n - j, cols);
      multiply_block(block, tiling, pieces, pack_of_a.as<float>(), pack_of_b.as<float>());
    }
  }
}

// The transposed product: `p` is B^T . A^T, and what it yields is written to p.c transposed, with rows c_row apart.
void multiply_swapped(const Product& p) {
  const std::size_t cols = min_of(p.n, kSwappedColumns);
  const Scratch scratch(p.m * cols * sizeof(float));
  Product part = p;
  part.c = scratch.as<float>();
  for (std::size_t j = 0; j < p.n; j += cols) {
    part.n = part.c_row = min_of(p.n - j, cols);
    part.b = p.b.from(0, j);
    multiply(part);
    for (std::size_t t = 0; t < part.n; ++t) {
      for (std::size_t i = 0; i < p.m; ++i) p.c[(j + t) * p.c_row + i] = part.c[i * part.n + t];
    }
  }
}

// ---- all threads ----

// How a product is shared out: a grid of blocks of C.
struct Grid {
  std::size_t rows, cols;  // of blocks
};
Grid choose_grid(std::size_t m, std::size_t n, std::size_t k, std::size_t batch, std::size_t threads) {
  if (threads == 1) return {1, 1};
  constexpr std::size_t enough = 128;  // rows of C that pay for the packing of B
  const Tiling tiling = choose_tiling(m, n);
  const std::size_t tasks = divide_up(min_of(2 * threads, m * n * batch * max_of(k, 1) / kTaskSteps), batch);
  const std::size_t most_rows = divide_up(m, tiling.height), most_cols = divide_up(n, kLanes << tiling.log_width);
  Grid grid{max_of(min_of(tasks, m / enough), 1), 1};
  grid.cols = max_of(min_of(divide_up(tasks, grid.rows), most_cols), 1);
  grid.rows = max_of(min_of(divide_up(tasks, grid.cols), most_rows), 1);
  return grid;
}

// Little output and many panels: threads share out the panels, whose results are then added in order.
void multiply_by_panels(const Product& p, ThreadPool& pool) {
  const std::size_t count = panel_count(p.k, p.panel), length = panel_length(p.k, p.panel), size = p.m * p.n;
  const std::size_t at_once = min_of(count, max_of(kPanelResults / size, pool.threads()));
  const Scratch scratch(at_once * size * sizeof(float));
  float* results = scratch.as<float>();
  ArrayTree<float> tree(size, count, p.panel);
  for (std::size_t first = 0; first < count; first += at_once) {
    const std::size_t panels = min_of(count - first, at_once);
    parallel_ranges(pool, panels, divide_up(kTaskSteps, size * length), [&](auto begin, auto end) {
      for (std::size_t i = begin; i < end; ++i) {
        const std::size_t start = (first + i) * length;
        Product part = p.steps_from(start, min_of(p.k - start, length));
        part.c = results + i * size;
        part.c_row = p.n;
        part.panel = kOnePanel;
        multiply(part);
      }
    });
    for (std::size_t i = 0; i < panels; ++i) tree.add(first + i, results + i * size);
  }
  for (std::size_t i = 0; i < p.m; ++i) std::memcpy(p.c + i * p.c_row, tree.result() + i * p.n, p.n * sizeof(float));
}

// Whether the transposed product is the faster one: the vectors of fma that a step of k takes, and what transposing costs.
bool swap_pays(const MatmulArgs& args) {
  const auto cost = [&](std::size_t rows, std::size_t cols, bool is_contiguous) {
    return 2 * rows * divide_up(cols, kLanes) + (is_contiguous ? 0 : cols);
  };
  const std::size_t store = args.n == 1 || args.k == 0 ? 0 : 4 * args.m * args.n / args.k;
  return cost(args.n, args.m, args.a_row == 1) + store < cost(args.m, args.n, args.b_col == 1);
}

void matmul(const MatmulArgs& args, ThreadPool& pool) {
  if (args.m == 0 || args.n == 0 || args.batch == 0) return;
  const std::size_t run = args.k_run == 0 ? args.k : args.k_run;
  if (args.m == 1 && args.n == 1 && args.a_col == 1 && args.b_row == 1 && run >= args.k) {
    reduce_rows(DotTerms{args.a, args.b, args.a_offset, args.b_offset}, args.batch, args.k, args.panel, args.c, pool);
    return;
  }
  const bool swapped = swap_pays(args);
  const Matrix a{args.a, args.a_row, args.a_col}, b{args.b, args.b_row, args.b_col};
  Product p{a, b, args.c, args.n, args.m, args.n, args.k, args.panel, 0, max_of(run, 1), args.a_run, args.b_run};
  if (swapped) {
    p.a_jump = args.b_run;
    p.b_jump = args.a_run;
    p.a = {b.data, b.col, b.row};
    p.b = {a.data, a.col, a.row};
    p.m = args.n;
    p.n = args.m;
  }
  const auto number = [&](std::size_t i) {  // product i of the batch
    Product q = p;
    (swapped ? q.b : q.a).data = args.a + (args.a_offset == nullptr ? 0 : args.a_offset[i]);
    (swapped ? q.a : q.b).data = args.b + (args.b_offset == nullptr ? 0 : args.b_offset[i]);
    q.c = args.c + i * args.m * args.n;
    return q;
  };
  const bool is_plain = !swapped || args.n == 1;  // of one row of C: its transpose lies in memory as it does
  if (is_plain && p.m == 1 && p.a.col == 1 && p.b.row == 1 && p.is_one_run()) {
    for (std::size_t i = 0; i < args.batch; ++i) {
      const Product q = number(i);
      reduce_rows(VectorTerms{q.b.data, q.b.col, q.a.data}, q.n, q.k, q.panel, q.c, pool);
    }
    return;
  }
  const Grid grid = choose_grid(p.m, p.n, p.k, args.batch, pool.threads());
  if (is_plain && grid.rows * grid.cols * args.batch < pool.threads() && panel_count(p.k, p.panel) > 1 &&
      p.m * p.n * p.k >= 2 * kTaskSteps) {
    for (std::size_t i = 0; i < args.batch; ++i) multiply_by_panels(number(i), pool);
    return;
  }
  pool.parallel_for(args.batch * grid.rows * grid.cols, [&](std::size_t task) {
    Product q = number(task / (grid.rows * grid.cols));
    const std::size_t row = task / grid.cols % grid.rows, col = task % grid.cols;
    const std::size_t i = p.m * row / grid.rows, j = divide_up(p.n, kLanes) * col / grid.cols * kLanes;
    const std::size_t to = divide_up(p.n, kLanes) * (col + 1) / grid.cols * kLanes;
    q.a = q.a.from(i, 0);
    q.b = q.b.from(0, j);
    q.m = p.m * (row + 1) / grid.rows - i;
    q.n = min_of(to, p.n) - j;
    q.c_row = args.n;
    q.c += is_plain ? i * args.n + j : j * args.n + i;
    if (is_plain) {
      multiply(q);
    } else {
      multiply_swapped(q);
    }
  });
}

}  // namespace

void fill_gemm(Kernels& kernels) { kernels.matmul = matmul; }

}  // namespace paragon::cpu::PARAGON_ISA
