// map: an elementwise kernel (kernels.h) made from a function of vectors. Internal linkage, like simd.h.
#pragma once

#include <cstddef>
#include <utility>

#include "cpu/kernels.h"
#include "cpu/simd.h"

namespace paragon::cpu {
namespace {

// Hands out an operand vector by vector. One word that stands for all is a vector of copies, read again and again.
template <class T>
class Reader {
 public:
  explicit Reader(const Operand& operand) : next_(static_cast<const T*>(operand.data)) {
    if (operand.scalar) {
      store(copies_, splat(*next_));
      next_ = copies_;
      step_ = 0;
    }
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  PARAGON_INLINE Vec<T> next() {
    const Vec<T> x = load(next_);
    next_ += step_;
    return x;
  }
  PARAGON_INLINE Vec<T> last(std::size_t n) const { return load_partial(next_, n); }

 private:
  const T* next_;
  std::size_t step_ = Vec<T>::lanes;
  T copies_[Vec<T>::lanes];
};

template <auto op, class Out, class... In>
PARAGON_INLINE void map_over(Out* out, std::size_t n, Reader<In>&&... in) {
  for (; n >= Vec<Out>::lanes; n -= Vec<Out>::lanes, out += Vec<Out>::lanes) {
    const auto y = op(in.next()...);
    store(out, as<Vec<Out>>(y));
  }
  if (n > 0) {
    const auto y = op(in.last(n)...);
    store_partial(out, as<Vec<Out>>(y), n);
  }
}

// out[i] = op(in[i]...): Out and In are the lane types that op yields and takes.
template <auto op, class Out, class... In>
void map(const Operand* operands, void* out, std::size_t n) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    map_over<op>(static_cast<Out*>(out), n, Reader<In>(operands[I])...);
  }(std::index_sequence_for<In...>());
}

}  // namespace
}  // namespace paragon::cpu
