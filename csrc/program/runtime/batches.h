// The rows of a data set in training: their order in an epoch, and the copy of a batch of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace paragon {

// permutation(n) of the contract, section 5; seed is low word, high word.
std::vector<std::uint32_t> permutation(std::size_t n, const std::uint32_t seed[2], std::uint32_t stream);

// out[i] = source[rows[i]], each row `row_bytes` long. Rows that follow are fetched ahead: in random order the memory
// would otherwise be waited for at the start of each.
void take_rows(const void* source, std::size_t row_bytes, const std::int64_t* rows, std::size_t count, void* out);

}  // namespace paragon
