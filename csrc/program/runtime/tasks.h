// How much work of a step is worth a task of its own: to share out less takes threads longer than to do it.
#pragma once

#include <cstddef>

namespace paragon {

inline constexpr std::size_t kChainTaskCost = std::size_t{1} << 16;   // in additions: elements times the cost of each
inline constexpr std::size_t kStripTaskWords = std::size_t{1} << 16;  // words that the steps of the strip write

}  // namespace paragon
