// exhaustive FUNCTION FIRST COUNT STEP STRIDE: holds the kernels of one elementary function, of every instruction set
// that this machine can run, to a filter, on the COUNT words FIRST, FIRST + STEP, ...; and the contract's own version
// on every STRIDE-th of them. (round_to has an exact specification, and a mode of its own: round_to.h.)
//
// The filter is the C library's double precision function, whose error is far below the relative 2^-46 that is allowed
// for here (128 units in the last place; the libraries in use state less than 10). Where both ends of that interval
// round to the same float, that float is the right answer. The other inputs are doubtful: they are printed, with what
// each version gives, and exhaustive.py decides them in arbitrary precision. It also checks the filter's bound itself,
// on a sample.
//
// Output, a record a line: "versions NAME...", "doubtful INPUT RESULT..." (the versions' words in order),
// "wrong VERSION INPUT RESULT EXPECTED" (the first of each version), "filter INPUT DOUBLE" (a sample),
// "count INPUTS DOUBTFUL CONTRACT", "mismatches NUMBER..." (each version's, doubtful inputs not included).
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "contract/basic.h"
#include "tests/elementary_functions.h"
#include "tests/kernel_tables.h"
#include "round_to.h"

namespace {

using paragon::contract::from_word;
using paragon::contract::observed;
using paragon::contract::word;

constexpr double kFilterError = 0x1p-46;
constexpr std::size_t kChunk = std::size_t{1} << 16;
constexpr int kWrongShown = 20;
constexpr std::uint64_t kFilterShown = 16'381;  // how often it is shown what the filter gives

constexpr double kPi = 3.14159265358979323846;
constexpr double kEven = 0x1p24;  // from here on all floats are even integers

// x less the nearest even integer: in [-1, 1], exact. 1.5 * 2^53 leaves a double no bits below 2.
double less_even(double x) { return std::fabs(x) < kEven ? x - ((x + 0x1.8p53) - 0x1.8p53) : 0.0; }

// sin(pi * a) for 0 <= a <= 1/2; of cos for the upper half, so that the argument's rounding does no harm near 1.
double sinpi_reduced(double a) { return a <= 0.25 ? std::sin(kPi * a) : std::cos(kPi * (0.5 - a)); }

double sinpi(double x) {
  if (!std::isfinite(x)) return std::nan("");
  const double r = less_even(x), a = std::fabs(r);
  if (a == 0.0 || a == 1.0) return std::copysign(0.0, x);
  return std::copysign(sinpi_reduced(a <= 0.5 ? a : 1.0 - a), r);
}

double cospi(double x) {
  if (!std::isfinite(x)) return std::nan("");
  const double a = std::fabs(less_even(x));
  if (a == 0.5) return 0.0;
  return a <= 0.25 ? std::cos(kPi * a) : std::copysign(sinpi_reduced(std::fabs(0.5 - a)), 0.5 - a);
}

struct Filter {
  const char* name;
  double (*function)(double);
};
constexpr Filter kFilters[] = {
    {"exp", std::exp},   {"expm1", std::expm1}, {"log", std::log}, {"log1p", std::log1p},
    {"tanh", std::tanh}, {"erf", std::erf},     {"sinpi", sinpi},  {"cospi", cospi},
};

struct Verdict {
  std::uint32_t expected;
  bool doubtful;
};
Verdict filter(double y) {
  if (!std::isfinite(y)) return {observed(static_cast<float>(y)), false};
  const double error = std::fabs(y) * kFilterError;
  const float low = static_cast<float>(y - error), high = static_cast<float>(y + error);
  if (y == 0.0) return {word(static_cast<float>(y)), false};
  return {word(low), word(low) != word(high)};
}

struct Log {
  std::vector<std::uint64_t> mismatches;  // by version
  std::uint64_t doubtful, contract;

  void compare(std::size_t version, const char* name, const float* x, const float* result,
               const std::uint32_t* expected, std::size_t n) {
    std::size_t wrong = 0;  // counted first, in a loop without branches: there hardly ever is one to show
    for (std::size_t i = 0; i < n; ++i) wrong += observed(result[i]) != expected[i] ? 1 : 0;
    for (std::size_t i = 0; i < n && wrong > 0; ++i) {
      if (observed(result[i]) == expected[i] || mismatches[version]++ >= kWrongShown) continue;
      std::printf("wrong %s %08x %08x %08x\n", name, word(x[i]), observed(result[i]), expected[i]);
    }
  }
};

template <class Table>
const auto& by_name(const Table& table, const std::string& name) {
  for (const auto& entry : table) {
    if (name == entry.name) return entry;
  }
  std::fprintf(stderr, "exhaustive: no function is called \"%s\"\n", name.c_str());
  std::exit(2);
}

// The words FIRST, FIRST + STEP, ..., COUNT of them; the contract on every STRIDE-th.
struct Arguments {
  std::uint64_t first, count, step, stride;

  bool make_sense() const {
    constexpr std::uint64_t words = std::uint64_t{1} << 32;
    return first < words && count > 0 && step > 0 && stride > 0 && count - 1 <= (words - 1 - first) / step;
  }
};

// All versions of one function over the words, a chunk at a time.
class Run {
 public:
  Run(const paragon::ElementaryFunction& function, const Filter& oracle, const Arguments& arguments)
      : function_(function), oracle_(oracle), arguments_(arguments), results_(tables_.size(), Floats(kChunk)) {
    log_.mismatches.resize(tables_.size() + 1);  // and the contract
  }

  void print_versions() const {
    std::printf("versions");
    for (const auto& table : tables_) std::printf(" %s", table.isa);
    std::printf(" contract\n");
  }

  // Words number base ... base + n - 1.
  void chunk(std::uint64_t base, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      x_[i] = from_word(static_cast<std::uint32_t>(arguments_.first + (base + i) * arguments_.step));
    }
    for (std::size_t t = 0; t < tables_.size(); ++t) {
      const paragon::cpu::Operand operand{x_.data(), false};
      tables_[t].find(function_.operation, paragon::Dtype::f32)(&operand, results_[t].data(), n);
    }
    for (std::size_t i = 0; i < n; ++i) judge(base + i, i);
    for (std::size_t t = 0; t < tables_.size(); ++t) {
      log_.compare(t, tables_[t].isa, x_.data(), results_[t].data(), expected_.data(), n);
    }
  }

  void print_totals() const {
    std::printf("count %llu %llu %llu\n", static_cast<unsigned long long>(arguments_.count),
                static_cast<unsigned long long>(log_.doubtful), static_cast<unsigned long long>(log_.contract));
    std::printf("mismatches");
    for (const std::uint64_t m : log_.mismatches) std::printf(" %llu", static_cast<unsigned long long>(m));
    std::printf("\n");
  }

 private:
  using Floats = std::vector<float>;

  // Word number `number`, which is element i of the chunk: what is expected of it, and whether that is sure.
  void judge(std::uint64_t number, std::size_t i) {
    const double y = oracle_.function(static_cast<double>(x_[i]));
    const Verdict verdict = filter(y);
    expected_[i] = verdict.expected;
    if (verdict.doubtful) print_doubtful(i);
    if (number == next_shown_) {
      next_shown_ += arguments_.count / kFilterShown + 1;
      if (std::isfinite(y)) std::printf("filter %08x %a\n", word(x_[i]), y);
    }
    if (number == next_contract_) {
      next_contract_ += arguments_.stride;
      ++log_.contract;
      const float result = function_.contract(x_[i]);
      if (!verdict.doubtful) log_.compare(tables_.size(), "contract", &x_[i], &result, &expected_[i], 1);
    }
  }

  void print_doubtful(std::size_t i) {
    ++log_.doubtful;
    std::printf("doubtful %08x", word(x_[i]));
    for (Floats& result : results_) {
      std::printf(" %08x", observed(result[i]));
      result[i] = from_word(expected_[i]);  // not to be counted as a mismatch
    }
    std::printf(" %08x\n", observed(function_.contract(x_[i])));
  }

  const paragon::ElementaryFunction& function_;
  const Filter& oracle_;
  const Arguments arguments_;
  const std::vector<paragon::cpu::Kernels>& tables_ = paragon::tests::kernel_tables();
  Floats x_ = Floats(kChunk);
  std::vector<std::uint32_t> expected_ = std::vector<std::uint32_t>(kChunk);
  std::vector<Floats> results_;  // of each table
  Log log_{};
  std::uint64_t next_shown_ = 0, next_contract_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "round_to") == 0) return paragon::exhaustive_round_to(argc, argv);
  if (argc != 6) {
    std::fprintf(stderr,
                 "usage: exhaustive FUNCTION FIRST COUNT STEP STRIDE | exhaustive round_to FORMAT FIRST COUNT\n");
    return 2;
  }
  const auto& function = by_name(paragon::kElementaryFunctions, argv[1]);
  const auto& oracle = by_name(kFilters, argv[1]);
  const Arguments arguments{
      .first = std::strtoull(argv[2], nullptr, 0),
      .count = std::strtoull(argv[3], nullptr, 0),
      .step = std::strtoull(argv[4], nullptr, 0),
      .stride = std::strtoull(argv[5], nullptr, 0),
  };
  if (!arguments.make_sense()) {
    std::fprintf(stderr, "exhaustive: COUNT, STEP and STRIDE are at least 1, and the last word is below 2^32\n");
    return 2;
  }
  Run run(function, oracle, arguments);
  run.print_versions();
  for (std::uint64_t base = 0; base < arguments.count; base += kChunk) {
    run.chunk(base, std::min<std::uint64_t>(kChunk, arguments.count - base));
  }
  run.print_totals();
  return 0;  // exhaustive.py judges
}
