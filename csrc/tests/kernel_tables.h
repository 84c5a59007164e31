// The kernel tables that the tests hold to the contract: those that this machine can run, worst to best, after the
// portable fallback of simd.h ("generic": all families compiled with PARAGON_SIMD_GENERIC).
#pragma once

#include <vector>

#include "cpu/dispatch.h"

namespace paragon::cpu::generic {
void fill_kernels(Kernels&);
}

namespace paragon::tests {

inline const std::vector<cpu::Kernels>& kernel_tables() {
  static const std::vector<cpu::Kernels> all = [] {
    std::vector<cpu::Kernels> list(1);
    cpu::generic::fill_kernels(list[0]);
    for (const cpu::Kernels* kernels : cpu::available_kernels()) list.push_back(*kernels);
    return list;
  }();
  return all;
}

}  // namespace paragon::tests
