// The elementary functions by name: where they stand in the kernel table, and what the contract says they are.
#pragma once

#include "contract/elementary.h"
#include "cpu/kernels.h"

namespace paragon {

struct ElementaryFunction {
  const char* name;
  cpu::Elementwise operation;
  float (*contract)(float);
};

inline constexpr ElementaryFunction kElementaryFunctions[] = {
    {"exp", cpu::Elementwise::exp, contract::exp},       {"expm1", cpu::Elementwise::expm1, contract::expm1},
    {"log", cpu::Elementwise::log, contract::log},       {"log1p", cpu::Elementwise::log1p, contract::log1p},
    {"tanh", cpu::Elementwise::tanh, contract::tanh},    {"erf", cpu::Elementwise::erf, contract::erf},
    {"sinpi", cpu::Elementwise::sinpi, contract::sinpi}, {"cospi", cpu::Elementwise::cospi, contract::cospi},
};

}  // namespace paragon
