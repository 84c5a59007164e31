// Programs written by hand, for tests: an operation at a time, numbers and shapes filled in.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "program/error.h"
#include "program/formats/parse.h"
#include "program/formats/validate.h"
#include "tests/program_text.h"

namespace paragon::tests {

// What an Error says that `fn` throws.
template <class Fn>
std::string message(const Fn& fn) {
  try {
    fn();
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

// Inputs come first, then states, then operations; each call returns the number of the new value. Throws Error as
// parse() does.
class ProgramBuilder {
 public:
  using Value = std::uint32_t;

  Value input(const std::string& name, Shape shape, Dtype dtype = Dtype::f32) {
    program_.inputs.push_back({name, dtype, std::move(shape)});
    return last();
  }
  Value state(const std::string& name, Shape shape, Dtype dtype = Dtype::f32) {
    program_.state.push_back({name, dtype, std::move(shape)});
    return last();
  }

  Value add(Op op, std::vector<Value> inputs, std::vector<Attribute> attributes = {}) {
    Operation operation;
    operation.op = op;
    operation.inputs = std::move(inputs);
    operation.attributes = std::move(attributes);
    const Result result = infer(program_, operation);
    operation.dtype = result.dtype;
    operation.shape = result.shape;
    program_.operations.push_back(std::move(operation));
    return last();
  }
  static Attribute number(Key key, std::int64_t n) { return {key, false, n, {}}; }
  static Attribute list(Key key, Shape values) { return {key, true, 0, std::move(values)}; }

  // The operations that have attributes.
  Value constant(Word word, Dtype dtype = Dtype::f32) {
    return add(Op::constant, {},
               {number(Key::dtype, static_cast<int>(dtype)), list(Key::shape, {}), number(Key::word, word)});
  }
  Value compare(Value x, Comparison how, Value y) {
    return add(Op::compare, {x, y}, {number(Key::how, static_cast<int>(how))});
  }
  Value round_to(Value x, Format format) {
    return add(Op::round_to, {x}, {number(Key::format, static_cast<int>(format))});
  }
  Value sum(Value x, Shape axes, bool keepdims = true, std::int64_t panel = 256) {
    return add(Op::sum, {x},
               {list(Key::axes, std::move(axes)), number(Key::keepdims, keepdims), number(Key::panel, panel)});
  }
  Value max(Value x, Shape axes, bool keepdims = true) {
    return add(Op::max, {x}, {list(Key::axes, std::move(axes)), number(Key::keepdims, keepdims)});
  }
  Value argmax(Value x, std::int64_t axis) {
    return add(Op::argmax, {x}, {number(Key::axis, axis), number(Key::keepdims, 0)});
  }
  Value matmul(Value x, Value y, bool transpose_a = false, bool transpose_b = false, std::int64_t panel = 256) {
    return add(
        Op::matmul, {x, y},
        {number(Key::transpose_a, transpose_a), number(Key::transpose_b, transpose_b), number(Key::panel, panel)});
  }
  Value reshape(Value x, Shape shape) { return add(Op::reshape, {x}, {list(Key::shape, std::move(shape))}); }
  Value transpose(Value x, Shape axes) { return add(Op::transpose, {x}, {list(Key::axes, std::move(axes))}); }
  Value slice(Value x, Shape start, Shape stop) {
    const Shape step(start.size(), 1);
    return add(Op::slice, {x},
               {list(Key::start, std::move(start)), list(Key::stop, std::move(stop)), list(Key::step, step)});
  }
  Value pad(Value x, Shape low, Shape high, Word word) {
    const Shape interior(low.size(), 0);
    return add(Op::pad, {x},
               {list(Key::low, std::move(low)), list(Key::high, std::move(high)), list(Key::interior, interior),
                number(Key::word, word)});
  }
  Value one_hot(Value x, std::int64_t depth) { return add(Op::one_hot, {x}, {number(Key::depth, depth)}); }

  struct Windows {
    Shape kernel, stride, padding;
  };
  Value unfold(Value x, const Windows& w) {
    return add(Op::unfold, {x},
               {list(Key::kernel, w.kernel), list(Key::stride, w.stride), list(Key::padding, w.padding),
                list(Key::dilation, {1, 1})});
  }
  Value fold(Value x, Shape size, const Windows& w, std::int64_t panel = 256) {
    return add(Op::fold, {x},
               {list(Key::size, std::move(size)), list(Key::kernel, w.kernel), list(Key::stride, w.stride),
                list(Key::padding, w.padding), list(Key::dilation, {1, 1}), number(Key::panel, panel)});
  }

  ProgramBuilder& output(const std::string& name, Value value) {
    program_.outputs.push_back({name, value});
    return *this;
  }
  ProgramBuilder& update(Value state, Value value) {
    program_.updates.push_back({state - static_cast<Value>(program_.inputs.size()), value});
    return *this;
  }

  const Shape& shape(Value value) const { return program_.shape(value); }

  // Through JSON and parse(), as programs come.
  std::shared_ptr<const Program> build() const {
    return std::make_shared<const Program>(parse(program_text(program_)));
  }

 private:
  Value last() const { return static_cast<Value>(program_.values() - 1); }

  Program program_;
};

}  // namespace paragon::tests
