// The blocks that a thread keeps: it takes the smallest that is large enough, and keeps the largest that come back.
#include "cpu/scratch.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace paragon::cpu {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;  // of x86-64, and of most others
constexpr std::size_t kLargestKept = std::size_t{16} << 20;

struct Block {
  void* data = nullptr;
  std::size_t bytes = 0;
};

// The blocks that this thread keeps, each of them free.
struct Kept {
  Block blocks[4];
  ~Kept() {
    for (Block& block : blocks) std::free(block.data);
  }
};
thread_local Kept kept;

}  // namespace

Scratch::Scratch(std::size_t bytes) {
  Block* fit = nullptr;
  for (Block& block : kept.blocks) {
    if (block.bytes >= bytes && block.data != nullptr && (fit == nullptr || block.bytes < fit->bytes)) fit = &block;
  }
  if (fit != nullptr) {
    data_ = fit->data;
    bytes_ = fit->bytes;
    *fit = {};
    return;
  }
  const std::size_t unit = bytes < kHugePage ? kAlignment : kHugePage;
  bytes_ = (std::max<std::size_t>(bytes, 1) + unit - 1) / unit * unit;
  data_ = std::aligned_alloc(unit, bytes_);
  if (data_ == nullptr) throw std::bad_alloc();
#if defined(__linux__)
  if (unit == kHugePage) madvise(data_, bytes_, MADV_HUGEPAGE);  // a wish: nothing depends on it
#endif
}

Scratch::~Scratch() {
  Block freed{data_, bytes_};
  if (bytes_ <= kLargestKept) {
    Block* smallest = &kept.blocks[0];
    for (Block& block : kept.blocks) {
      if (block.bytes < smallest->bytes) smallest = &block;
    }
    if (smallest->bytes < freed.bytes) std::swap(*smallest, freed);
  }
  std::free(freed.data);
}

}  // namespace paragon::cpu
