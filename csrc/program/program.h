// A program: the parsed and validated form of docs/program.md. Whoever is handed one by parse() (formats/parse.h) may
// rely on the rules of that page: operands exist, dtypes and shapes fit, attributes are complete and in range.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "contract/operations.h"

namespace paragon {

// Every element is one 32-bit word.
using Word = std::uint32_t;
using Shape = std::vector<std::int64_t>;

inline constexpr std::size_t kMaxRank = 8;
inline constexpr std::int64_t kMaxDimension = 0x7fffffff;
inline constexpr std::int64_t kMaxElements = 0x7fffffff;
inline constexpr std::size_t kMaxOperations = 200000;  // so that a program fits into the header of a model file
inline constexpr std::int64_t kMaxFftPoints = 1 << 24;
inline constexpr std::size_t kMaxName = 255;

inline constexpr std::int64_t kNoPanel = 0;  // "panel": null

// One attribute. `number` also holds flags, words, and which of its choices() a word is; `list` the lists.
struct Attribute {
  Key key{};
  bool is_list = false;
  std::int64_t number = 0;
  Shape list;
};

struct Operation {
  Op op{};
  Dtype dtype{};  // of the result
  std::vector<std::uint32_t> inputs;
  Shape shape;  // of the result
  std::vector<Attribute> attributes;

  const Attribute& attribute(Key key) const;  // throws Error if it is missing
  std::int64_t number(Key key) const { return attribute(key).number; }
  bool flag(Key key) const { return number(key) != 0; }
  const Shape& list(Key key) const { return attribute(key).list; }
};

struct Tensor {  // what is known of an array without its elements
  std::string name;
  Dtype dtype{};
  Shape shape;

  std::string describe() const;  // `f32 [2,3]`
};

struct Output {
  std::string name;
  std::uint32_t value = 0;
};

struct Update {
  std::uint32_t state = 0;  // its index among the states
  std::uint32_t value = 0;
};

struct Program {
  std::string text;  // the JSON it was read from
  std::vector<Tensor> inputs;
  std::vector<Tensor> state;
  std::vector<Operation> operations;
  std::vector<Output> outputs;
  std::vector<Update> updates;

  std::size_t values() const { return inputs.size() + state.size() + operations.size(); }
  std::size_t first_operation() const { return inputs.size() + state.size(); }
  Dtype dtype(std::size_t value) const;
  const Shape& shape(std::size_t value) const;
  std::string describe(std::size_t value) const;  // `value 7 (f32 [2,3])`
};

std::string to_text(const Shape& shape);  // [2,3]

// Sums and products that stop at the largest int64 instead of wrapping.
inline constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
std::int64_t saturating_add(std::int64_t a, std::int64_t b);
std::int64_t saturating_mul(std::int64_t a, std::int64_t b);
std::int64_t elements(const Shape& shape);
std::size_t count(const Shape& shape);    // elements() of a shape whose words have addresses on this machine
std::uint64_t bytes(const Shape& shape);  // of its words; at most 2^62, so that two such numbers have a sum

}  // namespace paragon
