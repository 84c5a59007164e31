// Holds sum, max, argmax and scan of every instruction set, on one and several threads, to the words of the contract.
#include "contract/reduce.h"
#include "contract/scan.h"

#include "tests/kernel_test.h"

namespace {

using namespace paragon;
using namespace paragon::tests;

template <class T>
constexpr cpu::Dtype kDtype = std::is_same_v<T, float>          ? cpu::Dtype::f32
                              : std::is_same_v<T, std::int32_t> ? cpu::Dtype::i32
                                                                : cpu::Dtype::u32;

template <class T>
void hold_sum(std::size_t outer, std::size_t n, std::size_t inner, std::size_t panel, Kind kind) {
  const std::vector<T> x = values<T>(outer * n * inner, kind);
  std::vector<T> right(outer * inner);
  for (std::size_t i = 0; i < right.size(); ++i) {
    const T* first = x.data() + i / inner * n * inner + i % inner;
    std::vector<T> terms(n);
    for (std::size_t t = 0; t < n; ++t) terms[t] = first[t * inner];
    right[i] = contract::sum(terms, panel);
  }
  on_every_table([&](const cpu::Kernels& kernels, cpu::ThreadPool& pool) {
    Output<T> out(right.size());
    kernels.sum[static_cast<int>(kDtype<T>)]({x.data(), out.data(), outer, n, inner, panel}, pool);
    out.expect(right, kernels.isa, text("sum %s (%zu, %zu, %zu) panel=%zu", name_of(kind), outer, n, inner, panel));
  });
}

template <class T>
void hold_max(std::size_t outer, std::size_t n, std::size_t inner, Kind kind) {
  const std::vector<T> x = values<T>(outer * n * inner, kind);
  std::vector<T> right(outer * inner);
  std::vector<std::int32_t> right_at(outer * inner);
  for (std::size_t i = 0; i < right.size(); ++i) {
    const T* first = x.data() + i / inner * n * inner + i % inner;
    right[i] = contract::max<T>(n, [&](std::size_t t) { return first[t * inner]; });
    if (n > 0) right_at[i] = contract::argmax<T>(n, [&](std::size_t t) { return first[t * inner]; });
  }
  const std::string what = text("%s (%zu, %zu, %zu)", name_of(kind), outer, n, inner);
  on_every_table([&](const cpu::Kernels& kernels, cpu::ThreadPool& pool) {
    Output<T> out(right.size());
    kernels.max[static_cast<int>(kDtype<T>)]({x.data(), out.data(), outer, n, inner, 0}, pool);
    out.expect(right, kernels.isa, "max " + what);
    if (n == 0) return;
    Output<std::int32_t> at(right.size());
    kernels.argmax[static_cast<int>(kDtype<T>)]({x.data(), at.data(), outer, n, inner, 0}, pool);
    at.expect(right_at, kernels.isa, "argmax " + what);
  });
}

void hold_scan(std::size_t outer, std::size_t n, std::size_t inner, bool reverse, Kind kind) {
  const std::vector<float> a = values<float>(outer * n * inner, kind), b = values<float>(outer * n * inner, kind);
  const std::vector<float> h0 = values<float>(outer * inner, kind);
  std::vector<float> right(outer * n * inner);
  contract::scan(a.data(), b.data(), h0.data(), right.data(), outer, n, inner, reverse);
  on_every_table([&](const cpu::Kernels& kernels, cpu::ThreadPool& pool) {
    Output<float> out(right.size());
    kernels.scan({a.data(), b.data(), h0.data(), out.data(), outer, n, inner, reverse}, pool);
    out.expect(right, kernels.isa, text("scan %s (%zu, %zu, %zu) reverse=%d", name_of(kind), outer, n, inner, reverse));
  });
}

void test_sums() {
  for (const Kind kind : kKinds) {
    for (const std::size_t n : {0, 1, 2, 3, 10, 15, 16, 17, 255, 256, 257, 600}) {
      for (const std::size_t panel : {256, 0, 2, 7, 100}) {
        hold_sum<float>(1, n, 1, panel, kind);
        hold_sum<float>(3, n, 1, panel, kind);
        hold_sum<float>(37, n, 1, panel, kind);
        hold_sum<float>(2, n, 5, panel, kind);
        hold_sum<float>(1, n, 67, panel, kind);
      }
    }
    for (const std::size_t n : {65535, 65536, 65537, 100'000}) {
      for (const std::size_t panel : {256, 0, 2, 1000}) hold_sum<float>(1, n, 1, panel, kind);
      hold_sum<float>(2, n, 3, 256, kind);
    }
    hold_sum<float>(1, 2'100'000, 1, 256, kind);  // more panels than are reduced at once
    hold_sum<float>(20, 700, 1, 16, kind);
    hold_sum<float>(2, 300, 3000, 256, kind);
    hold_sum<float>(1, 1000, 300, 9, kind);
  }
  hold_sum<float>(0, 5, 4, 256, Kind::uniform);
  hold_sum<float>(4, 5, 0, 256, Kind::uniform);
  for (const std::size_t inner : {1, 33}) {
    hold_sum<std::int32_t>(21, 300, inner, 256, Kind::uniform);
    hold_sum<std::uint32_t>(5, 300, inner, 256, Kind::uniform);
  }
}

template <class T>
void test_max() {
  for (const Kind kind : kKinds) {
    for (const std::size_t n : {1, 2, 3, 7, 8, 10, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 1000}) {
      hold_max<T>(1, n, 1, kind);
      hold_max<T>(40, n, 1, kind);
      hold_max<T>(3, n, 2, kind);
      hold_max<T>(2, n, 37, kind);
    }
    hold_max<T>(3, 0, 1, kind);
    hold_max<T>(3, 0, 5, kind);
    hold_max<T>(1, 20, 2500, kind);
    hold_max<T>(200, 3, 1, kind);
  }
}

// Every pair of these, in both orders, in rows and in columns.
void test_max_of_pairs() {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> edge{0.0f, -0.0f,         1.0f,           -1.0f,     inf,
                                -inf, std::nanf(""), -std::nanf(""), 0x1p-149f, -0x1p-149f};
  for (const float first : edge) {
    for (const float second : edge) {
      for (const std::size_t inner : {1, 20}) {
        std::vector<float> x(40 * inner, -inf);
        const std::size_t at = below(39);
        for (std::size_t j = 0; j < inner; ++j) {
          x[at * inner + j] = first;
          x[(at + 1) * inner + j] = second;
        }
        const auto term = [&](std::size_t t) { return x[t * inner]; };
        const std::vector<float> right(inner, contract::max<float>(40, term));
        const std::vector<std::int32_t> right_at(inner, contract::argmax<float>(40, term));
        on_every_table([&](const cpu::Kernels& kernels, cpu::ThreadPool& pool) {
          Output<float> out(inner);
          kernels.max[0]({x.data(), out.data(), 1, 40, inner, 0}, pool);
          out.expect(right, kernels.isa,
                     text("max of %g and %g", static_cast<double>(first), static_cast<double>(second)));
          Output<std::int32_t> out_at(inner);
          kernels.argmax[0]({x.data(), out_at.data(), 1, 40, inner, 0}, pool);
          out_at.expect(right_at, kernels.isa,
                        text("argmax of %g and %g", static_cast<double>(first), static_cast<double>(second)));
        });
      }
    }
  }
}

void test_scans() {
  for (const Kind kind : kKinds) {
    for (const bool reverse : {false, true}) {
      for (const std::size_t n : {0, 1, 2, 15, 16, 17, 40, 700}) {
        hold_scan(1, n, 1, reverse, kind);
        hold_scan(19, n, 1, reverse, kind);
        hold_scan(2, n, 5, reverse, kind);
        hold_scan(1, n, 35, reverse, kind);
      }
    }
  }
}

}  // namespace

int main() {
  test_sums();
  test_max<float>();
  test_max<std::int32_t>();
  test_max<std::uint32_t>();
  test_max_of_pairs();
  test_scans();
  return finish("test_reductions");
}
