// SHA-256 (FIPS 180-4) and the fingerprint of docs/contract.md, section 8.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "program/program.h"

namespace paragon {

class Sha256 {
 public:
  void update(const void* data, std::size_t size);
  std::string hex();  // ends the message: 64 lower-case digits

 private:
  void block(const unsigned char* data);

  std::array<std::uint32_t, 8> hash_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> pending_{};
  std::size_t filled_ = 0;
  std::uint64_t bytes_ = 0;
};

// A tensor with its words in the order of this machine.
struct NamedWords {
  const Tensor* tensor;
  const Word* words;
};

std::string fingerprint(std::vector<NamedWords> tensors);

// The bytes of words as files and fingerprints hold them: little-endian, and of an f32 every NaN as 0x7fc00000.
void encode(const Word* words, std::size_t count, Dtype dtype, unsigned char* bytes);
void decode(const unsigned char* bytes, std::size_t count, Word* words);

}  // namespace paragon
