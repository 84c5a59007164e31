// Shuffles the rows after Fisher and Yates, with the random words of the contract, and copies those that are asked for.
#include "program/runtime/batches.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "contract/random.h"

namespace paragon {

std::vector<std::uint32_t> permutation(std::size_t n, const std::uint32_t seed[2], std::uint32_t stream) {
  std::vector<std::uint32_t> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = static_cast<std::uint32_t>(i);
  std::array<std::uint32_t, 4> words{};
  for (std::size_t i = n, draw = 0; i-- > 0; ++draw) {
    const std::uint64_t block = draw / 4;
    if (draw % 4 == 0) {
      words = contract::philox({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), stream, 0},
                               {seed[0], seed[1]});
    }
    std::swap(order[i], order[static_cast<std::size_t>((std::uint64_t{words[draw % 4]} * (i + 1)) >> 32)]);
  }
  return order;
}

void take_rows(const void* source, std::size_t row_bytes, const std::int64_t* rows, std::size_t count, void* out) {
  constexpr std::size_t kLine = 64, kAhead = 4;
  const auto* from = static_cast<const std::byte*>(source);
  auto* to = static_cast<std::byte*>(out);
  const auto row = [&](std::size_t i) { return from + static_cast<std::size_t>(rows[i]) * row_bytes; };
  for (std::size_t i = 0; i < count; ++i) {
    if (i + kAhead < count) {
      for (std::size_t line = 0; line < row_bytes; line += kLine) __builtin_prefetch(row(i + kAhead) + line);
    }
    std::memcpy(to + i * row_bytes, row(i), row_bytes);
  }
}

}  // namespace paragon
