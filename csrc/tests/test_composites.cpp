// The search for composites: all patterns are tried, also those that end with the same operation, and the first that
// fits is taken. What composites compute is held to the contract by test_program.
#include <optional>

#include "cpu/dispatch.h"
#include "program/runtime/composite.h"
#include "tests/check.h"
#include "tests/program_builder.h"

namespace {

using namespace paragon;
using namespace paragon::tests;

// exp(x - y), exp(x * y) and any exp: three patterns with one last operation.
template <Op op>
std::optional<Composite> exp_of(const Node& value, const cpu::Kernels&) {
  const Node inner = value.as(Op::exp).operand(0).as(op);
  if (!inner.exists()) return {};
  return Composite{name(op), nullptr, {inner.operand(0).value(), inner.operand(1).value()}, 1};
}
std::optional<Composite> any_exp(const Node& value, const cpu::Kernels&) {
  if (!value.as(Op::exp).exists()) return {};
  return Composite{"any", nullptr, {value.operand(0).value()}, 1};
}

std::string found(const Program& program, std::size_t value) {
  static constexpr Pattern kPatterns[] = {exp_of<Op::sub>, exp_of<Op::mul>, any_exp};
  const auto composite = find_composite(program, cpu::default_kernels(), value, kPatterns);
  return composite ? composite->name : "none";
}

}  // namespace

int main() {
  ProgramBuilder p;
  const auto x = p.input("x", {3}), y = p.input("y", {3});
  const auto product = p.add(Op::exp, {p.add(Op::mul, {x, y})}), difference = p.add(Op::exp, {p.add(Op::sub, {x, y})});
  const auto plain = p.add(Op::exp, {x}), root = p.add(Op::sqrt, {x});
  const auto program = p.build();
  CHECK(found(*program, difference) == "sub", "the first pattern: %s", found(*program, difference).c_str());
  CHECK(found(*program, product) == "mul", "the second pattern: %s", found(*program, product).c_str());
  CHECK(found(*program, plain) == "any", "the third pattern: %s", found(*program, plain).c_str());
  CHECK(found(*program, root) == "none", "no pattern: %s", found(*program, root).c_str());
  CHECK(found(*program, x) == "none", "an input: %s", found(*program, x).c_str());

  const auto ours = find_composite(*program, cpu::default_kernels(), difference);
  CHECK(ours && ours->kernel == cpu::default_kernels().exp_difference && ours->inputs.size() == 2, "exp(x - y)");
  CHECK(!find_composite(*program, cpu::default_kernels(), product), "exp(x * y) has no kernel of its own");
  return finish("test_composites");
}
