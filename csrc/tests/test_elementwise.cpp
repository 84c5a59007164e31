// Holds every elementwise kernel but the elementary functions (test_elementary.cpp), of every instruction set of this
// machine and of the portable fallback, to the contract, word for word; and the table of kernels to the operations that
// the contract has.
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "contract/basic.h"
#include "contract/elementary.h"
#include "contract/round_to.h"
#include "tests/check.h"
#include "tests/elementwise_checks.h"
#include "tests/kernel_tables.h"

namespace {

using namespace paragon;
using namespace paragon::tests;
using cpu::Comparison;
using cpu::Dtype;

// ---- Operations ----------------------------------------------------------------------------------------------------

template <class T>
constexpr Dtype dtype_of = std::is_same_v<T, float>          ? Dtype::f32
                           : std::is_same_v<T, std::int32_t> ? Dtype::i32
                                                             : Dtype::u32;

template <class T>
T from(Word word) {
  return std::bit_cast<T>(word);
}

// The contract's `function` on words.
template <auto function, class... In>
Word on_words(const Word* words) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return std::bit_cast<Word>(function(from<In>(words[I])...));
  }(std::index_sequence_for<In...>());
}

const char* name_of(Dtype dtype) { return std::array{"f32", "i32", "u32"}[static_cast<std::size_t>(dtype)]; }

template <Op op, auto function, class T, class... Rest>
Operation elementwise(const char* name) {
  constexpr Dtype dtype = dtype_of<T>;
  return {std::string(name) + " " + name_of(dtype),
          [](const Kernels& k) { return k.find(op, dtype); },
          {dtype, dtype_of<Rest>...},
          dtype,
          on_words<function, T, Rest...>};
}

template <Comparison how, auto function, class T>
Operation comparison(const char* name) {
  constexpr Dtype dtype = dtype_of<T>;
  return {std::string("compare ") + name + " " + name_of(dtype),
          [](const Kernels& k) { return k.find(Op::compare, dtype, index_of(how)); },
          {dtype, dtype},
          Dtype::i32,
          on_words<function, T, T>};
}

template <class From, class To>
Operation cast() {
  return {std::string("cast ") + name_of(dtype_of<From>) + " to " + name_of(dtype_of<To>),
          [](const Kernels& k) { return k.find(Op::cast, dtype_of<From>, index_of(dtype_of<To>)); },
          {dtype_of<From>},
          dtype_of<To>,
          on_words<[](From x) { return contract::cast<To>(x); }, From>};
}

template <Format format>
Operation rounding(const char* name) {
  return {name,
          [](const Kernels& k) { return k.find(Op::round_to, Dtype::f32, index_of(format)); },
          {Dtype::f32},
          Dtype::f32,
          on_words<[](float x) { return contract::round_to(x, format); }, float>};
}

template <class T>
void add_for_dtype(std::vector<Operation>& list) {
  constexpr auto add = [](T a, T b) { return contract::add(a, b); };
  constexpr auto sub = [](T a, T b) { return contract::sub(a, b); };
  constexpr auto mul = [](T a, T b) { return contract::mul(a, b); };
  constexpr auto neg = [](T a) { return contract::neg(a); };
  constexpr auto maximum = [](T a, T b) { return contract::maximum(a, b); };
  constexpr auto minimum = [](T a, T b) { return contract::minimum(a, b); };
  list.push_back(elementwise<Op::add, add, T, T>("add"));
  list.push_back(elementwise<Op::sub, sub, T, T>("sub"));
  list.push_back(elementwise<Op::mul, mul, T, T>("mul"));
  list.push_back(elementwise<Op::neg, neg, T>("neg"));
  list.push_back(elementwise<Op::maximum, maximum, T, T>("maximum"));
  list.push_back(elementwise<Op::minimum, minimum, T, T>("minimum"));
  list.push_back(comparison<Comparison::lt, contract::lt<T>, T>("lt"));
  list.push_back(comparison<Comparison::le, contract::le<T>, T>("le"));
  list.push_back(comparison<Comparison::eq, contract::eq<T>, T>("eq"));
  list.push_back(comparison<Comparison::ne, contract::ne<T>, T>("ne"));
  list.push_back(comparison<Comparison::ge, contract::ge<T>, T>("ge"));
  list.push_back(comparison<Comparison::gt, contract::gt<T>, T>("gt"));
  constexpr auto select = [](T c, Word a, Word b) { return contract::select(c, a, b); };
  list.push_back({std::string("select by ") + name_of(dtype_of<T>),
                  [](const Kernels& k) { return k.find(Op::select, dtype_of<T>); },
                  {dtype_of<T>, Dtype::u32, Dtype::u32},
                  Dtype::u32,
                  on_words<select, T, Word, Word>});
  list.push_back(cast<T, float>());
  list.push_back(cast<T, std::int32_t>());
  list.push_back(cast<T, std::uint32_t>());
}

// docs/contract.md, section 4.
float sigmoid(float x) {
  if (std::isnan(x)) return x;
  const float e = contract::exp(x >= 0.0f ? -x : x);
  return (x >= 0.0f ? 1.0f : e) / (1.0f + e);
}

std::vector<Operation> basic_operations() {
  using f32 = float;
  using i32 = std::int32_t;
  std::vector<Operation> list;
  add_for_dtype<float>(list);
  add_for_dtype<std::int32_t>(list);
  add_for_dtype<std::uint32_t>(list);
  constexpr auto abs_f32 = [](f32 a) { return contract::abs(a); };
  constexpr auto abs_i32 = [](i32 a) { return contract::abs(a); };
  list.push_back(elementwise<Op::div, contract::div, f32, f32>("div"));
  list.push_back(elementwise<Op::fma, contract::fma, f32, f32, f32>("fma"));
  list.push_back(elementwise<Op::sqrt, contract::sqrt, f32>("sqrt"));
  list.push_back(elementwise<Op::abs, abs_f32, f32>("abs"));
  list.push_back(elementwise<Op::abs, abs_i32, i32>("abs"));
  list.push_back(rounding<Format::f16>("round_to f16"));
  list.push_back(rounding<Format::bf16>("round_to bf16"));
  list.push_back(rounding<Format::e4m3fn>("round_to e4m3fn"));
  list.push_back(rounding<Format::e5m2>("round_to e5m2"));
  list.push_back(
      {"sigmoid", [](const Kernels& k) { return k.sigmoid; }, {Dtype::f32}, Dtype::f32, on_words<sigmoid, f32>});
  constexpr auto exp_difference = [](f32 a, f32 b) { return contract::exp(contract::sub(a, b)); };
  list.push_back({"exp of a difference",
                  [](const Kernels& k) { return k.exp_difference; },
                  {Dtype::f32, Dtype::f32},
                  Dtype::f32,
                  on_words<exp_difference, f32, f32>});
  constexpr auto where_positive = [](f32 a, f32 b) { return a <= 0.0f ? 0.0f : b; };
  list.push_back({"where positive",
                  [](const Kernels& k) { return k.where_positive; },
                  {Dtype::f32, Dtype::f32},
                  Dtype::f32,
                  on_words<where_positive, f32, f32>});
  return list;
}

// ---- Checks --------------------------------------------------------------------------------------------------------

void check(const std::vector<Kernels>& tables, const Operation& operation, const Columns& columns,
           const Words& expected) {
  for (const Kernels& table : tables) {
    const Subject subject{table, operation, operation.kernel(table)};
    CHECK(subject.kernel != nullptr, "%s has no %s", table.isa, operation.name.c_str());
    if (subject.kernel == nullptr) continue;
    Words out(expected.size(), kGuard);
    subject.kernel(operands_of(columns).data(), out.data(), out.size());
    compare(subject, "all words", columns, out.data(), expected, out.size());
    check_in_place(subject, columns, expected);
    check_tails(subject, columns, expected);
    check_scalars(subject, columns);
  }
}

Words contract_words(const Operation& operation, const Columns& columns) {
  Words expected;
  for (std::size_t i = 0; i < columns[0].size(); ++i) {
    std::array<Word, 3> row{};
    for (std::size_t k = 0; k < columns.size(); ++k) row[k] = columns[k][i];
    expected.push_back(observed(operation.out, operation.contract(row.data())));
  }
  return expected;
}

void check_basic(const std::vector<Kernels>& tables) {
  for (const Operation& operation : basic_operations()) {
    Columns columns(operation.in.size());
    add_random(columns, 3000);
    add_edges(columns, operation.in);
    if (operation.name == "fma f32") add_fma_rows(columns, 20000);
    check(tables, operation, columns, contract_words(operation, columns));
  }
}

// Whether the contract has an operation of a dtype, with a word of its attribute.
bool in_contract(Op op, Dtype dtype, std::size_t word) {
  const Declaration& declared = declaration(op);
  const Keys& keys = declared.attributes;
  if (declared.runs_as != RunsAs::elementwise) return false;
  if (word >= (keys.size() == 0 ? 1 : choices(form_of(*keys.begin())).size())) return false;
  switch (op) {
    case Op::add:
    case Op::sub:
    case Op::mul:
    case Op::neg:
    case Op::maximum:
    case Op::minimum:
    case Op::compare:
    case Op::select:
    case Op::cast: return true;
    case Op::abs: return dtype != Dtype::u32;
    default: return dtype == Dtype::f32;
  }
}

// Every operation that the contract has is there, and no other.
void check_presence(const std::vector<Kernels>& tables) {
  for (const Kernels& table : tables) {
    for (std::size_t k = 0; k < kOps * kMostChoices * kDtypes; ++k) {
      const auto op = static_cast<Op>(k / (kMostChoices * kDtypes));
      const auto dtype = static_cast<Dtype>(k % kDtypes);
      const std::size_t word = k / kDtypes % kMostChoices;
      const bool found = table.find(op, dtype, word) != nullptr;
      CHECK(found == in_contract(op, dtype, word), "%s: %s of %s, word %zu", table.isa, name(op), name(dtype), word);
    }
  }
}

}  // namespace

int main() {
  const std::vector<Kernels>& tables = kernel_tables();
  check_basic(tables);
  check_presence(tables);
  return finish("test_elementwise");
}
