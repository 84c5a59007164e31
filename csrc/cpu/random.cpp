// Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011), a block a lane.
#include "cpu/panels.h"

namespace paragon::cpu::PARAGON_ISA {
namespace {

struct Wide {
  U32 low, high;
};

// The 64-bit products of x and a constant.
PARAGON_INLINE Wide multiply(U32 x, std::uint32_t constant) {
  const U64 low_words = splat(std::uint64_t{0xffffffff}), factor = splat(std::uint64_t{constant});
  const U64 even = multiply_words(as<U64>(x), factor), odd = multiply_words(as<U64>(x) >> 32, factor);
  return {as<U32>((even & low_words) | (odd << 32)), as<U32>((even >> 32) | (odd & ~low_words))};
}

// The words of kLanes blocks from `first` on, in order.
PARAGON_INLINE void draw(const std::uint32_t* seed, std::uint32_t stream, std::uint64_t first, U32 (&words)[4]) {
  static constexpr std::uint32_t numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const U32 base = splat(static_cast<std::uint32_t>(first)), high = splat(static_cast<std::uint32_t>(first >> 32));
  U32 x0 = base + load(numbers), x2 = splat(stream), x3{};
  U32 x1 = select(x0 < base, high + splat(1u), high);  // the low word wrapped
  std::uint32_t key0 = seed[0], key1 = seed[1];
  for (int round = 0; round < 10; ++round) {
    const Wide p = multiply(x0, 0xD2511F53u), q = multiply(x2, 0xCD9E8D57u);
    x0 = q.high ^ x1 ^ splat(key0);
    x1 = q.low;
    x2 = p.high ^ x3 ^ splat(key1);
    x3 = p.low;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  const U32 even_low = interleave_low(x0, x2), even_high = interleave_high(x0, x2);
  const U32 odd_low = interleave_low(x1, x3), odd_high = interleave_high(x1, x3);
  words[0] = interleave_low(even_low, odd_low);
  words[1] = interleave_high(even_low, odd_low);
  words[2] = interleave_low(even_high, odd_high);
  words[3] = interleave_high(even_high, odd_high);
}

void bits(const BitsArgs& args, ThreadPool& pool) {
  const std::size_t blocks = divide_up(args.n, 4);
  const std::uint64_t first = std::uint64_t{args.step} * blocks;
  const int drop = 32 - static_cast<int>(args.width);
  parallel_ranges(pool, divide_up(blocks, kLanes), 4 * kLanes, [&](auto begin, auto end) {
    for (std::size_t group = begin; group < end; ++group) {
      U32 words[4];
      draw(args.seed, args.stream, first + group * kLanes, words);
      std::uint32_t* out = args.out + group * 4 * kLanes;
      std::size_t left = args.n - group * 4 * kLanes;
      for (std::size_t w = 0; w < 4 && left > 0; ++w, out += kLanes) {
        const std::size_t used = min_of(left, kLanes);
        used == kLanes ? store(out, words[w] >> drop) : store_partial(out, words[w] >> drop, used);
        left -= used;
      }
    }
  });
}

}  // namespace

void fill_random(Kernels& kernels) { kernels.bits = bits; }

}  // namespace paragon::cpu::PARAGON_ISA
