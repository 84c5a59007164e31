// The elements of a shape, counted without overflow; what a program knows of its values; and both in words.
#include "program/program.h"

#include <algorithm>

#include "program/error.h"

namespace paragon {

std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? kHuge : sum;
}

std::int64_t saturating_mul(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? kHuge : product;
}

std::int64_t elements(const Shape& shape) {
  std::int64_t count = 1;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  for (const std::int64_t dim : shape) count = saturating_mul(count, dim);
  return count;
}

std::size_t count(const Shape& shape) { return static_cast<std::size_t>(elements(shape)); }

std::uint64_t bytes(const Shape& shape) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 60;
  return std::min(static_cast<std::uint64_t>(elements(shape)), kMost) * sizeof(Word);
}

std::string to_text(const Shape& shape) {
  std::string text = "[";
  for (const std::int64_t dim : shape) text += (text.size() > 1 ? "," : "") + std::to_string(dim);
  return text + "]";
}

const Attribute& Operation::attribute(Key key) const {
  for (const Attribute& attribute : attributes) {
    if (attribute.key == key) return attribute;
  }
  fail("the attribute \"", name(key), "\" is missing");
}

std::string Tensor::describe() const { return join(paragon::name(dtype), " ", to_text(shape)); }

Dtype Program::dtype(std::size_t value) const {
  if (value < inputs.size()) return inputs[value].dtype;
  if (value < first_operation()) return state[value - inputs.size()].dtype;
  return operations[value - first_operation()].dtype;
}

const Shape& Program::shape(std::size_t value) const {
  if (value < inputs.size()) return inputs[value].shape;
  if (value < first_operation()) return state[value - inputs.size()].shape;
  return operations[value - first_operation()].shape;
}

std::string Program::describe(std::size_t value) const {
  return join("value ", value, " (", name(dtype(value)), " ", to_text(shape(value)), ")");
}

}  // namespace paragon
