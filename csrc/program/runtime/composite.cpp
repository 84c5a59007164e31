#include "program/runtime/composite.h"

namespace paragon {

namespace {

// What can be asked of values when a pattern is compared with a program.
class Matcher {
 public:
  explicit Matcher(const Program& program) : program_(program) {}

  // The inputs of a value that is the result of `op` on floats, else null.
  const std::uint32_t* inputs(std::size_t value, Op op) const {
    if (value < program_.first_operation()) return nullptr;
    const Operation& operation = program_.operations[value - program_.first_operation()];
    const bool found = operation.op == op && program_.dtype(operation.inputs.back()) == Dtype::f32;
    return found ? operation.inputs.data() : nullptr;
  }
  // The x of compare(x, 0).
  const std::uint32_t* compared_with_zero(std::size_t value, Comparison how) const {
    const std::uint32_t* compared = inputs(value, Op::compare);
    if (compared == nullptr || !is_constant(compared[1], 0)) return nullptr;
    const Operation& operation = program_.operations[value - program_.first_operation()];
    return operation.number(Key::how) == static_cast<std::int64_t>(how) ? compared : nullptr;
  }
  bool is_constant(std::size_t value, Word word) const {
    if (value < program_.first_operation()) return false;
    const Operation& operation = program_.operations[value - program_.first_operation()];
    return operation.op == Op::constant && static_cast<Word>(operation.number(Key::word)) == word;
  }

 private:
  const Program& program_;
};

constexpr Word kZero = 0, kOne = 0x3f800000;

}  // namespace

std::optional<Composite> find_composite(const Program& program, const cpu::Kernels& kernels, std::size_t value) {
  const Matcher match(program);
  // select(x >= 0, 1, e) / (e + 1) with e = exp(neg(abs(x)))
  if (const auto* quotient = match.inputs(value, Op::div)) {
    const auto* chosen = match.inputs(quotient[0], Op::select);
    const auto* sum = match.inputs(quotient[1], Op::add);
    if (chosen == nullptr || sum == nullptr || chosen[2] != sum[0]) return {};
    if (!match.is_constant(chosen[1], kOne) || !match.is_constant(sum[1], kOne)) return {};
    const auto* x = match.compared_with_zero(chosen[0], Comparison::ge);
    const auto* exponent = match.inputs(sum[0], Op::exp);
    const auto* negated = exponent == nullptr ? nullptr : match.inputs(*exponent, Op::neg);
    const auto* magnitude = negated == nullptr ? nullptr : match.inputs(*negated, Op::abs);
    if (x == nullptr || magnitude == nullptr || *x != *magnitude) return {};
    return Composite{kernels.sigmoid, {*x}, 12};
  }
  // select(x <= 0, 0, y)
  if (const auto* chosen = match.inputs(value, Op::select)) {
    const auto* x = match.compared_with_zero(chosen[0], Comparison::le);
    if (x == nullptr || !match.is_constant(chosen[1], kZero)) return {};
    return Composite{kernels.where_positive, {*x, chosen[2]}, 1};
  }
  // exp(x - y)
  if (const auto* exponent = match.inputs(value, Op::exp)) {
    const auto* difference = match.inputs(*exponent, Op::sub);
    if (difference == nullptr) return {};
    return Composite{kernels.exp_difference, {difference[0], difference[1]}, 9};
  }
  return {};
}

}  // namespace paragon
