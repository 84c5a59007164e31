// bench_gemm [ISA [THREADS]]: speed of the matrix product, beside the peak of fma that the same run measures between
// the products, on one thread. Prints GFLOP/s (2 m n k operations), and the share of the peak of one thread.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <random>
#include <string>
#include <vector>

#include "cpu/dispatch.h"
#include "cpu/threads.h"
#include "tests/peaks.h"

namespace {

using namespace paragon::cpu;
using paragon::peaks::Peak;

// Of the processor where one thread is measured, so that what else runs on the machine counts less; else of the clock.
double seconds(bool one_thread) {
  timespec now{};
  clock_gettime(one_thread ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Shape {
  std::size_t m, n, k;
  bool transpose_a, transpose_b;
  std::size_t batch;
};
// clang-format off
const Shape kShapes[] = {
    {32, 128, 784, false, false, 1},   {128, 128, 784, false, false, 1}, {512, 128, 784, false, false, 1},
    {128, 10, 128, false, false, 1},                                                   // forward
    {784, 128, 32, true, false, 1},    {784, 128, 128, true, false, 1},  {784, 128, 512, true, false, 1},
    {128, 10, 128, true, false, 1},    {128, 128, 10, false, true, 1},   {128, 784, 128, false, true, 1},  // backward
    {1, 128, 784, false, false, 1},    {1, 128, 784, false, true, 1},    {1, 10, 128, false, false, 1},    // one sample
    {1, 1024, 1024, false, false, 1},  {1024, 1, 1024, false, false, 1}, {1, 1, 256, false, false, 1024},
    {16, 16, 64, false, true, 64},     {512, 512, 512, false, false, 1}, {512, 512, 512, true, true, 1},
    {1024, 1024, 1024, false, false, 1},
    {10, 128, 60000, false, false, 1},                                                 // few outputs, many panels
};
// clang-format on

void measure(const Shape& s, const Kernels& kernels, ThreadPool& pool, Peak peak) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> a(s.batch * s.m * s.k), b(s.batch * s.k * s.n), c(s.batch * s.m * s.n);
  for (float& x : a) x = uniform(random);
  for (float& x : b) x = uniform(random);
  std::vector<std::size_t> a_offset, b_offset;
  for (std::size_t i = 0; i < s.batch; ++i) {
    a_offset.push_back(i * s.m * s.k);
    b_offset.push_back(i * s.k * s.n);
  }
  MatmulArgs args{};
  args.a = a.data();
  args.b = b.data();
  args.c = c.data();
  args.m = s.m;
  args.n = s.n;
  args.k = s.k;
  args.a_row = s.transpose_a ? 1 : s.k;
  args.a_col = s.transpose_a ? s.m : 1;
  args.b_row = s.transpose_b ? 1 : s.n;
  args.b_col = s.transpose_b ? s.k : 1;
  args.panel = 256;  // the default of the contract
  args.batch = s.batch;
  args.a_offset = a_offset.data();
  args.b_offset = b_offset.data();
  const double operations = 2.0 * static_cast<double>(s.m * s.n * s.k * s.batch);
  const int calls = static_cast<int>(std::max(1.0, 1e7 / operations));
  const auto now = [&] { return seconds(pool.threads() == 1); };
  float sink[paragon::peaks::kSink] = {1.0f, 1e-9f};
  double best = 0, best_peak = 0;
  for (const double end = now() + 0.4; now() < end;) {
    double start = now();
    for (int i = 0; i < calls; ++i) kernels.matmul(args, pool);
    best = std::max(best, operations * calls / (now() - start));
    if (peak == nullptr) continue;
    start = now();
    const double peak_operations = peak(sink);
    best_peak = std::max(best_peak, peak_operations / (now() - start));
  }
  std::printf("%5zu %5zu %6zu %c%c x%-5zu %8.1f", s.m, s.n, s.k, s.transpose_a ? 'T' : 'N', s.transpose_b ? 'T' : 'N',
              s.batch, best * 1e-9);
  if (peak != nullptr) std::printf(" %8.1f %7.2f", best_peak * 1e-9, best / best_peak);
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) try {
  const Kernels& kernels = argc > 1 ? paragon::cpu::kernels(argv[1]) : default_kernels();
  ThreadPool pool(argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1);
  std::printf("%s, %zu thread%s\n    m     n      k    batch  GFLOP/s     peak   share\n", kernels.isa, pool.threads(),
              pool.threads() == 1 ? "" : "s");
  for (const Shape& shape : kShapes) measure(shape, kernels, pool, paragon::peaks::fma_of(kernels.isa));
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_gemm: %s\n", error.what());
  return 1;
}
