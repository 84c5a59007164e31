// Memory for the length of a call. A thread keeps a few blocks for its next calls, so a steady state allocates nothing.
#pragma once

#include <cstddef>

namespace paragon::cpu {

class Scratch {
 public:
  explicit Scratch(std::size_t bytes);  // aligned to 64 bytes, not initialised; throws std::bad_alloc
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  void* data_;
  std::size_t bytes_;
};

}  // namespace paragon::cpu
