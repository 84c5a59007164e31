// bench_fft [--isa ISA] [--threads T] [--fftw libfftw3f.so] [--mkl libmkl_rt.so] [--real] [N[xROWS] ...]: speed of the
// transforms, beside that of FFTW (planned with MEASURE) and MKL where their libraries are named, in turns in this one
// process, on one thread each. Prints the best time of a call in microseconds, GFLOP/s as if a transform took 5 n log2
// n operations (half as many for real points), and how many times as fast as each peer that is.
#include <dlfcn.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "cpu/dispatch.h"
#include "cpu/fft_plan.h"
#include "cpu/threads.h"

namespace {

using namespace paragon::cpu;
using Call = std::function<void()>;

constexpr double kRound = 2e-4, kLongCall = 5e-4;  // seconds
clockid_t measured_clock = CLOCK_MONOTONIC;

double seconds() {
  timespec now{};
  clock_gettime(measured_clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

class Library {
 public:
  explicit Library(const std::string& path) : handle_(dlopen(path.c_str(), RTLD_NOW)) {
    if (handle_ == nullptr) throw std::runtime_error(dlerror());
  }
  template <class Function>
  Function* get(const char* name) const {
    void* found = dlsym(handle_, name);
    if (found == nullptr) throw std::runtime_error(dlerror());
    return reinterpret_cast<Function*>(found);
  }

 private:
  void* handle_;
};

struct Case {
  std::size_t n, rows;
  bool real;
  float *x, *out;
};

Call fftw(const Library& library, const Case& c) {
  using ComplexPlanner =
      void*(int, const int*, int, float*, const int*, int, int, float*, const int*, int, int, int, unsigned);
  using RealPlanner = void*(int, const int*, int, float*, const int*, int, int, float*, const int*, int, int, unsigned);
  const int n = static_cast<int>(c.n), rows = static_cast<int>(c.rows), half = n / 2 + 1;
  void* plan = c.real ? library.get<RealPlanner>("fftwf_plan_many_dft_r2c")(1, &n, rows, c.x, nullptr, 1, n, c.out,
                                                                            nullptr, 1, half, 0)
                      : library.get<ComplexPlanner>("fftwf_plan_many_dft")(1, &n, rows, c.x, nullptr, 1, n, c.out,
                                                                           nullptr, 1, n, -1, 0);
  auto* execute = library.get<void(void*)>("fftwf_execute");
  return [plan, execute] { execute(plan); };
}

Call mkl(const Library& library, const Case& c) {
  enum {
    kRealStorage = 10,
    kPlacement = 11,
    kInputDistance = 14,
    kOutputDistance = 15,
    kTransforms = 7,
    kThreadLimit = 27
  };
  enum { kComplex = 32, kReal = 33, kComplexComplex = 39, kNotInPlace = 44 };
  void* plan = nullptr;
  library.get<long(void**, int, long)>("DftiCreateDescriptor_s_1d")(&plan, c.real ? kReal : kComplex,
                                                                    static_cast<long>(c.n));
  auto* set = library.get<long(void*, int, ...)>("DftiSetValue");
  set(plan, kPlacement, kNotInPlace);
  set(plan, kTransforms, static_cast<long>(c.rows));
  set(plan, kInputDistance, static_cast<long>(c.n));
  set(plan, kOutputDistance, static_cast<long>(c.real ? c.n / 2 + 1 : c.n));
  set(plan, kThreadLimit, 1L);
  if (c.real) set(plan, kRealStorage, kComplexComplex);
  if (library.get<long(void*)>("DftiCommitDescriptor")(plan) != 0) throw std::runtime_error("MKL: cannot plan");
  auto* compute = library.get<long(void*, void*, void*)>("DftiComputeForward");
  return [plan, compute, x = c.x, out = c.out] { compute(plan, x, out); };
}

double time_of(const Call& call, int calls) {
  const double start = seconds();
  for (int i = 0; i < calls; ++i) call();
  return (seconds() - start) / calls;
}

void measure(std::size_t n, std::size_t rows, bool real, const Kernels& kernels, ThreadPool& pool,
             const std::vector<std::function<Call(const Case&)>>& peers) {
  std::vector<float> memory_x(2 * n * rows + 64), memory_out(2 * (n + 2) * rows + 64);
  const auto aligned = [](std::vector<float>& v) {
    return v.data() + (64 - reinterpret_cast<std::uintptr_t>(v.data()) % 64) % 64 / 4;
  };
  const Case c{n, rows, real, aligned(memory_x), aligned(memory_out)};
  const auto plan = fft_plan(n, real);
  const FftArgs args{plan.get(), c.x, c.out, rows, n, false, 1.0f};
  std::vector<Call> calls{[&] { (real ? kernels.rfft : kernels.fft)(args, pool); }};
  for (const auto& peer : peers) calls.push_back(peer(c));
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (float& v : memory_x) v = uniform(random);
  std::vector<double> best;
  std::vector<int> repeats;
  for (const Call& call : calls) {
    call();
    best.push_back(time_of(call, 1));
    repeats.push_back(static_cast<int>(std::max(1.0, kRound / best.back())));
  }
  // A long call of one thread is measured by processor time, so that what else runs on the machine counts less.
  measured_clock = pool.threads() == 1 && best[0] > kLongCall ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
  for (const double end = seconds() + 0.15 * static_cast<double>(calls.size()); seconds() < end;) {
    for (std::size_t i = 0; i < calls.size(); ++i) best[i] = std::min(best[i], time_of(calls[i], repeats[i]));
  }
  const double points = static_cast<double>(n),
               operations = (real ? 2.5 : 5) * points * std::log2(points) * static_cast<double>(rows);
  std::printf("%c %8zu x %-6zu %12.3f %8.1f", real ? 'R' : 'C', n, rows, 1e6 * best[0], 1e-9 * operations / best[0]);
  for (std::size_t i = 1; i < best.size(); ++i) std::printf(" %8.2f", best[i] / best[0]);
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) try {
  const Kernels* kernels = &default_kernels();
  std::size_t threads = 1;
  bool real = false;
  std::vector<std::function<Call(const Case&)>> peers;
  std::vector<std::pair<std::size_t, std::size_t>> sizes;
  std::string heads;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = [&]() -> std::string {
      if (++i == argc) throw std::invalid_argument(word + " needs a value");
      return argv[i];
    };
    if (word == "--isa") {
      kernels = &paragon::cpu::kernels(value());
    } else if (word == "--threads") {
      threads = std::stoul(value());
    } else if (word == "--real") {
      real = true;
    } else if (word == "--fftw") {
      peers.push_back([library = Library(value())](const Case& c) { return fftw(library, c); });
      heads += "  /FFTW  ";
    } else if (word == "--mkl") {
      peers.push_back([library = Library(value())](const Case& c) { return mkl(library, c); });
      heads += "   /MKL  ";
    } else {
      const std::size_t x = word.find('x');
      sizes.emplace_back(std::stoul(word), x == std::string::npos ? 1 : std::stoul(word.substr(x + 1)));
    }
  }
  if (sizes.empty()) {
    for (std::size_t log = 4; log <= 20; ++log) {
      sizes.emplace_back(std::size_t{1} << log, 1);
      sizes.emplace_back(std::size_t{1} << log, std::max<std::size_t>(2, (std::size_t{1} << 16) >> log));
    }
  }
  ThreadPool pool(threads);
  std::printf("%s, %zu thread%s\n          n   rows         microseconds  GFLOP/s %s\n", kernels->isa, threads,
              threads == 1 ? "" : "s", heads.c_str());
  for (const auto& [n, rows] : sizes) measure(n, rows, real, *kernels, pool, peers);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_fft: %s\n", error.what());
  return 1;
}
