// test_elementwise HARD_CASES.json: holds every elementwise kernel of every instruction set of this machine, and of the
// portable fallback, to the contract, word for word: all pairs and triples of edge words, random words, hard cases of
// the elementary functions, every tail length, scalar operands, in-place use, and that nothing beyond the end is
// written.
#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "contract/basic.h"
#include "contract/round_to.h"
#include "tests/check.h"
#include "tests/elementary_functions.h"
#include "tests/kernel_tables.h"

namespace {

using namespace paragon;
using cpu::Comparison;
using cpu::Dtype;
using cpu::ElementwiseKernel;
using cpu::Kernels;
using Word = std::uint32_t;
using Words = std::vector<Word>;

// ---- Inputs --------------------------------------------------------------------------------------------------------

const Words& edge_words(Dtype dtype) {
  static const Words f32 = [] {
    Words magnitudes = {
        0x00000000, 0x00000001, 0x00000002, 0x00000003, 0x00400000, 0x007fffff,              // zero, subnormals
        0x00800000, 0x00800001, 0x0c000000, 0x1f800000, 0x26000000, 0x33000000, 0x33800000,  // small; 2^-25, 2^-24
        0x3eaaaaab, 0x3effffff, 0x3f000000, 0x3f7fffff, 0x3f800000, 0x3f800001, 0x3f800800,  // to 1; (1 + 2^-12)^2 ties
        0x3fb504f3, 0x3fc00000, 0x40000000, 0x40400000, 0x42b17218, 0x4b000001, 0x4b800000, 0x4b800001,  // to 2^24 + 2
        0x4effffff, 0x4f000000, 0x4f000001, 0x4f7fffff, 0x4f800000,              // 2^31, 2^32 and neighbours
        0x5f000000, 0x7f000000, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000,  // large, infinity, NaNs
    };
    Words words = magnitudes;
    for (const Word w : magnitudes) words.push_back(w | 0x80000000u);
    return words;
  }();
  static const Words integer = {
      0,          1,          2,          3,          7,          0x0000ffff, 0x00010000, 0x00010001, 0x00ffffff,
      0x01000000, 0x01000001, 0x01000002, 0x01000003, 0x02000001, 0x02000002, 0x02000003, 0x02000006, 0x40000040,
      0x40000041, 0x7fffffbf, 0x7fffffc0, 0x7fffffff, 0x80000000, 0x80000001, 0x80000040, 0x80000080, 0x80000081,
      0x80000180, 0xfeffffff, 0xff000000, 0xfffeffff, 0xffffff7f, 0xffffff80, 0xffffff81, 0xfffffffe, 0xffffffff,
  };
  return dtype == Dtype::f32 ? f32 : integer;
}

// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
class Random {
 public:
  Word word() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return static_cast<Word>((z ^ (z >> 31)) >> 32);
  }
  Word below(Word n) { return word() % n; }
  // A float with its exponent field within `spread` of `centre`.
  Word near(Word centre, Word spread) {
    return (word() & 0x807fffffu) | ((centre - spread + below(2 * spread + 1)) << 23);
  }

 private:
  std::uint64_t state_ = 1;
};

using Columns = std::vector<Words>;  // one an operand

void add_row(Columns& columns, std::initializer_list<Word> row) {
  std::size_t i = 0;
  for (const Word w : row) columns[i++].push_back(w);
}

void add_edges(Columns& columns, const std::vector<Dtype>& in) {
  std::size_t rows = 1;
  for (const Dtype dtype : in) rows *= edge_words(dtype).size();
  for (std::size_t row = 0; row < rows; ++row) {
    std::size_t rest = row;
    for (std::size_t k = 0; k < in.size(); ++k) {
      const Words& edges = edge_words(in[k]);
      columns[k].push_back(edges[rest % edges.size()]);
      rest /= edges.size();
    }
  }
}

void add_random(Columns& columns, std::size_t rows) {
  Random random;
  for (std::size_t row = 0; row < rows; ++row) {
    const bool near_one = row % 2 == 0;
    for (Words& column : columns) column.push_back(near_one ? random.near(127, 12) : random.word());
  }
}

// Where a fused multiply-add goes wrong: sums that nearly cancel or tie, and results about the smallest subnormal.
void add_fma_rows(Columns& columns, std::size_t rows) {
  Random random;
  for (std::size_t row = 0; row < rows; ++row) {
    const Word a = random.near(127, 20), b = random.near(127, 20);
    const float product = contract::from_word(a) * contract::from_word(b);
    add_row(columns, {a, b, contract::word(-product)});
    add_row(columns, {a, b, contract::word(product) ^ random.below(4)});
    // Factors of 12 bits have products of 24 bits; one more bit and half of them are ties, which a small c must break.
    const Word tie = a & 0xfffff800u, third = (b & 0xfffff000u) | 0x00000800u;
    add_row(columns, {tie, third, (random.word() & 0x80000000u) | random.below(0x30000000u)});
    add_row(columns, {tie, third, 0});
    const Word small = random.near(52, 12), smaller = random.near(52, 12);  // products about 2^-150
    add_row(columns, {small, smaller, random.word() & 0x80000007u});
    add_row(columns, {small, smaller, random.word() & 0x80ffffffu});
    add_row(columns, {random.near(127 + 63, 1), random.near(127 + 64, 1), random.near(253, 1)});  // about the largest
  }
}

// ---- Operations ----------------------------------------------------------------------------------------------------

template <class T>
constexpr Dtype dtype_of = std::is_same_v<T, float>          ? Dtype::f32
                           : std::is_same_v<T, std::int32_t> ? Dtype::i32
                                                             : Dtype::u32;

struct Operation {
  std::string name;
  ElementwiseKernel (*kernel)(const Kernels&);
  std::vector<Dtype> in;
  Dtype out;
  Word (*contract)(const Word*);
};

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

Word observed(Dtype dtype, Word word) {
  return dtype == Dtype::f32 ? contract::observed(contract::from_word(word)) : word;
}

constexpr Word kGuard = 0xdeadbeef;
constexpr std::size_t kLongestTail = 70;
constexpr std::size_t kGuards = 32;

struct Subject {
  const Kernels& table;
  const Operation& operation;
  ElementwiseKernel kernel;
};

std::string row_text(const Columns& columns, std::size_t row) {
  std::string text;
  for (const Words& column : columns) {
    std::array<char, 16> hex{};
    std::snprintf(hex.data(), hex.size(), " %08x", column[row]);
    text += hex.data();
  }
  return text;
}

void compare(const Subject& subject, const char* how, const Columns& columns, const Word* result, const Words& expected,
             std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const Word got = observed(subject.operation.out, result[i]);
    CHECK(got == expected[i], "%s %s, %s: of%s it gives %08x, not %08x", subject.table.isa,
          subject.operation.name.c_str(), how, row_text(columns, i).c_str(), got, expected[i]);
  }
}

std::vector<cpu::Operand> operands_of(const Columns& columns, unsigned scalars = 0) {
  std::vector<cpu::Operand> operands;
  for (std::size_t k = 0; k < columns.size(); ++k) operands.push_back({columns[k].data(), (scalars >> k & 1) != 0});
  return operands;
}

void check_in_place(const Subject& subject, const Columns& columns, const Words& expected) {
  for (std::size_t k = 0; k < columns.size(); ++k) {
    Columns copy = columns;
    subject.kernel(operands_of(copy).data(), copy[k].data(), expected.size());
    compare(subject, "in place", columns, copy[k].data(), expected, expected.size());
  }
}

// Every length up to kLongestTail, from an address that is aligned to a word only, with guards behind the end.
void check_tails(const Subject& subject, const Columns& columns, const Words& expected) {
  for (std::size_t n = 0; n <= kLongestTail; ++n) {
    Columns exact;  // exactly n words each, so that an address sanitizer sees a read beyond
    for (const Words& column : columns)
      exact.emplace_back(column.begin(), column.begin() + static_cast<std::ptrdiff_t>(n));
    Words out(1 + n + kGuards, kGuard);
    subject.kernel(operands_of(exact).data(), out.data() + 1, n);
    compare(subject, "tail", exact, out.data() + 1, expected, n);
    bool guarded = out[0] == kGuard;
    for (std::size_t i = n + 1; i < out.size(); ++i) guarded = guarded && out[i] == kGuard;
    CHECK(guarded, "%s %s, length %zu: writes outside its output", subject.table.isa, subject.operation.name.c_str(),
          n);
  }
}

void check_scalars(const Subject& subject, const Columns& columns) {
  for (unsigned scalars = 1; scalars < 1u << columns.size(); ++scalars) {
    for (const std::size_t n : {std::size_t{1}, std::size_t{37}}) {
      for (std::size_t first = 0; first + n <= columns[0].size() && first < 40; first += 13) {
        Columns rows(columns.size());   // what the kernel is to compute
        Columns given(columns.size());  // what it is given
        for (std::size_t k = 0; k < columns.size(); ++k) {
          const bool scalar = (scalars >> k & 1) != 0;
          for (std::size_t i = 0; i < n; ++i) rows[k].push_back(columns[k][scalar ? first : first + i]);
          given[k] = scalar ? Words{rows[k][0]} : rows[k];
        }
        Words expected;
        for (std::size_t i = 0; i < n; ++i) {
          std::array<Word, 3> row{};
          for (std::size_t k = 0; k < rows.size(); ++k) row[k] = rows[k][i];
          expected.push_back(observed(subject.operation.out, subject.operation.contract(row.data())));
        }
        Words out(n, kGuard);
        subject.kernel(operands_of(given, scalars).data(), out.data(), n);
        compare(subject, "scalar operands", rows, out.data(), expected, n);
      }
    }
  }
}

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

// ---- Elementary functions ------------------------------------------------------------------------------------------

// The results that the contract states outright: IEEE 754-2019, 9.2.1.
struct Stated {
  const char* function;
  Word input, result;
};
constexpr Word kInf = 0x7f800000, kMinusInf = 0xff800000, kNan = 0x7fc00000, kOne = 0x3f800000, kMinusOne = 0xbf800000;
// clang-format off
constexpr Stated kStated[] = {
    {"exp", 0, kOne}, {"exp", 0x80000000, kOne}, {"exp", kInf, kInf}, {"exp", kMinusInf, 0},
    {"expm1", 0, 0}, {"expm1", 0x80000000, 0x80000000}, {"expm1", kInf, kInf}, {"expm1", kMinusInf, kMinusOne},
    {"log", 0, kMinusInf}, {"log", 0x80000000, kMinusInf}, {"log", kOne, 0}, {"log", kInf, kInf},
    {"log", kMinusInf, kNan}, {"log", 0x80000001, kNan},
    {"log1p", 0, 0}, {"log1p", 0x80000000, 0x80000000}, {"log1p", kMinusOne, kMinusInf}, {"log1p", kInf, kInf},
    {"log1p", kMinusInf, kNan}, {"log1p", 0xbf800001, kNan},
    {"tanh", 0, 0}, {"tanh", 0x80000000, 0x80000000}, {"tanh", kInf, kOne}, {"tanh", kMinusInf, kMinusOne},
    {"erf", 0, 0}, {"erf", 0x80000000, 0x80000000}, {"erf", kInf, kOne}, {"erf", kMinusInf, kMinusOne},
    {"sinpi", 0, 0}, {"sinpi", 0x80000000, 0x80000000}, {"sinpi", kOne, 0}, {"sinpi", kMinusOne, 0x80000000},
    {"sinpi", 0x40000000, 0}, {"sinpi", 0x3f000000, kOne}, {"sinpi", 0xbf000000, kMinusOne}, {"sinpi", 0x3fc00000, kMinusOne},
    {"sinpi", 0x7f7fffff, 0}, {"sinpi", 0xff7fffff, 0x80000000}, {"sinpi", kInf, kNan}, {"sinpi", kMinusInf, kNan},
    {"cospi", 0, kOne}, {"cospi", 0x80000000, kOne}, {"cospi", kOne, kMinusOne}, {"cospi", 0x3f000000, 0},
    {"cospi", 0xbf000000, 0}, {"cospi", 0x3fc00000, 0}, {"cospi", 0x7f7fffff, kOne}, {"cospi", kInf, kNan},
};
// clang-format on

using Cases = std::map<std::string, std::vector<std::pair<Word, Word>>>;

// Reads {"exp": [["input", "result"], ...], ...}, words in hexadecimal: a name starts a list, and words come in pairs.
Cases read_cases(const char* path) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  Cases cases;
  std::string name, previous;
  for (std::size_t open = text.find('"'); open != std::string::npos;) {
    const std::size_t close = text.find('"', open + 1);
    if (close == std::string::npos) break;
    const std::string token = text.substr(open + 1, close - open - 1);
    if (token.size() != 8) {
      name = token;
    } else if (previous.empty()) {
      previous = token;
    } else {
      cases[name].emplace_back(std::stoul(previous, nullptr, 16), std::stoul(token, nullptr, 16));
      previous.clear();
    }
    open = text.find('"', close + 1);
  }
  return cases;
}

void check_elementary(const std::vector<Kernels>& tables, const Cases& hard_cases) {
  for (const ElementaryFunction& function : kElementaryFunctions) {
    Columns columns(1);
    Words expected;
    const auto add = [&](Word input, Word result) {
      columns[0].push_back(input);
      expected.push_back(result);
    };
    const auto hard = hard_cases.find(function.name);
    CHECK(hard != hard_cases.end() && hard->second.size() >= 64, "no hard cases of %s", function.name);
    if (hard != hard_cases.end()) {
      for (const auto& [input, result] : hard->second) add(input, result);
    }
    for (const Stated& stated : kStated) {
      if (stated.function == std::string(function.name)) add(stated.input, stated.result);
    }
    const std::size_t known = expected.size();
    for (std::size_t i = 0; i < known; ++i) {
      const Word got = contract::observed(function.contract(contract::from_word(columns[0][i])));
      CHECK(got == expected[i], "contract %s: of %08x it gives %08x, not %08x", function.name, columns[0][i], got,
            expected[i]);
    }
    add_edges(columns, {Dtype::f32});
    add_random(columns, 6000);
    for (std::size_t i = known; i < columns[0].size(); ++i) {
      expected.push_back(contract::observed(function.contract(contract::from_word(columns[0][i]))));
    }
    for (const Kernels& table : tables) {
      const ElementwiseKernel kernel = table.find(function.operation, Dtype::f32);
      const Operation operation{std::string(function.name) + " f32", nullptr, {Dtype::f32}, Dtype::f32, nullptr};
      const Subject subject{table, operation, kernel};
      Words out(expected.size(), kGuard);
      kernel(operands_of(columns).data(), out.data(), out.size());
      compare(subject, "all words", columns, out.data(), expected, out.size());
      check_in_place(subject, columns, expected);
      check_tails(subject, columns, expected);
      const cpu::Operand scalar{columns[0].data() + 1, true};
      kernel(&scalar, out.data(), 37);
      compare(subject, "scalar operand", {Words(37, columns[0][1])}, out.data(), Words(37, expected[1]), 37);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: test_elementwise tests/data/hard_cases.json\n");
    return 2;
  }
  const std::vector<Kernels>& tables = tests::kernel_tables();
  check_basic(tables);
  check_presence(tables);
  check_elementary(tables, read_cases(argv[1]));
  return tests::finish("test_elementwise");
}
