// The words that elementwise kernels are tried with: all pairs and triples of edge words, random ones, and those where
// a fused multiply-add goes wrong.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "contract/basic.h"
#include "contract/operations.h"

namespace paragon::tests {

using Word = std::uint32_t;
using Words = std::vector<Word>;

inline const Words& edge_words(Dtype dtype) {
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

inline void add_row(Columns& columns, std::initializer_list<Word> row) {
  std::size_t i = 0;
  for (const Word w : row) columns[i++].push_back(w);
}

inline void add_edges(Columns& columns, const std::vector<Dtype>& in) {
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

inline void add_random(Columns& columns, std::size_t rows) {
  Random random;
  for (std::size_t row = 0; row < rows; ++row) {
    const bool near_one = row % 2 == 0;
    for (Words& column : columns) column.push_back(near_one ? random.near(127, 12) : random.word());
  }
}

// Where a fused multiply-add goes wrong: sums that nearly cancel or tie, and results about the smallest subnormal.
inline void add_fma_rows(Columns& columns, std::size_t rows) {
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

}  // namespace paragon::tests
