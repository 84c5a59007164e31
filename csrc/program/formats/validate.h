// The rules of docs/program.md: what shapes, names and operations are allowed, and what an operation yields.
#pragma once

#include <string>

#include "program/program.h"

namespace paragon {

struct Result {
  Dtype dtype{};
  Shape shape;
};

// The result of an operation by the table. Throws Error, which does not say which operation.
Result infer(const Program& program, const Operation& operation);

void check_shape(const Shape& shape);      // rank, dimensions and elements; throws Error
void check_name(const std::string& name);  // throws Error

}  // namespace paragon
