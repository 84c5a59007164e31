// unfold and fold of the contract. The image side is (n, c, h, w), the window side (n, oh, ow, c * kh * kw).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "contract/reduce.h"

namespace paragon::contract {

struct Windows {
  std::size_t n, c, h, w, oh, ow;
  std::size_t kernel[2], stride[2], dilation[2];
  std::size_t padding[4];  // top, bottom, left, right

  // Where kernel position `k` of output position `o` lies along an axis (0 rows, 1 columns); may be outside the image.
  std::int64_t position(int axis, std::size_t o, std::size_t k) const {
    return static_cast<std::int64_t>(o * stride[axis] + k * dilation[axis]) -
           static_cast<std::int64_t>(padding[2 * axis]);
  }
  std::size_t window_index(std::size_t i, std::size_t oy, std::size_t ox, std::size_t ch, std::size_t ky,
                           std::size_t kx) const {
    return ((((i * oh + oy) * ow + ox) * c + ch) * kernel[0] + ky) * kernel[1] + kx;
  }
};

template <class T>
void unfold(const T* x, T* out, const Windows& s) {
  for (std::size_t i = 0; i < s.n; ++i)
    for (std::size_t oy = 0; oy < s.oh; ++oy)
      for (std::size_t ox = 0; ox < s.ow; ++ox)
        for (std::size_t ch = 0; ch < s.c; ++ch)
          for (std::size_t ky = 0; ky < s.kernel[0]; ++ky)
            for (std::size_t kx = 0; kx < s.kernel[1]; ++kx) {
              const std::int64_t y = s.position(0, oy, ky), xx = s.position(1, ox, kx);
              const bool inside =
                  y >= 0 && y < static_cast<std::int64_t>(s.h) && xx >= 0 && xx < static_cast<std::int64_t>(s.w);
              out[s.window_index(i, oy, ox, ch, ky, kx)] =
                  inside ? x[((i * s.c + ch) * s.h + static_cast<std::size_t>(y)) * s.w + static_cast<std::size_t>(xx)]
                         : T{0};
            }
}

// For each pixel the sum over the kernel position ky * kw + kx; one that no window covers the pixel with is absent.
template <class T>
void fold(const T* x, T* out, const Windows& s, std::size_t panel) {
  // The window that has the pixel `at` at kernel position k, if there is one.
  const auto window = [&](int axis, std::size_t at, std::size_t k, std::size_t count) -> std::optional<std::size_t> {
    for (std::size_t o = 0; o < count; ++o) {
      if (s.position(axis, o, k) == static_cast<std::int64_t>(at)) return o;
    }
    return std::nullopt;
  };
  for (std::size_t i = 0; i < s.n; ++i)
    for (std::size_t ch = 0; ch < s.c; ++ch)
      for (std::size_t y = 0; y < s.h; ++y)
        for (std::size_t xx = 0; xx < s.w; ++xx) {
          out[((i * s.c + ch) * s.h + y) * s.w + xx] =
              sum_present<T>(0, s.kernel[0] * s.kernel[1], panel, [&](std::size_t p) -> std::optional<T> {
                const std::size_t ky = p / s.kernel[1], kx = p % s.kernel[1];
                const auto oy = window(0, y, ky, s.oh), ox = window(1, xx, kx, s.ow);
                if (!oy || !ox) return std::nullopt;
                return x[s.window_index(i, *oy, *ox, ch, ky, kx)];
              });
        }
}

}  // namespace paragon::contract
