// test_elementary HARD_CASES.json: holds the elementary functions of every instruction set of this machine, of the
// portable fallback, and of the contract to known results: those that the contract states, and the hard cases of the
// file. On all other words, the kernels are held to the contract.
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "contract/basic.h"
#include "tests/check.h"
#include "tests/elementary_functions.h"
#include "tests/elementwise_checks.h"
#include "tests/kernel_tables.h"

namespace {

using namespace paragon;
using namespace paragon::tests;

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
    std::fprintf(stderr, "usage: test_elementary tests/data/hard_cases.json\n");
    return 2;
  }
  check_elementary(kernel_tables(), read_cases(argv[1]));
  return finish("test_elementary");
}
