// A plan in words (program/runtime/describe.h): that it says what is run, on what, and where the results lie.
#include <string>

#include "program/runtime/session.h"
#include "tests/check.h"
#include "tests/program_builder.h"

namespace {

using namespace paragon;
using namespace paragon::tests;

std::string plan_of(const ProgramBuilder& p, const StripSizes& strips = {}) {
  return Session(p.build(), {"", 1, 0, strips}).plan();
}

void expect(const std::string& plan, const std::string& line) {
  CHECK(("\n" + plan).find("\n" + line + "\n") != std::string::npos, "the plan\n%shas no line\n%s", plan.c_str(),
        line.c_str());
}

// A layer and a step of a counter: a product, a chain whose first result stays in cache, a state in place.
void describe_a_layer() {
  ProgramBuilder p;
  const auto x = p.input("x", {4, 3}), b = p.input("b", {2}), w = p.state("w", {3, 2}),
             n = p.state("n", {}, Dtype::i32);
  const auto sum = p.add(Op::add, {p.matmul(x, w), b});
  p.output("y", p.round_to(p.add(Op::tanh, {sum}), Format::bf16));
  p.update(n, p.add(Op::add, {n, p.constant(1, Dtype::i32)}));
  const std::string plan = plan_of(p);
  CHECK(plan.find("3 steps; ") == 0 && plan.find(" bytes in all\n") != std::string::npos, "%s", plan.c_str());
  expect(plan, "0  matmul [4,3] . [3,2], panel 256: input \"x\", state \"w\" -> buffer 4, 32 bytes");
  expect(plan, "1  chain over 8 elements");
  expect(plan, "1.0  add: buffer 4, input \"b\" -> in cache");
  expect(plan, "1.1  tanh: 1.0 -> in cache");
  expect(plan, "1.2  round_to: 1.1 -> output \"y\", 32 bytes");
  expect(plan, "2  chain over 1 element");
  expect(plan, "2.0  add: state \"n\", constant 00000001 -> state \"n\", 4 bytes");
}

void describe_a_strip() {
  ProgramBuilder p;
  const auto x = p.input("x", {64, 48});
  const auto e = p.add(Op::exp, {p.add(Op::sub, {x, p.max(x, {1})})});
  p.output("y", p.add(Op::div, {e, p.sum(e, {1})}));
  const std::string plan = plan_of(p, {1, 512, 16});
  CHECK(plan.find("1 step; ") == 0, "%s", plan.c_str());
  expect(plan, "0  strip of 64 rows, 16 at a time; in scratch: buffer 1, buffer 2, buffer 3");
  expect(plan, "0.0  max of [64,48,1] over axis 1: input \"x\" -> buffer 1, 256 bytes");
  expect(plan, "0.1  chain over 3072 elements");
  expect(plan, "0.1.0  exp_difference: input \"x\", buffer 1 -> buffer 2, 12288 bytes");
  expect(plan, "0.2  sum of [64,48,1] over axis 1, panel 256: buffer 2 -> buffer 3, 256 bytes");
  expect(plan, "0.3.0  div: buffer 2, buffer 3 -> output \"y\", 12288 bytes");
}

// Every kind of step has words.
void describe_all_steps() {
  ProgramBuilder p;
  const auto x = p.input("x", {2, 3, 6, 6}), seed = p.input("seed", {2}, Dtype::u32),
             at = p.input("at", {}, Dtype::u32);
  const auto i = p.input("i", {5}, Dtype::i32);
  const ProgramBuilder::Windows two{{2, 2}, {2, 2}, {0, 0, 0, 0}};
  const auto number = ProgramBuilder::number;
  p.output("unfold", p.unfold(x, two));
  p.output("pad", p.pad(x, {1, 0, 0, 0}, {0, 0, 0, 0}, 7));
  p.output("gather", p.add(Op::gather, {x, i}, {number(Key::axis, 2)}));
  p.output("one_hot", p.one_hot(i, 4));
  p.output("rfft", p.add(Op::rfft, {x}, {number(Key::norm, 0)}));
  p.output("bits", p.add(Op::bits, {seed, at},
                         {number(Key::stream, 3), ProgramBuilder::list(Key::shape, {8}), number(Key::width, 9)}));
  p.output("scan", p.add(Op::scan, {x, x, p.max(x, {3}, false)}, {number(Key::axis, 3), number(Key::reverse, 1)}));
  p.output("turned", p.transpose(x, {1, 0, 2, 3}));
  const std::string plan = plan_of(p);
  expect(plan, "0  unfold of 2 x 2 windows, image [2,3,6,6]: input \"x\" -> buffer 4, 864 bytes");
  for (const char* line :
       {"1  fill and copy: input \"x\" -> output \"pad\", 1296 bytes",
        "2  gather of 5 from or to [6,6,6] along axis 1: input \"x\", input \"i\" -> output \"gather\", 720 bytes",
        "3  one_hot of depth 4: input \"i\" -> output \"one_hot\", 80 bytes",
        "4  rfft of 36 rows of 6 points: input \"x\" -> output \"rfft\", 1152 bytes",
        "5  bits of width 9, stream 3: input \"seed\", input \"at\" -> output \"bits\", 32 bytes",
        "6  max of [36,6,1] over axis 1: input \"x\" -> buffer 10, 144 bytes",
        "7  scan of [36,6,1] along axis 1, reverse: input \"x\", input \"x\", buffer 10 -> output \"scan\", 864 "
        "bytes"}) {
    expect(plan, line);
  }
}

}  // namespace

int main() {
  describe_a_layer();
  describe_a_strip();
  describe_all_steps();
  return finish("test_plan");
}
