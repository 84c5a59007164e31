// The elementwise part of the kernel table of every instruction set that this machine can run, worst to best, and of the
// portable fallback of simd.h ("generic": elementwise.cpp and elementary.cpp compiled with PARAGON_SIMD_GENERIC).
#pragma once

#include <vector>

#include "cpu/kernels.h"

namespace paragon::cpu {

#define PARAGON_DECLARE(isa)          \
  namespace isa {                     \
  void fill_elementwise(Kernels&);    \
  void fill_elementary(Kernels&);     \
  }
PARAGON_DECLARE(generic)
#if defined(__x86_64__)
PARAGON_DECLARE(baseline)
PARAGON_DECLARE(avx2)
PARAGON_DECLARE(avx512)
#elif defined(__aarch64__)
PARAGON_DECLARE(neon)
#endif
#undef PARAGON_DECLARE

inline std::vector<Kernels> elementwise_tables() {
  std::vector<Kernels> tables;
  const auto enter = [&](const char* isa, void (*fill_elementwise)(Kernels&), void (*fill_elementary)(Kernels&)) {
    Kernels table{};
    table.isa = isa;
    fill_elementwise(table);
    fill_elementary(table);
    tables.push_back(table);
  };
  enter("generic", generic::fill_elementwise, generic::fill_elementary);
#if defined(__x86_64__)
  enter("baseline", baseline::fill_elementwise, baseline::fill_elementary);
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (has_avx2) enter("avx2", avx2::fill_elementwise, avx2::fill_elementary);
  const bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                          __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  if (has_avx512) enter("avx512", avx512::fill_elementwise, avx512::fill_elementary);
#elif defined(__aarch64__)
  enter("neon", neon::fill_elementwise, neon::fill_elementary);
#endif
  return tables;
}

}  // namespace paragon::cpu
