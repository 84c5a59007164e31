// The composites that have kernels, and how each is recognised among the operations of a program.
#include "program/runtime/composite.h"

namespace paragon {

const Operation* Node::operation() const {
  const bool computed = exists() && value_ >= program_->first_operation();
  return computed ? &program_->operations[value_ - program_->first_operation()] : nullptr;
}

Node Node::as(Op op) const {
  const Operation* found = operation();
  const bool fits = found != nullptr && found->op == op && program_->dtype(found->inputs.back()) == Dtype::f32;
  return fits ? *this : none();
}

Node Node::operand(std::size_t index) const {
  const Operation* found = operation();
  return found != nullptr && index < found->inputs.size() ? Node(*program_, found->inputs[index]) : none();
}

Node Node::compared_with_zero(Comparison how) const {
  const Node compared = as(Op::compare);
  if (!compared.operand(1).is_constant(0)) return none();
  return compared.operation()->number(Key::how) == static_cast<std::int64_t>(how) ? compared.operand(0) : none();
}

bool Node::is_constant(Word word) const {
  const Operation* found = operation();
  return found != nullptr && found->op == Op::constant && static_cast<Word>(found->number(Key::word)) == word;
}

namespace {

constexpr Word kZero = 0, kOne = 0x3f800000;

// select(x >= 0, 1, e) / (e + 1) with e = exp(neg(abs(x)))
std::optional<Composite> sigmoid(const Node& value, const cpu::Kernels& kernels) {
  const Node quotient = value.as(Op::div);
  const Node chosen = quotient.operand(0).as(Op::select), sum = quotient.operand(1).as(Op::add);
  const Node e = sum.operand(0), x = chosen.operand(0).compared_with_zero(Comparison::ge);
  const bool numerator = chosen.operand(1).is_constant(kOne) && chosen.operand(2).is(e);
  const bool denominator = sum.operand(1).is_constant(kOne);
  const bool exponent = e.as(Op::exp).operand(0).as(Op::neg).operand(0).as(Op::abs).operand(0).is(x);
  if (!numerator || !denominator || !exponent) return {};
  return Composite{"sigmoid", kernels.sigmoid, {x.value()}, 12};
}

// select(x <= 0, 0, y)
std::optional<Composite> where_positive(const Node& value, const cpu::Kernels& kernels) {
  const Node chosen = value.as(Op::select), x = chosen.operand(0).compared_with_zero(Comparison::le);
  if (!x.exists() || !chosen.operand(1).is_constant(kZero)) return {};
  return Composite{"where_positive", kernels.where_positive, {x.value(), chosen.operand(2).value()}, 1};
}

// exp(x - y)
std::optional<Composite> exp_difference(const Node& value, const cpu::Kernels& kernels) {
  const Node difference = value.as(Op::exp).operand(0).as(Op::sub);
  if (!difference.exists()) return {};
  return Composite{
      "exp_difference", kernels.exp_difference, {difference.operand(0).value(), difference.operand(1).value()}, 9};
}

}  // namespace

std::span<const Pattern> composite_patterns() {
  static constexpr Pattern kPatterns[] = {sigmoid, where_positive, exp_difference};
  return kPatterns;
}

std::optional<Composite> find_composite(const Program& program, const cpu::Kernels& kernels, std::size_t value,
                                        std::span<const Pattern> patterns) {
  for (const Pattern pattern : patterns) {
    if (auto composite = pattern(Node(program, value), kernels)) return composite;
  }
  return {};
}

}  // namespace paragon
