// The last column of the operation table (docs/program.md): what operands and attributes an operation takes, and the
// dtype and shape of its result.
#pragma once

#include <string>

#include "program/error.h"
#include "program/formats/validate.h"

namespace paragon {

// An operation with its operands and attributes at hand, and what a rule may demand of them.
struct Call {
  const Program& program;
  const Operation& operation;

  std::uint32_t id(std::size_t i) const { return operation.inputs[i]; }
  Dtype dtype(std::size_t i) const { return program.dtype(id(i)); }
  const Shape& shape(std::size_t i) const { return program.shape(id(i)); }
  std::string describe(std::size_t i) const { return program.describe(id(i)); }
  std::int64_t number(Key key) const { return operation.number(key); }
  const Shape& list(Key key) const { return operation.list(key); }

  void require_dtype(std::size_t i, Dtype wanted) const {
    if (dtype(i) != wanted) fail("operand ", i, " must be ", name(wanted), ", not ", describe(i));
  }
  void require_rank(std::size_t i, std::size_t rank) const {
    if (shape(i).size() != rank) fail("operand ", i, " must have rank ", rank, ", not ", describe(i));
  }
  std::int64_t require_range(Key key, std::int64_t low, std::int64_t high) const {
    if (operation.attribute(key).is_list) fail(name(key), " must be an integer");
    const std::int64_t value = number(key);
    if (value < low || value > high) fail(name(key), " ", value, " is outside ", low, " ... ", high);
    return value;
  }
  // An axis of a shape of this rank.
  std::size_t require_axis(std::size_t rank) const {
    if (rank == 0) fail("operand 0 has no axes: ", describe(0));
    return static_cast<std::size_t>(require_range(Key::axis, 0, static_cast<std::int64_t>(rank) - 1));
  }
  const Shape& require_list(Key key, std::size_t length, std::int64_t low) const {
    if (!operation.attribute(key).is_list) fail(name(key), " must be a list of ", length);
    const Shape& values = list(key);
    if (values.size() != length) fail(name(key), " ", to_text(values), " must have ", length, " entries");
    for (const std::int64_t value : values) {
      if (value < low) fail(name(key), " ", to_text(values), ": every entry is at least ", low);
    }
    return values;
  }
  void require_same_dtype(std::size_t first) const {
    for (std::size_t i = first + 1; i < operation.inputs.size(); ++i) {
      if (dtype(i) != dtype(first)) fail("the dtypes differ: ", describe(first), " and ", describe(i));
    }
  }
};

// The rule of an operation whose operands and attributes are as many as they must be. Rules throw Error.
using Rule = Result (*)(const Call& call);
Rule rule_of(Op op);

}  // namespace paragon
