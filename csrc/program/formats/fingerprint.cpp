// SHA-256 block by block, and what a fingerprint feeds to it: names, dtypes, shapes and words, sorted by name.
#include "program/formats/fingerprint.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace paragon {

namespace {

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, section 4.2.2).
constexpr std::uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

bool is_nan(Word word) { return (word & 0x7fffffff) > 0x7f800000; }

}  // namespace

void Sha256::block(const unsigned char* data) {
  std::uint32_t w[64];
  for (std::size_t t = 0; t < 16; ++t) {
    w[t] = static_cast<std::uint32_t>(data[4 * t]) << 24 | static_cast<std::uint32_t>(data[4 * t + 1]) << 16 |
           static_cast<std::uint32_t>(data[4 * t + 2]) << 8 | data[4 * t + 3];
  }
  for (std::size_t t = 16; t < 64; ++t) {
    const std::uint32_t s0 = std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ w[t - 15] >> 3;
    const std::uint32_t s1 = std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ w[t - 2] >> 10;
    w[t] = w[t - 16] + s0 + w[t - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = hash_;
  for (std::size_t t = 0; t < 64; ++t) {
    const std::uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const std::uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + kRound[t] + w[t];
    const std::uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const std::uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  const std::uint32_t sums[8] = {a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < 8; ++i) hash_[i] += sums[i];
}

void Sha256::update(const void* data, std::size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  bytes_ += size;
  while (size > 0) {
    if (filled_ == 0 && size >= 64) {
      block(bytes);
      bytes += 64;
      size -= 64;
      continue;
    }
    const std::size_t part = std::min(size, 64 - filled_);
    std::memcpy(pending_.data() + filled_, bytes, part);
    filled_ += part;
    bytes += part;
    size -= part;
    if (filled_ == 64) {
      block(pending_.data());
      filled_ = 0;
    }
  }
}

std::string Sha256::hex() {
  const std::uint64_t bits = bytes_ * 8;
  const unsigned char one = 0x80, zero = 0;
  update(&one, 1);
  while (filled_ != 56) update(&zero, 1);
  unsigned char length[8];
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<unsigned char>(bits >> (56 - 8 * i));
  update(length, 8);
  std::string out;
  for (const std::uint32_t word : hash_) {
    for (int shift = 28; shift >= 0; shift -= 4) out += "0123456789abcdef"[word >> shift & 15];
  }
  return out;
}

void encode(const Word* words, std::size_t count, Dtype dtype, unsigned char* bytes) {
  for (std::size_t i = 0; i < count; ++i) {
    const Word word = dtype == Dtype::f32 && is_nan(words[i]) ? 0x7fc00000 : words[i];
    for (std::size_t k = 0; k < 4; ++k) bytes[4 * i + k] = static_cast<unsigned char>(word >> (8 * k));
  }
}

void decode(const unsigned char* bytes, std::size_t count, Word* words) {
  for (std::size_t i = 0; i < count; ++i) {
    words[i] = static_cast<Word>(bytes[4 * i]) | static_cast<Word>(bytes[4 * i + 1]) << 8 |
               static_cast<Word>(bytes[4 * i + 2]) << 16 | static_cast<Word>(bytes[4 * i + 3]) << 24;
  }
}

std::string fingerprint(std::vector<NamedWords> tensors) {
  std::sort(tensors.begin(), tensors.end(),
            [](const NamedWords& a, const NamedWords& b) { return a.tensor->name < b.tensor->name; });
  Sha256 sha;
  for (const NamedWords& tensor : tensors) {
    const auto field = [&](const std::string& text) { sha.update(text.c_str(), text.size() + 1); };  // with its 0x00
    std::string shape;
    for (const std::int64_t dim : tensor.tensor->shape) shape += (shape.empty() ? "" : ",") + std::to_string(dim);
    field(tensor.tensor->name);
    field(name(tensor.tensor->dtype));
    field(shape);
    const auto count = static_cast<std::size_t>(elements(tensor.tensor->shape));
    unsigned char bytes[4096];
    for (std::size_t at = 0; at < count; at += sizeof(bytes) / 4) {
      const std::size_t part = std::min(count - at, sizeof(bytes) / 4);
      encode(tensor.words + at, part, tensor.tensor->dtype, bytes);
      sha.update(bytes, 4 * part);
    }
  }
  return sha.hex();
}

}  // namespace paragon
