// a / b, rounded up. Internal linkage, like simd.h: what is compiled for one instruction set serves no other.
#pragma once

#include <cstddef>

namespace paragon::cpu {
namespace {

[[gnu::always_inline]] constexpr std::size_t divide_up(std::size_t a, std::size_t b) { return (a + b - 1) / b; }

}  // namespace
}  // namespace paragon::cpu
