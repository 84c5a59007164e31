// How F(n) takes n apart (docs/contract.md, section 7): the one rule on which the order of every transform depends.
#pragma once

#include <cstddef>

namespace paragon::contract {

constexpr bool has_two_to_an_even_power(std::size_t n) {
  while (n % 4 == 0) n /= 4;
  return n % 2 == 1;
}

// n1 of n = n1 * n2; 1 for the lengths that are not taken apart, which are 1, 2, 4 and the odd primes. n >= 1.
constexpr std::size_t fft_split(std::size_t n) {
  if (n == 1 || n == 2 || n == 4) return 1;
  std::size_t n1 = 1;
  for (std::size_t d = 2; d * d <= n; ++d) {
    if (n % d == 0 && has_two_to_an_even_power(d)) n1 = d;
  }
  if (n1 == 1 && n % 2 == 0) return 2;  // 8, or twice an odd prime
  return n1;
}

}  // namespace paragon::contract
