// What every elementwise kernel is held to, given the right words: the results, also in place, for every tail length
// and for scalar operands, and that nothing beyond the end is written.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "contract/basic.h"
#include "cpu/kernels.h"
#include "tests/check.h"
#include "tests/elementwise_words.h"

namespace paragon::tests {

using cpu::ElementwiseKernel;
using cpu::Kernels;

// An elementwise operation, as the kernel table and the contract have it.
struct Operation {
  std::string name;
  ElementwiseKernel (*kernel)(const Kernels&);
  std::vector<Dtype> in;
  Dtype out;
  Word (*contract)(const Word*);
};

inline Word observed(Dtype dtype, Word word) {
  return dtype == Dtype::f32 ? contract::observed(contract::from_word(word)) : word;
}

inline constexpr Word kGuard = 0xdeadbeef;
inline constexpr std::size_t kLongestTail = 70;
inline constexpr std::size_t kGuards = 32;

// A kernel, and whose it is.
struct Subject {
  const Kernels& table;
  const Operation& operation;
  ElementwiseKernel kernel;
};

inline std::string row_text(const Columns& columns, std::size_t row) {
  std::string text;
  for (const Words& column : columns) {
    std::array<char, 16> hex{};
    std::snprintf(hex.data(), hex.size(), " %08x", column[row]);
    text += hex.data();
  }
  return text;
}

inline void compare(const Subject& subject, const char* how, const Columns& columns, const Word* result,
                    const Words& expected, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const Word got = observed(subject.operation.out, result[i]);
    CHECK(got == expected[i], "%s %s, %s: of%s it gives %08x, not %08x", subject.table.isa,
          subject.operation.name.c_str(), how, row_text(columns, i).c_str(), got, expected[i]);
  }
}

inline std::vector<cpu::Operand> operands_of(const Columns& columns, unsigned scalars = 0) {
  std::vector<cpu::Operand> operands;
  for (std::size_t k = 0; k < columns.size(); ++k) operands.push_back({columns[k].data(), (scalars >> k & 1) != 0});
  return operands;
}

inline void check_in_place(const Subject& subject, const Columns& columns, const Words& expected) {
  for (std::size_t k = 0; k < columns.size(); ++k) {
    Columns copy = columns;
    subject.kernel(operands_of(copy).data(), copy[k].data(), expected.size());
    compare(subject, "in place", columns, copy[k].data(), expected, expected.size());
  }
}

// Every length up to kLongestTail, from an address that is aligned to a word only, with guards behind the end.
inline void check_tails(const Subject& subject, const Columns& columns, const Words& expected) {
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

inline void check_scalars(const Subject& subject, const Columns& columns) {
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

}  // namespace paragon::tests
