// Holds the transforms of every instruction set, on one thread and on several, to the contract, word for word.
#include "contract/fft.h"

#include "cpu/fft_plan.h"
#include "tests/kernel_test.h"

namespace {

using namespace paragon;
using namespace paragon::tests;

// An infinite point 0 meets no twiddle but those of primes, so that most results have a finite part: unless a product
// with W(0, n) is taken where the contract has none.
void hold_fft(std::size_t rows, std::size_t n, bool inverse, Kind kind, bool infinite = false) {
  std::vector<float> x = values<float>(2 * rows * n, kind);
  for (std::size_t row = 0; infinite && row < rows; ++row) x[2 * row * n] = std::numeric_limits<float>::infinity();
  const float scale = contract::fft_scale(n, static_cast<Norm>(below(3)), inverse);
  std::vector<float> right(x.size());
  contract::fft(x.data(), right.data(), rows, n, inverse, scale);
  const auto plan = cpu::fft_plan(n, false);
  on_every_table([&](const cpu::Kernels& kernels, cpu::ThreadPool& pool) {
    Output<float> out(right.size());
    kernels.fft({plan.get(), x.data(), out.data(), rows, n, inverse, scale}, pool);
    out.expect(right, kernels.isa,
               text("fft %s rows=%zu n=%zu inverse=%d infinite=%d", name_of(kind), rows, n, inverse, infinite));
  });
}

void hold_real(std::size_t rows, std::size_t n, Kind kind) {
  const std::vector<float> time = values<float>(rows * n, kind), points = values<float>(2 * rows * (n / 2 + 1), kind);
  const float scale = contract::fft_scale(n, static_cast<Norm>(below(3)), false);
  std::vector<float> forward(points.size()), back(time.size());
  contract::rfft(time.data(), forward.data(), rows, n, scale);
  contract::irfft(points.data(), back.data(), rows, n, scale);
  const auto plan = cpu::fft_plan(n, true);
  on_every_table([&](const cpu::Kernels& kernels, cpu::ThreadPool& pool) {
    Output<float> spectrum(forward.size()), signal(back.size());
    kernels.rfft({plan.get(), time.data(), spectrum.data(), rows, n, false, scale}, pool);
    spectrum.expect(forward, kernels.isa, text("rfft %s rows=%zu n=%zu", name_of(kind), rows, n));
    kernels.irfft({plan.get(), points.data(), signal.data(), rows, n, true, scale}, pool);
    signal.expect(back, kernels.isa, text("irfft %s rows=%zu n=%zu", name_of(kind), rows, n));
  });
}

void hold_length(std::size_t rows, std::size_t n, Kind kind) {
  hold_fft(rows, n, false, kind);
  hold_fft(rows, n, true, kind);
  hold_fft(rows, n, n % 2 == 0, Kind::uniform, true);
  hold_real(rows, n, kind);
}

// Exact by symmetry or by theory, whatever the algorithm.
void check_twiddles() {
  using contract::twiddle;
  for (std::uint64_t n = 1; n <= 64; ++n) {
    for (std::uint64_t k = 0; k < n; ++k) {
      const auto w = twiddle<float>(k, n), wide = twiddle<float>(3 * k, 3 * n);
      CHECK(contract::word(w.re) == contract::word(wide.re) && contract::word(w.im) == contract::word(wide.im),
            "W(%d, %d) depends on the fraction's form", static_cast<int>(k), static_cast<int>(n));
      CHECK(
          std::fabs(w.re - std::cos(2 * 3.14159265358979 * static_cast<double>(k) / static_cast<double>(n))) < 1e-7 &&
              std::fabs(w.im + std::sin(2 * 3.14159265358979 * static_cast<double>(k) / static_cast<double>(n))) < 1e-7,
          "W(%d, %d)", static_cast<int>(k), static_cast<int>(n));
    }
  }
  CHECK(twiddle<double>(1, 6).re == 0.5 && twiddle<float>(1, 3).re == -0.5f && twiddle<double>(1, 12).im == -0.5,
        "sixths");
  for (std::uint64_t k = 0; k < 4; ++k) {
    const auto w = twiddle<float>(k, 4);
    CHECK((w.re == 0 || w.im == 0) && !std::signbit(w.re == 0 ? w.re : w.im), "quarter turn %d", static_cast<int>(k));
  }
}

}  // namespace

int main() {
  check_twiddles();
  for (std::size_t n = 1; n <= 130; n += sampled(7)) hold_length(1 + n % 3, n, kKinds[n % 5]);
  for (const std::size_t n : {8, 9, 12, 16, 64, 60}) {
    for (const Kind kind : kKinds) {
      for (const std::size_t rows : {0, 1, 7, 16, 33}) hold_length(rows, n, kind);
    }
  }
  // Every way to transform a row, and lanes that are filled well, badly and not at all.
  for (const std::size_t n :
       {202, 210, 256, 257, 343, 500, 512, 606, 625, 1000, 1009, 1010, 1024, 2018, 2048, 2187, 2310, 4096}) {
    hold_length(1, n, Kind::uniform);
    hold_length(2, n, Kind::special);
    hold_length(19, n, Kind::uniform);
  }
  for (const Kind kind : kKinds) {
    for (const std::size_t n : {256, 512, 1024, 2048}) hold_length(3, n, kind);
  }
  // Long enough that threads share out a single row.
  for (const std::size_t n : {8192, 16 * 1009, 3 * 8191, 32768}) hold_length(1, n, Kind::uniform);
  return finish("test_fft");
}
