// The elementary functions by name: where they stand in the kernel table, and what the contract says they are.
#pragma once

#include "contract/elementary.h"
#include "cpu/kernels.h"

namespace paragon {

struct ElementaryFunction {
  const char* name;
  Op operation;
  float (*contract)(float);
};

inline constexpr ElementaryFunction kElementaryFunctions[] = {
    {"exp", Op::exp, contract::exp},       {"expm1", Op::expm1, contract::expm1}, {"log", Op::log, contract::log},
    {"log1p", Op::log1p, contract::log1p}, {"tanh", Op::tanh, contract::tanh},    {"erf", Op::erf, contract::erf},
    {"sinpi", Op::sinpi, contract::sinpi}, {"cospi", Op::cospi, contract::cospi},
};

}  // namespace paragon
