// Holds steps that are run by strips of rows (program/runtime/strips.h) to the contract's scalar definitions.
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "tests/hold_program.h"
#include "tests/program_builder.h"

namespace {

using namespace paragon;
using namespace paragon::tests;

using Value = ProgramBuilder::Value;
using Shared = std::shared_ptr<const Program>;

constexpr Word kOne = 0x3f800000, kSeventy = 0x428c0000;

// By every instruction set, on one thread and on three, with strips as they are, and with small ones.
void hold_everywhere(const Shared& program) {
  RandomProgram random(3);
  hold(program, random, 3, everywhere({{}, {1, 4096, 16}, {1, 1, 1}}));
}

// The x of a program, with a column of ones more: an array that steps may overwrite, as they may not an input.
Value widened(ProgramBuilder& p, Value x) { return p.pad(x, {0, 0}, {0, 1}, kOne); }

// The sums of the squares of the rows, [1100, 1], as products of matrices.
Value squares(ProgramBuilder& p, Value x) {
  const Value rows = p.reshape(x, {1100, 1, 70}), columns = p.reshape(x, {1100, 70, 1});
  return p.reshape(p.matmul(rows, columns), {1100, 1});
}

Value softmax(ProgramBuilder& p, Value x) {
  const Value e = p.add(Op::exp, {p.add(Op::sub, {x, p.max(x, {1})})});
  return p.add(Op::div, {e, p.sum(e, {1})});
}

// The rows of the last product are in another order than those of x.
Value turned_products(ProgramBuilder& p, Value x) {
  const Value rows = p.transpose(p.reshape(x, {10, 110, 1, 70}), {1, 0, 2, 3});
  const Value columns = p.transpose(p.reshape(x, {10, 110, 70, 1}), {1, 0, 2, 3});
  return p.matmul(rows, columns);
}

// A norm of rows and a softmax, and what ends a strip: rows in another order, half of them, one that all rows read,
// sums of columns. With one output more, what passes between steps is an output.
void norm_and_softmax() {
  const std::initializer_list<std::initializer_list<const char*>> outputs = {
      {}, {"turned"}, {"half"}, {"away", "best"}, {"norm", "turned", "half", "away", "best"}};
  for (const auto& more : outputs) {
    ProgramBuilder p;
    const Value input = p.input("x", {1100, 69}), gain = p.input("g", {70});
    const Value x = widened(p, input);
    const Value mean = p.add(Op::div, {p.sum(x, {1}, true, 32), p.constant(kSeventy)});
    const Value centred = p.add(Op::sub, {x, mean});
    const Value scaled = p.add(Op::div, {centred, p.add(Op::sqrt, {squares(p, centred)})});
    std::map<std::string, Value> values;
    const Value norm = values["norm"] = p.add(Op::mul, {scaled, gain});
    const Value maxima = p.max(norm, {1});
    const Value e = p.add(Op::exp, {p.add(Op::sub, {norm, maxima})});
    const Value soft = p.add(Op::div, {e, p.sum(e, {1})});
    values["turned"] = turned_products(p, soft);
    values["half"] = p.add(Op::neg, {p.slice(soft, {0, 0}, {550, 70})});
    values["away"] = p.add(Op::sub, {soft, p.slice(e, {0, 0}, {1, 70})});
    values["best"] = p.argmax(values["away"], 1);
    p.output("columns", p.sum(soft, {0}, false)).output("maxima", p.sum(maxima, {0}));
    for (const char* name : more) p.output(name, values.at(name));
    hold_everywhere(p.build());
  }
}

// An array that is last read within a strip, where there would be room for one with longer rows that it writes later.
void keep_what_later_rows_read() {
  ProgramBuilder p;
  const Value x = p.input("x", {1100, 69}), gain = p.input("g", {70}), z = p.input("z", {1100, 1});
  const Value columns = p.sum(widened(p, x), {0}, false), pairs = widened(p, z);
  const Value sums = p.sum(p.add(Op::sub, {pairs, p.max(pairs, {1})}), {1});
  const Value turned = p.transpose(p.add(Op::add, {sums, gain}), {1, 0});
  hold_everywhere(p.output("columns", columns).output("turned", turned).build());
}

// An array whose first row is read for every row, and whose place the result of the last step might take, which reads
// the array itself, or does not. The same of a state.
void keep_the_old_array() {
  struct Last {
    Value sums, difference;
  };
  const auto last_step = [](ProgramBuilder& p, Value old, bool reads_old) {
    const Value added = p.add(Op::add, {old, p.slice(old, {0, 0}, {1, 70})}), sums = p.sum(added, {1});
    return Last{sums, p.add(Op::sub, {reads_old ? old : added, sums})};
  };
  for (const bool reads_old : {true, false}) {
    ProgramBuilder of_state;
    const Value w = of_state.state("w", {1100, 70});
    const Last next = last_step(of_state, w, reads_old);
    hold_everywhere(of_state.output("sums", next.sums).update(w, next.difference).build());

    ProgramBuilder of_array;
    const Value x = widened(of_array, of_array.input("x", {1100, 69}));
    const Value turned = of_array.transpose(last_step(of_array, x, reads_old).difference, {1, 0});
    hold_everywhere(of_array.output("turned", turned).build());
  }
}

// The memory of a softmax, and of a state beside it, with strips and without.
void save_memory() {
  const auto bytes = [](std::int64_t rows, std::int64_t columns, std::size_t threads, const StripSizes& strips) {
    ProgramBuilder p;
    const Value x = p.input("x", {rows, columns}), w = p.state("w", {4096, 1024});
    p.output("softmax", softmax(p, x)).update(w, p.add(Op::add, {w, w}));
    return Session(p.build(), {"", threads, 0, strips}).bytes();
  };
  const StripSizes never{SIZE_MAX, 1, 1};
  const std::size_t by_strips = bytes(1024, 1024, 1, {}), whole = bytes(1024, 1024, 1, never);
  const std::size_t array = 1024 * 1024 * sizeof(Word);
  CHECK(by_strips < 4 * array + array / 2 && whole > 5 * array, "%zu bytes, %zu without strips", by_strips, whole);
  for (const auto& [rows, columns] : {std::pair{2, 300000}, {16, 20000}, {100, 4000}}) {
    CHECK(bytes(rows, columns, 16, {}) == bytes(rows, columns, 16, never), "few rows, %d of %d, and 16 threads", rows,
          columns);
  }
}

}  // namespace

int main() {
  norm_and_softmax();
  keep_what_later_rows_read();
  keep_the_old_array();
  save_memory();
  return finish("test_strips");
}
