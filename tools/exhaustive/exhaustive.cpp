// exhaustive FUNCTION FIRST COUNT STRIDE: holds the kernels of one elementary function, of every instruction set that this
// machine can run, to a filter, on the COUNT words from FIRST on; and the contract's own version on every STRIDE-th of them.
//
// The filter is the C library's double precision function, whose error is far below the relative 2^-46 that is allowed for
// here (128 units in the last place; the libraries in use state less than 10). Where both ends of that interval round to the
// same float, that float is the right answer. The other inputs are doubtful: they are printed, with what each version gives,
// and exhaustive.py decides them in arbitrary precision. It also checks the filter's bound itself, on a sample.
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
#include "tests/elementwise_tables.h"

namespace {

using paragon::contract::from_word;
using paragon::contract::observed;
using paragon::contract::word;

constexpr double kFilterError = 0x1p-46;
constexpr std::size_t kChunk = std::size_t{1} << 16;
constexpr int kWrongShown = 20;
constexpr std::uint32_t kFilterStride = 262'139;  // prime: every 262139th input shows what the filter gives

constexpr double kPi = 3.14159265358979323846;

// sin(pi * r) for |r| <= 1/2; of cos for the upper half, so that the argument's rounding does no harm near 1.
double sinpi_reduced(double r) {
  const double a = std::fabs(r);
  return std::copysign(a <= 0.25 ? std::sin(kPi * a) : std::cos(kPi * (0.5 - a)), r);
}

double sinpi(double x) {
  if (!std::isfinite(x)) return std::nan("");
  const double r = std::remainder(x, 2.0);  // in [-1, 1], exact
  if (r == 0.0 || std::fabs(r) == 1.0) return std::copysign(0.0, x);
  return std::fabs(r) <= 0.5 ? sinpi_reduced(r) : sinpi_reduced(std::copysign(1.0, r) - r);
}

double cospi(double x) {
  if (!std::isfinite(x)) return std::nan("");
  const double a = std::fabs(std::remainder(x, 2.0));  // in [0, 1], exact
  if (a == 0.5) return 0.0;
  return a <= 0.25 ? std::cos(kPi * a) : sinpi_reduced(0.5 - a);
}

struct Filter {
  const char* name;
  double (*function)(double);
};
constexpr Filter kFilters[] = {
    {"exp", std::exp}, {"expm1", std::expm1}, {"log", std::log}, {"log1p", std::log1p},
    {"tanh", std::tanh}, {"erf", std::erf}, {"sinpi", sinpi}, {"cospi", cospi},
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

template <class Table>
const auto& by_name(const Table& table, const std::string& name) {
  for (const auto& entry : table) {
    if (name == entry.name) return entry;
  }
  std::fprintf(stderr, "exhaustive: no function is called \"%s\"\n", name.c_str());
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: exhaustive FUNCTION FIRST COUNT STRIDE\n");
    return 2;
  }
  const auto& function = by_name(paragon::kElementaryFunctions, argv[1]);
  const auto& oracle = by_name(kFilters, argv[1]);
  const std::uint64_t first = std::strtoull(argv[2], nullptr, 0), count = std::strtoull(argv[3], nullptr, 0);
  const std::uint64_t stride = std::strtoull(argv[4], nullptr, 0);
  if (first + count > std::uint64_t{1} << 32 || stride == 0) {
    std::fprintf(stderr, "exhaustive: FIRST + COUNT must be at most 2^32, STRIDE at least 1\n");
    return 2;
  }

  const std::vector<paragon::cpu::Kernels> tables = paragon::cpu::elementwise_tables();
  const std::size_t versions = tables.size() + 1;  // and the contract
  std::printf("versions");
  for (const auto& table : tables) std::printf(" %s", table.isa);
  std::printf(" contract\n");

  std::vector<std::uint64_t> mismatches(versions, 0);
  std::uint64_t doubtful = 0, contract_checked = 0;
  std::vector<float> x(kChunk);
  std::vector<std::vector<float>> results(tables.size(), std::vector<float>(kChunk));
  for (std::uint64_t base = first; base < first + count; base += kChunk) {
    const std::size_t n = std::min<std::uint64_t>(kChunk, first + count - base);
    for (std::size_t i = 0; i < n; ++i) x[i] = from_word(static_cast<std::uint32_t>(base + i));
    for (std::size_t t = 0; t < tables.size(); ++t) {
      const paragon::cpu::Operand operand{x.data(), false};
      tables[t].elementwise[static_cast<int>(function.operation)][0](&operand, results[t].data(), n);
    }
    for (std::size_t i = 0; i < n; ++i) {
      const auto input = static_cast<std::uint32_t>(base + i);
      const double y = oracle.function(static_cast<double>(x[i]));
      const Verdict verdict = filter(y);
      if (input % kFilterStride == 0 && std::isfinite(y)) std::printf("filter %08x %a\n", input, y);
      if (verdict.doubtful) {
        ++doubtful;
        std::printf("doubtful %08x", input);
        for (const auto& result : results) std::printf(" %08x", observed(result[i]));
        std::printf(" %08x\n", observed(function.contract(x[i])));
        continue;
      }
      const auto check = [&](std::size_t version, const char* name, float result) {
        if (observed(result) == verdict.expected) return;
        if (mismatches[version]++ < kWrongShown) {
          std::printf("wrong %s %08x %08x %08x\n", name, input, observed(result), verdict.expected);
        }
      };
      for (std::size_t t = 0; t < tables.size(); ++t) check(t, tables[t].isa, results[t][i]);
      if (input % stride == 0) {
        ++contract_checked;
        check(versions - 1, "contract", function.contract(x[i]));
      }
    }
  }
  std::printf("count %llu %llu %llu\n", static_cast<unsigned long long>(count), static_cast<unsigned long long>(doubtful),
              static_cast<unsigned long long>(contract_checked));
  std::printf("mismatches");
  for (const std::uint64_t m : mismatches) std::printf(" %llu", static_cast<unsigned long long>(m));
  std::printf("\n");
  return 0;  // exhaustive.py judges
}
