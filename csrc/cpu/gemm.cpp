// The matrix product, by blocks: every element is one chain of fma over each panel of k, and the panels are added in
// order (docs/contract.md, section 3). After Goto and van de Geijn, "Anatomy of high-performance matrix multiplication"
// (ACM TOMS 34(3), 2008), with the panel as the block of k, so that the contract's order is the order of the fast
// product anyway.
//
// Rows and columns are never padded in C, and k is not at all. Where its tiles fill the vectors better, the transposed
// product is computed: the factors change sides, the chains stay. Threads share out blocks of C; if C is small, panels.
#include "cpu/rows.h"
#include "cpu/tile.h"

namespace paragon::cpu::PARAGON_ISA {
namespace {

constexpr std::size_t kPiece = 512;            // steps of k that a tile takes at once, at most
constexpr std::size_t kBlockOfB = 128 * 1024;  // floats of B packed at once: they stay in the second level of cache
constexpr std::size_t kBlockOfC = 16 * 1024;   // floats of C computed at once where chains or sums wait beside it

// Tiles read A and B again and again, quickest where what comes next lies next in memory. So a factor is first packed,
// that is copied into the order in which they read it, except where the copy would cost more than it saves:
constexpr std::size_t kFewTiles = 4;     // where at most so many tiles would read the copy
constexpr std::size_t kCloseRows = 256;  // where the rows of B begin so few floats apart that caches cope

// A single row of C has no other to share a tile with. From so many columns on, multiply_row does without tiles.
constexpr std::size_t kLongRow = 256;
constexpr std::size_t kRowColumns = 2048;  // columns computed at once: their chains stay in the first level of cache
constexpr std::size_t kRowSteps = 4;       // steps of k for each time that a chain is loaded and stored

constexpr std::size_t kTaskSteps = 512 * 1024;      // steps of fma that are worth another thread
constexpr std::size_t kPanelResults = 1024 * 1024;  // floats kept at once where threads share out panels
constexpr std::size_t kSwappedColumns = 4096;       // columns of a transposed product computed at once

// C = A . B over the steps first ... first + k - 1. Element (i, j) of C is c[i * c_row + j * c_col].
// The steps may lie in memory in several runs of `run` steps: within a run, A and B go on by their own strides; the
// first elements of the next run are a_jump and b_jump from the first of this one.
struct Product {
  Matrix a, b;
  float* c;
  std::size_t c_row, c_col;
  std::size_t m, n, k;
  std::size_t panel;
  std::size_t first, run, a_jump, b_jump;

  PARAGON_INLINE bool is_one_run() const { return first + k <= run; }

  // Calls fn(done, A, B, steps) for each part of steps start ... start + length - 1 that lies in one run: A and B begin
  // at its first step, `done` steps come before it.
  template <class Fn>
  PARAGON_INLINE void for_runs(std::size_t start, std::size_t length, const Fn& fn) const {
    for (std::size_t done = 0, steps; done < length; done += steps) {
      const std::size_t step = first + start + done, run_index = step / run, within = step % run;
      steps = min_of(length - done, run - within);
      Matrix left = a.from(0, within), right = b.from(within, 0);
      left.data += run_index * a_jump;
      right.data += run_index * b_jump;
      fn(done, left, right, steps);
    }
  }

  // The same product over a part of its steps.
  PARAGON_INLINE Product steps_from(std::size_t start, std::size_t length) const {
    Product part = *this;
    part.first += start;
    part.k = length;
    return part;
  }

  // What is left is the block of C that begins at row i and column j.
  PARAGON_INLINE void cut_to_block(std::size_t i, std::size_t j, std::size_t rows, std::size_t cols) {
    a = a.from(i, 0);
    b = b.from(0, j);
    c += i * c_row + j * c_col;
    m = rows;
    n = cols;
  }
  PARAGON_INLINE Product block(std::size_t i, std::size_t j, std::size_t rows, std::size_t cols) const {
    Product part = *this;
    part.cut_to_block(i, j, rows, cols);
    return part;
  }

  // C^T = B^T . A^T: the factors change sides, every element keeps its chain and its place in memory.
  PARAGON_INLINE Product transposed() const {
    Product other = *this;
    other.a = {b.data, b.col, b.row};
    other.b = {a.data, a.col, a.row};
    other.a_jump = b_jump;
    other.b_jump = a_jump;
    other.c_row = c_col;
    other.c_col = c_row;
    other.m = n;
    other.n = m;
    return other;
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

// The steps start ... start + t.k - 1 of a block of C: all its tiles, in strips of columns as wide as a tile. `chain`
// and `sum` of `t` are those of the block's first element.
void multiply_piece(const Product& p, const Tiling& tiling, std::size_t start, TileArgs t, float* pack_of_a,
                    float* pack_of_b) {
  // The strip that begins at column j is narrower than the others where one of its vectors would have no column at all.
  const auto log_width_at = [&](std::size_t j) {
    std::size_t log_width = tiling.log_width;
    while (log_width > 0 && p.n - j <= (kLanes << log_width) - kLanes) --log_width;
    return log_width;
  };
  // The last strip may need packing even if the others do not: tiles read whole vectors, which may not be there.
  const bool direct_b = p.is_one_run() && p.b.col == 1 && (p.m <= kFewTiles * kHighest || p.b.row <= kCloseRows);
  const auto is_packed = [&](std::size_t j, std::size_t width) { return !direct_b || p.n - j < width; };
  for (std::size_t j = 0, width; j < p.n; j += width) {
    width = kLanes << log_width_at(j);
    if (!is_packed(j, width)) continue;
    p.for_runs(start, t.k, [&](std::size_t done, const Matrix&, const Matrix& b, std::size_t steps) {
      pack_b(b.from(0, j), min_of(p.n - j, width), width, steps, pack_of_b + j * t.k + done * width);
    });
  }
  const bool direct_a = p.is_one_run() && p.a.col == 1 && p.n <= kFewTiles * 2 * kLanes;
  const std::size_t tiles = divide_up(p.m, tiling.height);  // their heights differ by one row at most
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
      const std::size_t log_width = log_width_at(j);
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

// How k is cut: into the panels of the contract, and those into pieces that a tile takes at once. Between two pieces of
// a panel, the chains must be kept; between two panels, the sums. C itself can hold one of the two.
struct Pieces {
  std::size_t count, length;  // of the panels
  std::size_t piece;          // the length of the pieces
  bool chains_aside;          // both are needed: C holds the sums, the chains lie beside it
  bool sums_aside;            // panel results are summed by a tree of several levels, whose top goes to C at the end
};
PARAGON_INLINE Pieces cut(std::size_t k, std::size_t panel) {
  const std::size_t count = panel_count(k, panel), length = panel_length(k, panel);
  const std::size_t piece = divide_up(length, divide_up(length, kPiece));
  return {
      .count = count,
      .length = length,
      .piece = piece,
      .chains_aside = count > 1 && length > piece,
      .sums_aside = tree_depth(count, panel) > 1,
  };
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

// A row times a matrix whose rows are longer than a tile: these stream by, the chains stay in the first-level cache.
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
          for (std::size_t s = 0; s < steps; ++s)
            chain = fma(factor[s], load_partial(b + s * p.b.row + i, lanes), chain);
          store_partial(chains + i, chain, lanes);
        }
      }
      if (count > 1) tree.add(panel, chains);
    }
    std::memcpy(p.c + j, count > 1 ? tree.result() : chains, cols * sizeof(float));
  }
}

// All of a product by one thread, with c_col = 1: in blocks of C such that a piece of B stays in cache, and what lies
// beside C is small.
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
      const Product block = p.block(i, j, min_of(p.m - i, rows), min_of(p.n - j, cols));
      multiply_block(block, tiling, pieces, pack_of_a.as<float>(), pack_of_b.as<float>());
    }
  }
}

// The same with c_row = 1: C^T is what lies in memory. Columns of C are computed in scratch memory, then transposed.
void multiply_to_transposed(const Product& p) {
  const std::size_t cols = min_of(p.n, kSwappedColumns);
  const Scratch scratch(p.m * cols * sizeof(float));
  for (std::size_t j = 0; j < p.n; j += cols) {
    Product part = p.block(0, j, p.m, min_of(p.n - j, cols));
    float* to = part.c;
    part.c = scratch.as<float>();
    part.c_row = part.n;
    part.c_col = 1;
    multiply(part);
    for (std::size_t t = 0; t < part.n; ++t, to += p.c_col) {
      for (std::size_t i = 0; i < p.m; ++i) to[i] = part.c[i * part.n + t];
    }
  }
}

// ---- all threads ----

// How a product is shared out: a grid of blocks of C.
struct Grid {
  std::size_t rows, cols;  // of blocks

  PARAGON_INLINE std::size_t blocks() const { return rows * cols; }

  // Leaves block number `index` of a product. The edges between columns lie where vectors end.
  PARAGON_INLINE void cut_to_block(Product& p, std::size_t index) const {
    const std::size_t row = index / cols, col = index % cols, vectors = divide_up(p.n, kLanes);
    const std::size_t i = p.m * row / rows, i_end = p.m * (row + 1) / rows;
    const std::size_t j = vectors * col / cols * kLanes, j_end = min_of(vectors * (col + 1) / cols * kLanes, p.n);
    p.cut_to_block(i, j, i_end - i, j_end - j);
  }
};

// Two tasks a thread where there is work for them. B is packed again for each row of blocks, so these must be high.
Grid choose_grid(std::size_t m, std::size_t n, std::size_t k, std::size_t batch, std::size_t threads) {
  if (threads == 1) return {1, 1};
  constexpr std::size_t kHighEnough = 128;
  const Tiling tiling = choose_tiling(m, n);
  const std::size_t tasks = divide_up(min_of(2 * threads, m * n * batch * max_of(k, 1) / kTaskSteps), batch);
  const std::size_t most_rows = divide_up(m, tiling.height), most_cols = divide_up(n, kLanes << tiling.log_width);
  Grid grid{max_of(min_of(tasks, m / kHighEnough), 1), 1};
  grid.cols = max_of(min_of(divide_up(tasks, grid.rows), most_cols), 1);
  grid.rows = max_of(min_of(divide_up(tasks, grid.cols), most_rows), 1);  // if there are too few columns
  return grid;
}

// ---- the ways to a product ----

// The products of a batch, as they are computed: each as it is asked for, or transposed where that is faster.
class Batch {
 public:
  explicit Batch(const MatmulArgs& args) : args_(args), is_transposed_(transposing_pays(args)) {
    first_ = {
        .a = {args.a, args.a_row, args.a_col},
        .b = {args.b, args.b_row, args.b_col},
        .c = args.c,
        .c_row = args.n,
        .c_col = 1,
        .m = args.m,
        .n = args.n,
        .k = args.k,
        .panel = args.panel,
        .first = 0,
        .run = max_of(args.k_run == 0 ? args.k : args.k_run, 1),
        .a_jump = args.a_run,
        .b_jump = args.b_run,
    };
    if (is_transposed_) first_ = first_.transposed();
  }

  std::size_t size() const { return args_.batch; }

  // All but the places of the matrices is common to the batch.
  const Product& shape() const { return first_; }

  Product operator[](std::size_t index) const {
    Product product = first_;
    const float* a = args_.a + (args_.a_offset == nullptr ? 0 : args_.a_offset[index]);
    const float* b = args_.b + (args_.b_offset == nullptr ? 0 : args_.b_offset[index]);
    product.a.data = is_transposed_ ? b : a;
    product.b.data = is_transposed_ ? a : b;
    product.c = args_.c + index * args_.m * args_.n;
    return product;
  }

 private:
  // Compares what either way costs for each step of k. The unit is half an fma instruction:
  //  - 2 for each row and each vector of columns: an fma,
  //  - 1 for each column, if the columns of B (of the product that is computed) are not next to each other: packing
  //    takes them one by one,
  //  - the other way round, 4 for each element of C, once and not for each step: it is transposed when it is stored. A
  //    single column needs no transposing.
  static bool transposing_pays(const MatmulArgs& args) {
    const auto cost = [](std::size_t rows, std::size_t cols, bool is_contiguous) {
      return 2 * rows * divide_up(cols, kLanes) + (is_contiguous ? 0 : cols);
    };
    const std::size_t store = args.n == 1 || args.k == 0 ? 0 : 4 * args.m * args.n / args.k;
    return cost(args.n, args.m, args.a_row == 1) + store < cost(args.m, args.n, args.b_col == 1);
  }

  const MatmulArgs& args_;
  bool is_transposed_;
  Product first_;
};

// A batch of dots of contiguous vectors: lanes go across the batch, or across panels.
bool is_dots(const MatmulArgs& args) {
  return args.m == 1 && args.n == 1 && args.a_col == 1 && args.b_row == 1 && (args.k_run == 0 || args.k_run >= args.k);
}

// A row times a matrix whose columns are contiguous, that is dots with one common factor: lanes go across the columns.
bool is_row_times_columns(const Product& p) {
  return p.c_col == 1 && p.m == 1 && p.a.col == 1 && p.b.row == 1 && p.is_one_run();
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
    parallel_ranges(pool, panels, size * length / (kTaskSteps / kGrain), [&](auto begin, auto end) {
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

// Threads share out the blocks of all products.
void multiply_by_blocks(const Batch& batch, const Grid& grid, ThreadPool& pool) {
  pool.parallel_for(batch.size() * grid.blocks(), [&](std::size_t task) {
    Product block = batch[task / grid.blocks()];
    grid.cut_to_block(block, task % grid.blocks());
    block.c_col == 1 ? multiply(block) : multiply_to_transposed(block);
  });
}

void matmul(const MatmulArgs& args, ThreadPool& pool) {
  if (args.m == 0 || args.n == 0 || args.batch == 0) return;
  if (is_dots(args)) {
    const DotTerms terms{args.a, args.b, args.a_offset, args.b_offset};
    return reduce_rows(terms, args.batch, args.k, args.panel, args.c, pool);
  }
  const Batch batch(args);
  const Product& p = batch.shape();
  if (is_row_times_columns(p)) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Product row = batch[i];
      reduce_rows(VectorTerms{row.b.data, row.b.col, row.a.data}, row.n, row.k, row.panel, row.c, pool);
    }
    return;
  }
  const Grid grid = choose_grid(p.m, p.n, p.k, batch.size(), pool.threads());
  const bool leaves_threads_idle = grid.blocks() * batch.size() < pool.threads();
  const bool has_panels_for_threads = panel_count(p.k, p.panel) > 1 && p.m * p.n * p.k >= 2 * kTaskSteps;
  if (leaves_threads_idle && has_panels_for_threads && p.c_col == 1) {
    for (std::size_t i = 0; i < batch.size(); ++i) multiply_by_panels(batch[i], pool);
    return;
  }
  multiply_by_blocks(batch, grid, pool);
}

}  // namespace

void fill_gemm(Kernels& kernels) { kernels.matmul = matmul; }

}  // namespace paragon::cpu::PARAGON_ISA
