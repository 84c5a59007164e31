// Holds `bits` of every instruction set to the contract, and the contract's Philox to its authors' vectors.
#include "contract/random.h"

#include "tests/kernel_test.h"

namespace {

using namespace paragon;
using namespace paragon::tests;

// From the file kat_vectors of Random123 (D. E. Shaw Research): counter, key, result of philox4x32 with 10 rounds.
struct Known {
  std::array<std::uint32_t, 4> counter;
  std::array<std::uint32_t, 2> key;
  std::array<std::uint32_t, 4> result;
};
const Known kKnown[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

void hold_bits(std::uint32_t seed_low, std::uint32_t seed_high, std::uint32_t step, std::uint32_t stream,
               unsigned width, std::size_t n) {
  const std::uint32_t seed[] = {seed_low, seed_high};
  std::vector<std::uint32_t> right(n);
  contract::bits(seed, step, stream, width, right.data(), n);
  on_every_table([&](const cpu::Kernels& kernels, cpu::ThreadPool& pool) {
    Output<std::uint32_t> out(n);
    kernels.bits({seed, step, stream, width, out.data(), n}, pool);
    out.expect(right, kernels.isa, text("bits step=%u stream=%u width=%u n=%zu", step, stream, width, n));
  });
}

}  // namespace

int main() {
  for (const Known& known : kKnown) {
    CHECK(contract::philox(known.counter, known.key) == known.result, "counter %08x", known.counter[0]);
  }
  for (std::size_t n = 0; n < 140; ++n) hold_bits(1, 2, 3, 4, 32, n);
  for (unsigned width = 1; width <= 32; ++width) hold_bits(0xa4093822, 0x299f31d0, 0, 0xffffffff, width, 100);
  hold_bits(5, 6, 0xffffffff, 7, 32, 1000);  // the block number is wider than a word
  hold_bits(5, 6, 65535, 7, 32, 4 * 65537);  // and comes to 2^32 - 1 before it wraps into the high word
  hold_bits(5, 6, 65536, 7, 20, 4 * 65537);
  hold_bits(5, 6, 1, 7, 32, 300'001);
  return finish("test_random");
}
