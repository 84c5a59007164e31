// Composites: elementwise operations that together have one kernel. A plan calls it in place of the last of them, with
// the operands of the first; the others are then left out, unless somebody else needs them.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "cpu/kernels.h"
#include "program/program.h"

namespace paragon {

struct Composite {
  const char* name;
  cpu::ElementwiseKernel kernel;
  std::vector<std::uint32_t> inputs;
  std::size_t cost;  // relative to an addition
};

// A value of a program as a pattern sees it, or none: what does not fit is none, and so is everything that is reached
// from it.
class Node {
 public:
  Node(const Program& program, std::size_t value) : program_(&program), value_(value) {}

  bool exists() const { return value_ != kNone; }
  std::uint32_t value() const { return static_cast<std::uint32_t>(value_); }

  Node as(Op op) const;  // this value, if it is the result of this operation, and of floats
  Node operand(std::size_t index) const;
  Node compared_with_zero(Comparison how) const;  // the x of compare(x, 0)
  bool is_constant(Word word) const;
  bool is(const Node& other) const { return exists() && value_ == other.value_; }

 private:
  static constexpr std::size_t kNone = SIZE_MAX;

  const Operation* operation() const;
  Node none() const { return {*program_, kNone}; }

  const Program* program_;
  std::size_t value_;
};

// The composite that ends with a value, if it is the one of this pattern.
using Pattern = std::optional<Composite> (*)(const Node& value, const cpu::Kernels& kernels);

// All that there are; where two may end with one value, the longer one first.
std::span<const Pattern> composite_patterns();

// The composite of the first pattern that fits.
std::optional<Composite> find_composite(const Program& program, const cpu::Kernels& kernels, std::size_t value,
                                        std::span<const Pattern> patterns = composite_patterns());

}  // namespace paragon
