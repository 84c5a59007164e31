// A program run by the contract's scalar definitions, one value after the other: what every plan is held to.
#pragma once

#include <bit>
#include <stdexcept>
#include <vector>

#include "contract/basic.h"
#include "contract/elementary.h"
#include "contract/index.h"
#include "contract/matmul.h"
#include "contract/movement.h"
#include "contract/random.h"
#include "contract/reduce.h"
#include "contract/round_to.h"
#include "contract/fft.h"
#include "contract/scan.h"
#include "contract/window.h"
#include "program/program.h"

namespace paragon::tests {

using contract::Words;

// Calls fn with a value of the C++ type of a dtype.
template <class Fn>
auto with_type(Dtype dtype, const Fn& fn) {
  switch (dtype) {
    case Dtype::f32: return fn(float{});
    case Dtype::i32: return fn(std::int32_t{});
    default: return fn(std::uint32_t{});
  }
}

template <class T>
std::vector<T> as(const Words& words) {
  std::vector<T> out;
  for (const Word word : words) out.push_back(std::bit_cast<T>(word));
  return out;
}
template <class T>
Words to_words(const std::vector<T>& values) {
  Words out;
  for (const T value : values) out.push_back(std::bit_cast<Word>(value));
  return out;
}

inline float basic_f32(Op op, float x, float y, float z) {
  switch (op) {
    case Op::add: return contract::add(x, y);
    case Op::sub: return contract::sub(x, y);
    case Op::mul: return contract::mul(x, y);
    case Op::div: return contract::div(x, y);
    case Op::fma: return contract::fma(x, y, z);
    case Op::neg: return contract::neg(x);
    case Op::abs: return contract::abs(x);
    case Op::maximum: return contract::maximum(x, y);
    case Op::minimum: return contract::minimum(x, y);
    case Op::sqrt: return contract::sqrt(x);
    case Op::exp: return contract::exp(x);
    case Op::expm1: return contract::expm1(x);
    case Op::log: return contract::log(x);
    case Op::log1p: return contract::log1p(x);
    case Op::tanh: return contract::tanh(x);
    case Op::erf: return contract::erf(x);
    case Op::sinpi: return contract::sinpi(x);
    case Op::cospi: return contract::cospi(x);
    default: throw std::logic_error("not elementwise");
  }
}

template <class T>
T basic_integer(Op op, T x, T y) {
  switch (op) {
    case Op::add: return contract::add(x, y);
    case Op::sub: return contract::sub(x, y);
    case Op::mul: return contract::mul(x, y);
    case Op::neg: return contract::neg(x);
    case Op::abs: return static_cast<T>(contract::abs(static_cast<std::int32_t>(x)));
    case Op::maximum: return contract::maximum(x, y);
    case Op::minimum: return contract::minimum(x, y);
    default: throw std::logic_error("not elementwise");
  }
}

template <class T>
std::int32_t comparison(Comparison how, T x, T y) {
  switch (how) {
    case Comparison::lt: return contract::lt(x, y);
    case Comparison::le: return contract::le(x, y);
    case Comparison::eq: return contract::eq(x, y);
    case Comparison::ne: return contract::ne(x, y);
    case Comparison::ge: return contract::ge(x, y);
    default: return contract::gt(x, y);
  }
}

class Interpreter {
 public:
  explicit Interpreter(const Program& program) : program_(program) {}

  // The words of every value.
  std::vector<Words> run(const std::vector<Words>& inputs, const std::vector<Words>& state) {
    values_.clear();
    for (const Words& words : inputs) values_.push_back(words);
    for (const Words& words : state) values_.push_back(words);
    for (const Operation& operation : program_.operations) values_.push_back(compute(operation));
    return values_;
  }

 private:
  const Shape& shape(const Operation& o, std::size_t i) const { return program_.shape(o.inputs[i]); }
  Dtype dtype(const Operation& o, std::size_t i) const { return program_.dtype(o.inputs[i]); }
  const Words& words(const Operation& o, std::size_t i) const { return values_[o.inputs[i]]; }
  static std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }

  Words elementwise(const Operation& o) const {
    std::vector<Words> x;
    for (std::size_t i = 0; i < o.inputs.size(); ++i) {
      x.push_back(contract::broadcast(words(o, i), shape(o, i), o.shape));
    }
    while (x.size() < 3) x.push_back(x[0]);
    Words out;
    for (std::size_t e = 0; e < x[0].size(); ++e) {
      out.push_back(with_type(dtype(o, 0), [&](auto type) { return element(o, type, x[0][e], x[1][e], x[2][e]); }));
    }
    return out;
  }

  template <class T>
  static Word element(const Operation& o, T, Word a, Word b, Word c) {
    const T x = std::bit_cast<T>(a), y = std::bit_cast<T>(b);
    switch (o.op) {
      case Op::compare: return std::bit_cast<Word>(comparison(static_cast<Comparison>(o.number(Key::how)), x, y));
      case Op::select: return contract::select(x, b, c);
      case Op::round_to:
        if constexpr (std::is_same_v<T, float>) {
          return contract::word(contract::round_to(x, static_cast<Format>(o.number(Key::format))));
        }
        throw std::logic_error("round_to of integers");
      case Op::cast:
        return with_type(o.dtype, [&](auto type) { return std::bit_cast<Word>(contract::cast<decltype(type)>(x)); });
      default:
        if constexpr (std::is_same_v<T, float>) {
          return contract::word(basic_f32(o.op, x, y, std::bit_cast<float>(c)));
        } else {
          return std::bit_cast<Word>(basic_integer(o.op, x, y));
        }
    }
  }

  // For every result the reduced terms, in row-major order.
  template <class T>
  std::vector<std::vector<T>> terms(const Operation& o, const Shape& axes) const {
    const Shape& from = shape(o, 0);
    Shape kept;
    std::vector<bool> reduced(from.size());
    for (const std::int64_t axis : axes) reduced[size(axis)] = true;
    for (std::size_t k = 0; k < from.size(); ++k) kept.push_back(reduced[k] ? 1 : from[k]);
    std::vector<std::vector<T>> out(size(contract::count(kept)));
    for (std::int64_t at = 0; at < contract::count(from); ++at) {
      Shape index = contract::unravel(at, from);
      for (std::size_t k = 0; k < from.size(); ++k) index[k] = reduced[k] ? 0 : index[k];
      out[size(contract::ravel(index, kept))].push_back(std::bit_cast<T>(words(o, 0)[size(at)]));
    }
    return out;
  }

  Words reduce(const Operation& o) const {
    const Shape axes = o.op == Op::argmax ? Shape{o.number(Key::axis)} : o.list(Key::axes);
    return with_type(dtype(o, 0), [&](auto type) {
      using T = decltype(type);
      Words out;
      for (const std::vector<T>& list : terms<T>(o, axes)) {
        const auto at = [&](std::size_t i) { return list[i]; };
        if (o.op == Op::sum) out.push_back(std::bit_cast<Word>(contract::sum(list, size(o.number(Key::panel)))));
        if (o.op == Op::max) out.push_back(std::bit_cast<Word>(contract::max<T>(list.size(), at)));
        if (o.op == Op::argmax) out.push_back(std::bit_cast<Word>(contract::argmax<T>(list.size(), at)));
      }
      return out;
    });
  }

  Words matmul(const Operation& o) const {
    Shape lead(o.shape.begin(), o.shape.end() - 2);
    const auto operand = [&](std::size_t i) {  // with all leading axes
      Shape full = lead;
      full.insert(full.end(), shape(o, i).end() - 2, shape(o, i).end());
      return as<float>(contract::broadcast(words(o, i), shape(o, i), full));
    };
    const std::vector<float> a = operand(0), b = operand(1);
    const bool ta = o.flag(Key::transpose_a), tb = o.flag(Key::transpose_b);
    const std::size_t m = size(o.shape[o.shape.size() - 2]), n = size(o.shape.back());
    const std::size_t k = size(shape(o, 0)[shape(o, 0).size() - (ta ? 2 : 1)]);
    std::vector<float> c(size(contract::count(o.shape)));
    if (c.empty()) return {};
    for (std::size_t i = 0; i < c.size() / (m * n); ++i) {
      contract::matmul(a.data() + i * m * k, ta ? 1 : k, ta ? m : 1, b.data() + i * k * n, tb ? 1 : n, tb ? k : 1,
                       c.data() + i * m * n, m, n, k, size(o.number(Key::panel)));
    }
    return to_words(c);
  }

  static std::size_t product(const Shape& shape, std::size_t first, std::size_t last) {
    std::size_t n = 1;
    for (std::size_t k = first; k < last; ++k) n *= size(shape[k]);
    return n;
  }

  Words scan(const Operation& o) const {
    const std::size_t axis = size(o.number(Key::axis));
    const std::vector<float> a = as<float>(words(o, 0)), b = as<float>(words(o, 1)), h0 = as<float>(words(o, 2));
    std::vector<float> h(a.size());
    if (!h.empty()) {
      contract::scan(a.data(), b.data(), h0.data(), h.data(), product(o.shape, 0, axis), size(o.shape[axis]),
                     product(o.shape, axis + 1, o.shape.size()), o.flag(Key::reverse));
    }
    return to_words(h);
  }

  Words fft(const Operation& o) const {
    const std::vector<float> x = as<float>(words(o, 0));
    const bool inverse = o.op == Op::ifft || o.op == Op::irfft;
    const Shape& time = inverse ? o.shape : shape(o, 0);
    const std::size_t axis = time.size() - (o.op == Op::rfft || o.op == Op::irfft ? 1 : 2), n = size(time[axis]);
    const std::size_t rows = product(time, 0, axis);
    const float scale = contract::fft_scale(n, static_cast<Norm>(o.number(Key::norm)), inverse);
    std::vector<float> out(size(contract::count(o.shape)));
    switch (o.op) {
      case Op::rfft: contract::rfft(x.data(), out.data(), rows, n, scale); break;
      case Op::irfft: contract::irfft(x.data(), out.data(), rows, n, scale); break;
      default: contract::fft(x.data(), out.data(), rows, n, inverse, scale);
    }
    return to_words(out);
  }

  Words window(const Operation& o) const {
    const bool folds = o.op == Op::fold;
    const Shape& image = folds ? o.shape : shape(o, 0);
    const Shape& windows = folds ? shape(o, 0) : o.shape;
    contract::Windows s{size(image[0]),
                        size(image[1]),
                        size(image[2]),
                        size(image[3]),
                        size(windows[1]),
                        size(windows[2]),
                        {},
                        {},
                        {},
                        {}};
    for (std::size_t k = 0; k < 2; ++k) {
      s.kernel[k] = size(o.list(Key::kernel)[k]);
      s.stride[k] = size(o.list(Key::stride)[k]);
      s.dilation[k] = size(o.list(Key::dilation)[k]);
    }
    for (std::size_t k = 0; k < 4; ++k) s.padding[k] = size(o.list(Key::padding)[k]);
    return with_type(o.dtype, [&](auto type) {
      const auto x = as<decltype(type)>(words(o, 0));
      std::vector<decltype(type)> out(size(contract::count(o.shape)));
      if (folds) {
        contract::fold(x.data(), out.data(), s, size(o.number(Key::panel)));
      } else {
        contract::unfold(x.data(), out.data(), s);
      }
      return to_words(out);
    });
  }

  Words index(const Operation& o) const {
    const std::size_t axis = size(o.number(Key::axis));
    const Shape& table = o.op == Op::gather ? shape(o, 0) : o.shape;
    const std::size_t outer = product(table, 0, axis), length = size(table[axis]),
                      inner = product(table, axis + 1, table.size());
    const std::vector<std::int32_t> indices = as<std::int32_t>(words(o, 1));
    return with_type(o.dtype, [&](auto type) {
      const auto x = as<decltype(type)>(words(o, 0));
      std::vector<decltype(type)> out(size(contract::count(o.shape)));
      if (o.op == Op::gather) {
        contract::gather(x.data(), indices.data(), out.data(), outer, length, inner, indices.size());
      } else {
        contract::scatter_add(x.data(), indices.data(), out.data(), outer, length, inner, indices.size(),
                              size(o.number(Key::panel)));
      }
      return to_words(out);
    });
  }

  Words concat(const Operation& o) const {
    std::vector<const Words*> parts;
    std::vector<Shape> shapes;
    for (std::size_t i = 0; i < o.inputs.size(); ++i) {
      parts.push_back(&words(o, i));
      shapes.push_back(shape(o, i));
    }
    return contract::concat(parts, shapes, size(o.number(Key::axis)), o.shape);
  }

  Words compute(const Operation& o) const {
    if (declaration(o.op).runs_as == RunsAs::elementwise) return elementwise(o);
    switch (o.op) {
      case Op::constant: return Words(size(contract::count(o.shape)), static_cast<Word>(o.number(Key::word)));
      case Op::sum:
      case Op::max:
      case Op::argmax: return reduce(o);
      case Op::matmul: return matmul(o);
      case Op::reshape: return words(o, 0);
      case Op::transpose: return contract::transpose(words(o, 0), shape(o, 0), o.list(Key::axes));
      case Op::broadcast: return contract::broadcast(words(o, 0), shape(o, 0), o.shape);
      case Op::slice: return contract::slice(words(o, 0), shape(o, 0), o.list(Key::start), o.list(Key::step), o.shape);
      case Op::pad:
        return contract::pad(words(o, 0), shape(o, 0), o.list(Key::low), o.list(Key::interior),
                             static_cast<Word>(o.number(Key::word)), o.shape);
      case Op::concat: return concat(o);
      case Op::gather:
      case Op::scatter_add: return index(o);
      case Op::one_hot: return contract::one_hot(words(o, 0), o.number(Key::depth));
      case Op::unfold:
      case Op::fold: return window(o);
      case Op::scan: return scan(o);
      case Op::fft:
      case Op::ifft:
      case Op::rfft:
      case Op::irfft: return fft(o);
      case Op::bits: {
        Words out(size(contract::count(o.shape)));
        const Words& seed = words(o, 0);
        contract::bits(seed.data(), words(o, 1)[0], static_cast<std::uint32_t>(o.number(Key::stream)),
                       static_cast<unsigned>(o.number(Key::width)), out.data(), out.size());
        return out;
      }
      default: throw std::logic_error("unknown operation");
    }
  }

  const Program& program_;
  std::vector<Words> values_;
};

}  // namespace paragon::tests
