// The `bits` operation, and Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3",
// SC 2011).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace paragon::contract {

inline std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p = std::uint64_t{0xD2511F53u} * counter[0], q = std::uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<std::uint32_t>(q >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(q),
               static_cast<std::uint32_t>(p >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p)};
    key = {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u};
  }
  return counter;
}

// Word `word` of block `block` of a stream.
inline std::uint32_t draw(const std::uint32_t seed[2], std::uint32_t stream, std::uint64_t block, std::size_t word) {
  return philox({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), stream, 0},
                {seed[0], seed[1]})[word];
}

// n words at step `step` of a run, of which the top `width` bits (1 ... 32) remain.
inline void bits(const std::uint32_t seed[2], std::uint32_t step, std::uint32_t stream, unsigned width,
                 std::uint32_t* out, std::size_t n) {
  const std::uint64_t blocks = (std::uint64_t{n} + 3) / 4;
  for (std::size_t j = 0; j < n; ++j) out[j] = draw(seed, stream, step * blocks + j / 4, j % 4) >> (32 - width);
}

}  // namespace paragon::contract
