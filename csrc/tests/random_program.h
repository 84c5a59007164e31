// Random well-formed programs: for the tests of the run-time and for the fuzzers.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "program/error.h"
#include "program/formats/validate.h"
#include "program/program.h"
#include "tests/program_text.h"

namespace paragon::tests {

class RandomProgram {
 public:
  explicit RandomProgram(std::uint32_t seed) : random_(seed) {}

  Program make(std::size_t operations) {
    program_ = {};
    static const std::vector<Shape> bases = {{3},      {2, 3}, {5, 1030}, {4, 6, 64}, {2, 3, 5, 4}, {1, 2100},
                                             {40, 60}, {},     {2, 0, 3}, {7, 513},   {3, 12, 2},   {2, 101, 2}};
    base_ = bases[below(bases.size())];
    const std::size_t inputs = 2 + below(3), states = below(4);
    for (std::size_t i = 0; i < inputs; ++i) program_.inputs.push_back({join("x", i), some_dtype(), variant()});
    program_.inputs.push_back({"seed", Dtype::u32, {2}});
    program_.inputs.push_back({"step", Dtype::u32, {}});
    for (std::size_t i = 0; i < states; ++i) program_.state.push_back({join("s", i), some_dtype(), variant()});
    while (program_.operations.size() < operations) add(some_op());
    for (std::uint32_t s = 0; s < states; ++s) {
      const std::int64_t value = last_like(s);
      if (value >= 0 && below(5) != 0) program_.updates.push_back({s, static_cast<std::uint32_t>(value)});
    }
    const std::size_t outputs = 1 + below(4);
    for (std::size_t i = 0; i < outputs; ++i) program_.outputs.push_back({join("y", i), some_value()});
    return program_;
  }

  std::size_t below(std::size_t n) { return random_() % n; }

  // Words that make differences show: few magnitudes, signed zeros, infinities, NaNs, subnormals; small integers.
  Word word(Dtype dtype) {
    static constexpr Word kSpecial[] = {0x00000000, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0x00000001,
                                        0x80000001, 0x3f800000, 0xbf800000, 0x00800000, 0x7f7fffff, 0x3f000000};
    if (dtype != Dtype::f32) return static_cast<Word>(below(4) == 0 ? random_() : below(9) - 2);
    if (below(16) == 0) return kSpecial[below(std::size(kSpecial))];
    return static_cast<Word>(below(2) << 31 | (0x3e000000 + (random_() & 0x027fffff)));
  }

  std::vector<Word> words(Dtype dtype, const Shape& shape) {
    std::vector<Word> out(static_cast<std::size_t>(elements(shape)));
    for (Word& w : out) w = word(dtype);
    return out;
  }

 private:
  Dtype some_dtype() { return below(4) != 0 ? Dtype::f32 : static_cast<Dtype>(below(3)); }
  std::uint32_t some_value() {  // the later the likelier
    const std::size_t n = program_.values();
    return static_cast<std::uint32_t>(std::max(below(n), below(n)));
  }
  std::int64_t last_like(std::uint32_t s) {
    for (std::size_t v = program_.values(); v-- > 0;) {
      if (program_.dtype(v) == program_.state[s].dtype && program_.shape(v) == program_.state[s].shape &&
          below(3) != 0) {
        return static_cast<std::int64_t>(v);
      }
    }
    return -1;
  }
  // The base shape, or one that broadcasts to it.
  Shape variant() {
    Shape shape = base_;
    if (below(2) != 0) return shape;
    for (std::int64_t& dim : shape) dim = below(3) == 0 ? 1 : dim;
    if (below(2) != 0) shape.erase(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(below(shape.size() + 1)));
    return shape;
  }

  Op some_op() {  // three times out of four an elementwise one
    static const std::vector<Op> elementwise = [] {
      std::vector<Op> ops;
      for (std::size_t i = 0; i < kOps; ++i) {
        if (kDeclarations[i].runs_as == RunsAs::elementwise) ops.push_back(static_cast<Op>(i));
      }
      return ops;
    }();
    return below(4) != 0 ? elementwise[below(elementwise.size())] : static_cast<Op>(below(kOps));
  }

  std::size_t some_arity(Op op) {
    const std::size_t operands = declaration(op).operands;
    return operands == kOneOrMore ? 1 + below(3) : operands;
  }

  Shape some_list(std::size_t n, std::size_t low, std::size_t range) {
    Shape list;
    for (std::size_t i = 0; i < n; ++i) list.push_back(static_cast<std::int64_t>(low + below(range)));
    return list;
  }

  Shape permutation(std::size_t n) {
    Shape axes;
    for (std::size_t k = 0; k < n; ++k) axes.push_back(static_cast<std::int64_t>(k));
    std::shuffle(axes.begin(), axes.end(), random_);
    return axes;
  }

  Shape some_axes(std::size_t r) {
    Shape axes;
    for (std::size_t k = 0; k < r; ++k) {
      if (below(2) != 0) axes.push_back(static_cast<std::int64_t>(k));
    }
    return axes;
  }

  // The elements dealt out anew over at most four axes, whose lengths need not divide those of `x`.
  Shape other_shape(const Shape& x) {
    Shape shape(1 + below(4), 1);
    std::int64_t left = elements(x);
    for (std::int64_t factor = 2; left > 1; ++factor) {
      for (; left % factor == 0; left /= factor) shape[below(shape.size())] *= factor;
    }
    if (left == 0) shape[below(shape.size())] = 0;
    return shape;
  }

  static void add_number(Operation& o, Key key, std::size_t n) {
    o.attributes.push_back({key, false, static_cast<std::int64_t>(n), {}});
  }
  static void add_list(Operation& o, Key key, Shape values) {
    o.attributes.push_back({key, true, 0, std::move(values)});
  }
  void add_panel(Operation& o) { add_number(o, Key::panel, below(3) == 0 ? 0 : 2 + below(300)); }
  void add_windows(Operation& o) {
    add_list(o, Key::kernel, some_list(2, 1, 3));
    add_list(o, Key::stride, some_list(2, 1, 2));
    add_list(o, Key::padding, some_list(4, 0, 2));
    add_list(o, Key::dilation, some_list(2, 1, 2));
  }
  void add_constant(Operation& o) {
    const Dtype dtype = some_dtype();
    add_number(o, Key::dtype, static_cast<std::size_t>(dtype));
    add_list(o, Key::shape, variant());
    add_number(o, Key::word, word(dtype));
  }
  // All of an axis, one element (which broadcasts), or a part.
  void add_slice(Operation& o, const Shape& x) {
    Shape start, stop;
    for (const std::int64_t dim : x) {
      const auto length = static_cast<std::size_t>(dim);
      const std::size_t kind = below(3), first = kind == 0 || length == 0 ? 0 : below(length);
      const std::size_t last = kind == 0 || length == 0 ? length
                               : kind == 1              ? first + 1
                                                        : first + below(length - first + 1);
      start.push_back(static_cast<std::int64_t>(first));
      stop.push_back(static_cast<std::int64_t>(last));
    }
    add_list(o, Key::start, start);
    add_list(o, Key::stop, stop);
    add_list(o, Key::step, some_list(x.size(), 1, below(2) != 0 ? 1 : 3));
  }

  // Attributes that fit the operands more often than not.
  void add_attributes(Operation& o) {
    const Shape x = o.inputs.empty() ? Shape{} : program_.shape(o.inputs[0]);
    const std::size_t r = x.size();
    const auto number = [&](Key key, std::size_t n) { add_number(o, key, n); };
    const auto list = [&](Key key, Shape values) { add_list(o, key, std::move(values)); };
    switch (o.op) {
      case Op::compare: number(Key::how, below(kComparisons)); break;
      case Op::round_to: number(Key::format, below(kFormats)); break;
      case Op::cast: number(Key::dtype, below(kDtypes)); break;
      case Op::constant: add_constant(o); break;
      case Op::sum:
      case Op::max:
        list(Key::axes, some_axes(r));
        number(Key::keepdims, below(2));
        if (o.op == Op::sum) add_panel(o);
        break;
      case Op::argmax:
        number(Key::axis, below(r + 1));
        number(Key::keepdims, below(2));
        break;
      case Op::matmul:
        number(Key::transpose_a, below(2));
        number(Key::transpose_b, below(2));
        add_panel(o);
        break;
      case Op::reshape: list(Key::shape, other_shape(x)); break;
      case Op::transpose: list(Key::axes, permutation(r)); break;
      case Op::broadcast: list(Key::shape, below(2) != 0 ? base_ : some_list(1, 1, 3)); break;
      case Op::slice: add_slice(o, x); break;
      case Op::pad:
        list(Key::low, some_list(r, 0, 3));
        list(Key::high, some_list(r, 0, 3));
        list(Key::interior, some_list(r, 0, 2));
        number(Key::word, word(program_.dtype(o.inputs[0])));
        break;
      case Op::concat:
      case Op::gather: number(Key::axis, below(r + 1)); break;
      case Op::scatter_add:
        number(Key::axis, below(r + 1));
        number(Key::size, below(6));
        add_panel(o);
        break;
      case Op::one_hot: number(Key::depth, below(5)); break;
      case Op::unfold: add_windows(o); break;
      case Op::fold:
        list(Key::size, some_list(2, 1, 6));
        add_windows(o);
        add_panel(o);
        break;
      case Op::scan:
        number(Key::axis, below(r + 1));
        number(Key::reverse, below(2));
        break;
      case Op::bits:
        number(Key::stream, below(100));
        list(Key::shape, variant());
        number(Key::width, 1 + below(32));
        break;
      case Op::fft:
      case Op::ifft:
      case Op::rfft: number(Key::norm, below(kNorms)); break;
      case Op::irfft:
        number(Key::norm, below(kNorms));
        number(Key::n, r < 2 ? 1 : std::max<std::size_t>(1, 2 * static_cast<std::size_t>(x[r - 2]) - 1 - below(2)));
        break;
      default: break;
    }
  }

  // Adds an operation, or nothing if no operands are found that fit.
  void add(Op op) {
    for (int attempt = 0; attempt < 30; ++attempt) {
      Operation o;
      o.op = op;
      for (std::size_t i = 0, n = some_arity(op); i < n; ++i) o.inputs.push_back(some_value());
      if (op == Op::bits) {
        o.inputs = {static_cast<std::uint32_t>(program_.inputs.size() - 2),
                    static_cast<std::uint32_t>(program_.inputs.size() - 1)};
      }
      add_attributes(o);
      try {
        const Result result = infer(program_, o);
        if (elements(result.shape) > 12000) continue;
        o.dtype = result.dtype;
        o.shape = result.shape;
        program_.operations.push_back(std::move(o));
        return;
      } catch (const Error&) {
      }
    }
  }

  std::mt19937 random_;
  Program program_;
  Shape base_;
};

}  // namespace paragon::tests
