// Goes over the words in chunks: the contract once, every kernel after it, and a report of the first that differ.
#include "round_to.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "contract/basic.h"
#include "contract/round_to.h"
#include "tests/kernel_tables.h"

namespace paragon {

namespace {

constexpr std::size_t kChunk = std::size_t{1} << 16;
constexpr std::uint64_t kWords = std::uint64_t{1} << 32;
constexpr std::uint64_t kWrongShown = 20;

// Returns how many words of the chunk are wrong.
std::uint64_t compare(const char* isa, const std::vector<float>& x, const std::vector<float>& results,
                      const std::vector<std::uint32_t>& expected, std::size_t n, std::uint64_t shown) {
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t got = contract::observed(results[i]);
    if (got == expected[i]) continue;
    if (shown + wrong++ < kWrongShown) {
      std::printf("wrong %s %08x %08x %08x\n", isa, contract::word(x[i]), got, expected[i]);
    }
  }
  return wrong;
}

void run(Format format, std::uint64_t first, std::uint64_t count) {
  const std::vector<cpu::Kernels>& tables = tests::kernel_tables();
  std::printf("versions");
  for (const auto& table : tables) std::printf(" %s", table.isa);
  std::vector<std::uint64_t> mismatches(tables.size());
  std::vector<float> x(kChunk), results(kChunk);
  std::vector<std::uint32_t> expected(kChunk);
  std::printf("\n");
  for (std::uint64_t base = 0; base < count; base += kChunk) {
    const std::size_t n = std::min<std::uint64_t>(kChunk, count - base);
    for (std::size_t i = 0; i < n; ++i) {
      x[i] = contract::from_word(static_cast<std::uint32_t>(first + base + i));
      expected[i] = contract::observed(contract::round_to(x[i], format));
    }
    for (std::size_t t = 0; t < tables.size(); ++t) {
      const cpu::Operand operand{x.data(), false};
      tables[t].find(Op::round_to, Dtype::f32, index_of(format))(&operand, results.data(), n);
      mismatches[t] += compare(tables[t].isa, x, results, expected, n, mismatches[t]);
    }
  }
  std::printf("count %llu\nmismatches", static_cast<unsigned long long>(count));
  for (const std::uint64_t m : mismatches) std::printf(" %llu", static_cast<unsigned long long>(m));
  std::printf("\n");
}

}  // namespace

int exhaustive_round_to(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: exhaustive round_to FORMAT FIRST COUNT\n");
    return 2;
  }
  const auto named = [&](const char* name) { return std::strcmp(name, argv[2]) == 0; };
  const auto* const format = std::find_if(std::begin(kFormatNames), std::end(kFormatNames), named);
  const std::uint64_t first = std::strtoull(argv[3], nullptr, 0), count = std::strtoull(argv[4], nullptr, 0);
  if (format == std::end(kFormatNames)) {
    std::fprintf(stderr, "exhaustive: no format is called \"%s\"\n", argv[2]);
    return 2;
  }
  if (first >= kWords || count == 0 || count > kWords - first) {
    std::fprintf(stderr, "exhaustive: COUNT is at least 1, and the last word is below 2^32\n");
    return 2;
  }
  run(static_cast<Format>(format - std::begin(kFormatNames)), first, count);
  return 0;  // round_to.py judges
}

}  // namespace paragon
