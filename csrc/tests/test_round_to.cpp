// Holds round_to to what rounding is, for every value of the four formats: the value itself, the middle to the next
// one, which goes to the even code, and the floats next to that middle. The values are counted up from their codes.
#include <cmath>
#include <vector>

#include "contract/basic.h"
#include "contract/round_to.h"
#include "tests/check.h"
#include "tests/kernel_tables.h"

namespace {

using namespace paragon;

struct Layout {
  Format format;
  unsigned exponent_bits, mantissa_bits;
  unsigned largest;  // code of the largest finite value
  bool infinity;
};
constexpr Layout kLayouts[] = {
    {Format::f16, 5, 10, 0x7bff, true},
    {Format::bf16, 8, 7, 0x7f7f, true},
    {Format::e4m3fn, 4, 3, 0x7e, false},
    {Format::e5m2, 5, 2, 0x7b, true},
};

// The value of a code without sign. The code after the largest has the value that would follow.
double decode(const Layout& layout, unsigned code) {
  const unsigned field = code >> layout.mantissa_bits, mantissa = code & ((1u << layout.mantissa_bits) - 1);
  const int bias = (1 << (layout.exponent_bits - 1)) - 1, bits = static_cast<int>(layout.mantissa_bits);
  if (field == 0) return std::ldexp(mantissa, 1 - bias - bits);
  return std::ldexp((1u << layout.mantissa_bits) + mantissa, static_cast<int>(field) - bias - bits);
}

struct Pair {
  float input, result;
};

std::vector<Pair> right_pairs(const Layout& layout) {
  const float overflow = layout.infinity ? INFINITY : NAN;
  std::vector<Pair> pairs{{INFINITY, overflow}, {0x1.fffffep127f, overflow}, {NAN, NAN}};
  for (unsigned code = 0; code <= layout.largest; ++code) {
    const double value = decode(layout, code), next = decode(layout, code + 1);
    const float low = static_cast<float>(value);
    const float high = code < layout.largest ? static_cast<float>(next) : overflow;
    const float middle = static_cast<float>((value + next) / 2);  // exact
    pairs.push_back({low, low});
    pairs.push_back({std::nextafter(middle, 0.0f), low});
    pairs.push_back({middle, code % 2 == 0 ? low : high});
    pairs.push_back({std::nextafter(middle, INFINITY), high});
  }
  const std::size_t positive = pairs.size();
  for (std::size_t i = 0; i < positive; ++i) pairs.push_back({-pairs[i].input, -pairs[i].result});
  return pairs;
}

void check_contract(const Layout& layout, const std::vector<Pair>& pairs) {
  for (const auto& [input, result] : pairs) {
    const float got = contract::round_to(input, layout.format);
    CHECK(contract::observed(got) == contract::observed(result), "%s: of %08x it gives %08x, not %08x",
          kFormatNames[index_of(layout.format)], contract::word(input), contract::word(got), contract::word(result));
  }
}

void check_kernel(const Layout& layout, const std::vector<Pair>& pairs, const cpu::Kernels& table) {
  std::vector<float> inputs, got(pairs.size());
  for (const Pair& pair : pairs) inputs.push_back(pair.input);
  const cpu::Operand operand{inputs.data(), false};
  table.find(Op::round_to, Dtype::f32, index_of(layout.format))(&operand, got.data(), got.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    CHECK(contract::observed(got[i]) == contract::observed(pairs[i].result), "%s, %s: of %08x it gives %08x, not %08x",
          table.isa, kFormatNames[index_of(layout.format)], contract::word(inputs[i]), contract::word(got[i]),
          contract::word(pairs[i].result));
  }
}

}  // namespace

int main() {
  const std::vector<cpu::Kernels>& tables = tests::kernel_tables();
  for (const Layout& layout : kLayouts) {
    const std::vector<Pair> pairs = right_pairs(layout);
    check_contract(layout, pairs);
    for (const cpu::Kernels& table : tables) check_kernel(layout, pairs, table);
  }
  return tests::finish("test_round_to");
}
