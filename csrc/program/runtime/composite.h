// Composites: elementwise operations that together have one kernel. A plan calls it in place of the last of them, with
// the operands of the first; the others are then left out, unless somebody else needs them.
#pragma once

#include <optional>
#include <vector>

#include "cpu/kernels.h"
#include "program/program.h"

namespace paragon {

struct Composite {
  cpu::ElementwiseKernel kernel;
  std::vector<std::uint32_t> inputs;
  std::size_t cost;  // relative to an addition
};

// The composite that ends with this value, the longest if there are several.
std::optional<Composite> find_composite(const Program& program, const cpu::Kernels& kernels, std::size_t value);

}  // namespace paragon
