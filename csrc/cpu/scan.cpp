// The linear recurrence h[t] = fma(a[t], h[t-1], b[t]) along the middle axis of (outer, n, inner): one chain a lane.
// Lanes go across inner, or, where inner is 1, across rows that are transposed in registers.
#include "cpu/rows.h"

namespace paragon::cpu::PARAGON_ISA {
namespace {

PARAGON_INLINE F32 load_some(const float* p, std::size_t n) { return n >= kLanes ? load(p) : load_partial(p, n); }
PARAGON_INLINE void store_some(float* p, F32 x, std::size_t n) { n >= kLanes ? store(p, x) : store_partial(p, x, n); }

// Columns j ... of one (n, inner) matrix.
void scan_columns(const ScanArgs& args, std::size_t o, std::size_t j, std::size_t columns) {
  F32 h = load_some(args.h0 + o * args.inner + j, columns);
  for (std::size_t step = 0; step < args.n; ++step) {
    const std::size_t t = args.reverse ? args.n - 1 - step : step, at = (o * args.n + t) * args.inner + j;
    h = fma(load_some(args.a + at, columns), h, load_some(args.b + at, columns));
    store_some(args.out + at, h, columns);
  }
}

// Rows o ... o + rows - 1 of (outer, n).
void scan_rows(const ScanArgs& args, std::size_t o, std::size_t rows) {
  LaneStarts<float> a, b;
  for (std::size_t l = 0; l < kLanes; ++l) {
    const std::size_t row = (o + (l < rows ? l : 0)) * args.n;
    a.start[l] = args.a + row;
    b.start[l] = args.b + row;
  }
  F32 h = load_some(args.h0 + o, rows), x[kLanes], y[kLanes];
  const std::size_t blocks = divide_up(args.n, kLanes);
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::size_t t = (args.reverse ? blocks - 1 - block : block) * kLanes, steps = min_of(args.n - t, kLanes);
    a.load_columns(t, steps, x);
    b.load_columns(t, steps, y);
    for (std::size_t step = 0; step < steps; ++step) {
      const std::size_t s = args.reverse ? steps - 1 - step : step;
      x[s] = h = fma(x[s], h, y[s]);
    }
    transpose(x);
    for (std::size_t l = 0; l < rows; ++l) store_some(args.out + (o + l) * args.n + t, x[l], steps);
  }
}

void scan(const ScanArgs& args, ThreadPool& pool) {
  if (args.inner == 1) {
    parallel_ranges(pool, divide_up(args.outer, kLanes), kLanes * args.n, [&](auto begin, auto end) {
      for (std::size_t i = begin; i < end; ++i) scan_rows(args, i * kLanes, min_of(args.outer - i * kLanes, kLanes));
    });
    return;
  }
  const std::size_t blocks = divide_up(args.inner, kLanes);
  parallel_ranges(pool, args.outer * blocks, kLanes * args.n, [&](auto begin, auto end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t j = i % blocks * kLanes;
      scan_columns(args, i / blocks, j, args.inner - j);
    }
  });
}

}  // namespace

void fill_scan(Kernels& kernels) { kernels.scan = scan; }

}  // namespace paragon::cpu::PARAGON_ISA
