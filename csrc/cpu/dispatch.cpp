#include "cpu/dispatch.h"

#include <cstdlib>
#include <stdexcept>

// Every instruction set of this architecture, worst to best, and every family of kernels.
#if defined(__x86_64__)
#define PARAGON_FOR_EACH_ISA(DO) DO(baseline) DO(avx2) DO(avx512)
#elif defined(__aarch64__)
#define PARAGON_FOR_EACH_ISA(DO) DO(neon)
#else
#define PARAGON_FOR_EACH_ISA(DO) DO(baseline)
#endif
#define PARAGON_FOR_EACH_FAMILY(DO, set) \
  DO(set, elementwise) DO(set, elementary) DO(set, gemm) DO(set, reduce) DO(set, scan) DO(set, window) DO(set, index) \
  DO(set, random) DO(set, fft)

namespace paragon::cpu {

#define PARAGON_DECLARE(set, family) void fill_##family(Kernels&);
#define PARAGON_DECLARE_ISA(set)                       \
  namespace set {                                      \
  PARAGON_FOR_EACH_FAMILY(PARAGON_DECLARE, set)        \
  }
PARAGON_FOR_EACH_ISA(PARAGON_DECLARE_ISA)

namespace {

// __builtin_cpu_supports asks the processor and whether the operating system saves the registers.
#if defined(__x86_64__)
bool can_run_baseline() { return true; }
bool can_run_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
bool can_run_avx512() {
  return can_run_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
#elif defined(__aarch64__)
bool can_run_neon() { return true; }
#else
bool can_run_baseline() { return true; }
#endif

#define PARAGON_FILL(set, family) set::fill_##family(table);
#define PARAGON_TABLE(set)                         \
  const Kernels* set##_kernels() {                 \
    static const Kernels kernels = [] {            \
      Kernels table{};                             \
      table.isa = #set;                            \
      PARAGON_FOR_EACH_FAMILY(PARAGON_FILL, set)   \
      return table;                                \
    }();                                           \
    return &kernels;                               \
  }
PARAGON_FOR_EACH_ISA(PARAGON_TABLE)

}  // namespace

const std::vector<const Kernels*>& available_kernels() {
  static const std::vector<const Kernels*> available = [] {
    std::vector<const Kernels*> list;
#define PARAGON_OFFER(set) \
  if (can_run_##set()) list.push_back(set##_kernels());
    PARAGON_FOR_EACH_ISA(PARAGON_OFFER)
    return list;
  }();
  return available;
}

const Kernels& kernels(const std::string& isa) {
  std::string names;
  for (const Kernels* k : available_kernels()) {
    if (isa == k->isa) return *k;
    names += names.empty() ? k->isa : std::string(", ") + k->isa;
  }
  throw std::invalid_argument("instruction set \"" + isa + "\" is unknown or not available on this machine; choose one of: " +
                              names);
}

const Kernels& default_kernels() {
  const char* isa = std::getenv("PARAGON_ISA");
  if (isa == nullptr || *isa == '\0') return *available_kernels().back();
  try {
    return kernels(isa);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(std::string("PARAGON_ISA: ") + error.what());
  }
}

}  // namespace paragon::cpu
