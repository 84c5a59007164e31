// Holds the matrix product of every instruction set, on one thread and on several, to the contract, word for word.
#include "contract/matmul.h"

#include "tests/kernel_test.h"

namespace {

using namespace paragon;
using namespace paragon::tests;

struct Case {
  std::size_t m, n, k, panel;
  bool transpose_a = false, transpose_b = false;
  std::size_t batch = 1;
  std::size_t gap = 0;  // between rows of the factors
};

// Every element of a small product; of a large one a sample, as the contract's version is slow.
void hold(const Case& s, Kind kind) {
  const std::size_t a_cols = s.transpose_a ? s.m : s.k, a_rows = s.transpose_a ? s.k : s.m;
  const std::size_t b_cols = s.transpose_b ? s.k : s.n, b_rows = s.transpose_b ? s.n : s.k;
  const std::size_t a_step = a_cols + s.gap, b_step = b_cols + s.gap;
  const std::vector<float> a = values<float>(s.batch * a_rows * a_step, kind);
  const std::vector<float> b = values<float>(s.batch * b_rows * b_step, kind);
  std::vector<std::size_t> a_offset(s.batch), b_offset(s.batch);
  for (std::size_t i = 0; i < s.batch; ++i) {
    a_offset[i] = i * a_rows * a_step;
    b_offset[i] = (s.batch - 1 - i) * b_rows * b_step;  // any order will do
  }
  const std::size_t a_row = s.transpose_a ? 1 : a_step, a_col = s.transpose_a ? a_step : 1;
  const std::size_t b_row = s.transpose_b ? 1 : b_step, b_col = s.transpose_b ? b_step : 1;
  const std::size_t elements = s.batch * s.m * s.n;

  std::vector<std::size_t> sample;
  const std::size_t most = 400'000 / sampled(10);  // steps of the contract's version
  const bool all = elements * s.k <= most;
  for (std::size_t i = 0; i < (all ? elements : most / s.k + 3); ++i) sample.push_back(all ? i : below(elements));
  std::vector<float> right(elements, 0);
  for (const std::size_t at : sample) {
    const std::size_t which = at / (s.m * s.n), i = at / s.n % s.m, j = at % s.n;
    contract::matmul(a.data() + a_offset[which] + i * a_row, a_row, a_col, b.data() + b_offset[which] + j * b_col,
                     b_row, b_col, &right[at], 1, 1, s.k, s.panel);
  }
  const std::string what = text("%s m=%zu n=%zu k=%zu panel=%zu%s%s batch=%zu gap=%zu", name_of(kind), s.m, s.n, s.k,
                                s.panel, s.transpose_a ? " a^T" : "", s.transpose_b ? " b^T" : "", s.batch, s.gap);
  on_every_table([&](const cpu::Kernels& kernels, cpu::ThreadPool& pool) {
    Output<float> c(elements);
    kernels.matmul({a.data(), b.data(), c.data(), s.m, s.n, s.k, a_row, a_col, b_row, b_col, s.panel, s.batch,
                    a_offset.data(), b_offset.data()},
                   pool);
    std::vector<float> expected(c.data(), c.data() + elements);
    for (const std::size_t at : sample) expected[at] = right[at];
    c.expect(expected, kernels.isa, what);
  });
}

void hold_with_all_numbers(Case s) {
  for (const Kind kind : kKinds) {
    hold(s, kind);
    s.transpose_a = !s.transpose_a;
    if (s.transpose_a) s.transpose_b = !s.transpose_b;
  }
}

void test_panel_boundaries() {
  for (const std::size_t k : {0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 784, 1024, 1025}) {
    for (const std::size_t panel : {256, 0, 2, 7, 100, 1000}) hold_with_all_numbers({5, 9, k, panel});
  }
  for (const std::size_t k : {65535, 65536, 65537, 65793, 100000}) {
    hold_with_all_numbers({2, 3, k, 256});
    hold_with_all_numbers({1, 2, k, 0});
  }
  for (const std::size_t panel : {2, 3, 16, 1000}) hold_with_all_numbers({3, 2, 100000, panel});
  hold_with_all_numbers({70, 3, 1025, 2});
  hold_with_all_numbers({35, 40, 1800, 600});  // a panel in pieces, whose chain goes on
  hold_with_all_numbers({35, 600, 1300, 600});
}

void test_shapes() {
  for (std::size_t m = 1; m <= 30; m += sampled(5)) hold({m, 33, 17, 256, m % 2 == 0, m % 3 == 0}, Kind::uniform);
  for (std::size_t n = 0; n <= 70; n += sampled(5)) hold({15, n, 19, 256, n % 2 == 0, n % 3 == 0}, Kind::uniform);
  for (std::size_t n = 1; n <= 300; n += 13 * sampled(3)) {
    hold({1, n, 40, 256, false, n % 2 == 0}, Kind::uniform);
    hold({2, n, 40, 16, false, n % 2 == 0}, Kind::uniform);
    hold({n, 1, 40, 256, n % 2 == 0, false}, Kind::uniform);
    hold({n, 3, 40, 16, n % 2 == 0, false}, Kind::uniform);
  }
  for (const std::size_t n : {255, 256, 257, 300, 2047, 2049, 4100}) {
    for (const std::size_t panel : {256, 0, 2, 5, 6}) hold({1, n, 22, panel, false, false, 2, n % 3}, kKinds[below(5)]);
  }
  for (const std::size_t n : {16, 17, 32, 33, 100}) {
    for (const std::size_t k : {15, 16, 256, 784}) hold({1, n, k, 256, false, true, 1, 3}, kKinds[below(5)]);
  }
  hold({0, 5, 7, 256}, Kind::uniform);
  for (const bool ta : {false, true}) {
    for (const bool tb : {false, true}) {
      hold({128, 10, 128, 256, ta, tb}, Kind::uniform);
      hold({64, 128, 784, 256, ta, tb}, Kind::uniform);
      hold({300, 260, 300, 256, ta, tb}, Kind::uniform);
      hold({37, 1100, 300, 128, ta, tb, 1, 3}, Kind::special);
      hold({10, 12, 20'000, 256, ta, tb}, Kind::uniform);  // little output, many panels
      hold({10, 12, 20'000, 256, ta, tb}, Kind::tiny);
    }
  }
  for (std::size_t i = 0; i < 300; i += sampled(7)) {
    const std::size_t panels[] = {0, 2, 5, 16, 64, 256};
    hold({1 + below(60), 1 + below(90), below(200), panels[below(6)], below(2) == 1, below(2) == 1, 1 + below(3),
          below(4)},
         kKinds[below(5)]);
  }
}

// Factors whose steps of k lie in runs, with other words between them: as images lie, in the gradient of a convolution.
void hold_runs(std::size_t m, std::size_t n, std::size_t k, std::size_t run, std::size_t panel, bool k_inner,
               Kind kind) {
  const std::size_t runs = (k + run - 1) / run;
  // (number of the run, row, step) where k is the inner axis, else (number, step, row).
  const auto scattered = [&](const std::vector<float>& x, std::size_t rows, std::size_t jump) {
    std::vector<float> out(runs * jump, 77);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t t = 0; t < k; ++t)
        out[t / run * jump + (k_inner ? i * run + t % run : t % run * rows + i)] = x[i * k + t];
    }
    return out;
  };
  const std::vector<float> a = values<float>(m * k, kind), b = values<float>(n * k, kind);  // (m, k) and (n, k)
  std::vector<float> right(m * n);
  contract::matmul(a.data(), k, 1, b.data(), 1, k, right.data(), m, n, k, panel);
  const std::size_t a_jump = run * m + 3, b_jump = run * n;
  const std::vector<float> x = scattered(a, m, a_jump), y = scattered(b, n, b_jump);
  on_every_table([&](const cpu::Kernels& kernels, cpu::ThreadPool& pool) {
    Output<float> c(m * n);
    kernels.matmul({x.data(), y.data(), c.data(), m, n, k, k_inner ? run : 1, k_inner ? 1 : m, k_inner ? 1 : n,
                    k_inner ? run : 1, panel, 1, nullptr, nullptr, run, a_jump, b_jump},
                   pool);
    c.expect(right, kernels.isa, text("runs of %zu: m=%zu n=%zu k=%zu panel=%zu", run, m, n, k, panel));
  });
}

void test_runs() {
  for (const bool k_inner : {false, true}) {
    for (const std::size_t run : {1, 9, 16, 100, 784}) {
      for (const std::size_t k : {1, 40, 800, 3000}) {
        for (const std::size_t panel : {256, 0, 7})
          hold_runs(1 + below(20), 1 + below(40), k, run, panel, k_inner, kKinds[below(5)]);
      }
    }
    for (const std::size_t m : {1, 6, 16}) {
      for (const std::size_t n : {1, 25, 300}) hold_runs(m, n, 2'000, 100, 256, k_inner, Kind::uniform);
    }
    hold_runs(6, 25, 20'000, 784, 256, k_inner, Kind::uniform);  // little output, many panels
    hold_runs(25, 6, 20'000, 784, 256, k_inner, Kind::uniform);
  }
}

// Products of a row and a column, as the variance of a layer norm needs them.
void test_batched_dots() {
  for (const std::size_t batch : {1, 2, 15, 16, 17, 40}) {
    for (const std::size_t k : {0, 1, 15, 16, 17, 255, 256, 257, 784}) {
      for (const std::size_t panel : {256, 0, 5}) hold({1, 1, k, panel, false, false, batch}, kKinds[below(5)]);
    }
  }
  for (const Kind kind : kKinds) hold({1, 1, 70'000, 256, false, false, 2}, kind);
}

// A product that underflows from below leaves a panel with -0: alone it is the result, with others it is added to +0.
void test_negative_zero() {
  for (const std::size_t k : {1, 3, 6}) {
    const std::vector<float> a(k, -0x1p-100f), b(k * 40, 0x1p-100f);
    on_every_table([&](const cpu::Kernels& kernels, cpu::ThreadPool& pool) {
      Output<float> c(40);
      kernels.matmul({a.data(), b.data(), c.data(), 1, 40, k, k, 1, 40, 1, 3, 1, nullptr, nullptr}, pool);
      c.expect(std::vector<float>(40, k <= 3 ? -0.0f : 0.0f), kernels.isa, text("-0 with k=%zu", k));
    });
  }
}

// One step in which an unfused product would round differently, found at the place where it does.
void test_fused() {
  const float x = 1 + 0x1p-12f;  // x*x = 1 + 2^-11 + 2^-24: unfused, the last term is lost
  const std::vector<float> a{1, x}, b{-1, x};
  on_every_table([&](const cpu::Kernels& kernels, cpu::ThreadPool& pool) {
    Output<float> c(1);
    kernels.matmul({a.data(), b.data(), c.data(), 1, 1, 2, 2, 1, 1, 1, 256, 1, nullptr, nullptr}, pool);
    c.expect({0x1p-11f + 0x1p-24f}, kernels.isa, "fused");
  });
}

// Sums that lie next to the middle of two floats, closer than a double can tell: to compute them in double and round
// again would be wrong. The product is half a last place of the float it is added to, times 1 +- 2^-31 or less.
void test_double_rounding() {
  constexpr std::size_t m = 5, n = 40;
  for (std::size_t trial = 0; trial < 200; trial += sampled(7)) {
    std::int64_t x = 0, y = 0, off = 0;
    while (off == 0 || std::abs(off) >= 1 << 16) {
      x = (1 << 23) + static_cast<std::int64_t>(below(1 << 23));
      y = ((std::int64_t{1} << 47) + x / 2) / x;
      off = x * y - (std::int64_t{1} << 47);
    }
    const int exponents[] = {-149, -148, -126, -100, -23, 0, 60, 104}, e = exponents[trial % 8];  // of the last place
    const float a = std::ldexp(static_cast<float>(x), -23 + e / 2),
                b = std::ldexp(static_cast<float>(y), -25 + e - e / 2);
    std::vector<float> left, right;
    for (std::size_t i = 0; i < m; ++i) {
      left.push_back(1);
      left.push_back(below(2) ? a : -a);
    }
    for (std::size_t j = 0; j < n; ++j) {
      const std::size_t digits = e == -149 ? below(1 << 23) : (1 << 23) + below(1 << 23);  // -149: subnormal
      right.push_back(std::ldexp(static_cast<float>(digits), e));
    }
    right.resize(2 * n, b);
    std::vector<float> expected(m * n);
    contract::matmul(left.data(), 2, 1, right.data(), n, 1, expected.data(), m, n, 2, 256);
    on_every_table([&](const cpu::Kernels& kernels, cpu::ThreadPool& pool) {
      Output<float> c(m * n);
      kernels.matmul({left.data(), right.data(), c.data(), m, n, 2, 2, 1, n, 1, 256, 1, nullptr, nullptr}, pool);
      c.expect(expected, kernels.isa, text("double rounding at 2^%d", e));
    });
  }
}

}  // namespace

int main() {
  test_fused();
  test_double_rounding();
  test_negative_zero();
  test_shapes();
  test_runs();
  test_batched_dots();
  test_panel_boundaries();
  return finish("test_gemm");
}
