// unfold and fold. The image side is (n, c, h, w), the window side (n, oh, ow, c * kh * kw).
#include "cpu/panels.h"

namespace paragon::cpu::PARAGON_ISA {
namespace {

constexpr std::size_t kLanes = U32::lanes;
constexpr std::size_t kGrain = std::size_t{1} << 14;             // elements that are worth another thread
constexpr std::size_t kTransposed = std::size_t{1} << 17;        // elements of the window side that fold transposes at once

struct Range {
  std::size_t begin, end;
};

// The o < count with 0 <= o * stride + offset < size.
PARAGON_INLINE Range inside(std::ptrdiff_t offset, std::size_t stride, std::size_t count, std::size_t size) {
  const auto s = static_cast<std::ptrdiff_t>(stride), n = static_cast<std::ptrdiff_t>(size);
  const std::ptrdiff_t begin = offset >= 0 ? 0 : (-offset + s - 1) / s;
  const std::ptrdiff_t end = n <= offset ? 0 : (n - offset + s - 1) / s;
  const std::size_t last = min_of(static_cast<std::size_t>(end), count);
  return {min_of(static_cast<std::size_t>(begin), last), last};
}

// Where kernel position k of the first window lies along an axis (0 rows, 1 columns).
PARAGON_INLINE std::ptrdiff_t offset_of(const WindowArgs& args, int axis, std::size_t k) {
  return static_cast<std::ptrdiff_t>(k * args.dilation[axis]) - static_cast<std::ptrdiff_t>(args.padding[2 * axis]);
}

// One row of windows: (ow, c * kh * kw). One row of the kernel after the other is copied for all windows, ascending, so that
// four words can be stored where fewer are meant: those that follow overwrite what is too much.
void unfold_row(const WindowArgs& args, const std::uint32_t* image, std::uint32_t* out, std::size_t oy) {
  const std::size_t kh = args.kernel[0], kw = args.kernel[1], plane = args.h * args.w, window = args.c * kh * kw;
  const std::size_t step = args.dilation[1], reach = (kw - 1) * step;
  const std::ptrdiff_t x0 = offset_of(args, 1, 0);
  // The windows none of whose columns are outside.
  const Range whole = args.w > reach ? inside(x0, args.stride[1], args.ow, args.w - reach) : Range{0, 0};
  for (std::size_t at = 0; at < window; at += kw) {
    const std::size_t c = at / (kh * kw), ky = at / kw % kh;
    const std::ptrdiff_t y = offset_of(args, 0, ky) + static_cast<std::ptrdiff_t>(oy * args.stride[0]);
    const bool is_inside = y >= 0 && y < static_cast<std::ptrdiff_t>(args.h);
    const std::size_t row = is_inside ? c * plane + static_cast<std::size_t>(y) * args.w : 0;  // in words
    const auto copy_checked = [&](std::size_t begin, std::size_t end) {
      for (std::size_t ox = begin; ox < end; ++ox) {
        const std::ptrdiff_t x = x0 + static_cast<std::ptrdiff_t>(ox * args.stride[1]);
        const Range k = is_inside ? inside(x, step, kw, args.w) : Range{0, 0};
        for (std::size_t i = 0; i < kw; ++i) {
          const bool is_padding = i < k.begin || i >= k.end;
          out[ox * window + at + i] =
              is_padding ? 0 : image[row + static_cast<std::size_t>(x + static_cast<std::ptrdiff_t>(i * step))];
        }
      }
    };
    if (!is_inside || whole.begin >= whole.end) {
      copy_checked(0, args.ow);
      continue;
    }
    copy_checked(0, whole.begin);
    const std::uint32_t* from = image + row + static_cast<std::size_t>(x0 + static_cast<std::ptrdiff_t>(whole.begin * args.stride[1]));
    const std::uint32_t* last = from + (whole.end - 1 - whole.begin) * args.stride[1];
    std::uint32_t* to = out + whole.begin * window + at;
    if (kw <= 4 && step == 1 && at + 4 <= window && image + args.c * plane - last >= 4) {
      for (; from <= last; from += args.stride[1], to += window) std::memcpy(to, from, 4 * sizeof *to);
    } else {
      for (; from <= last; from += args.stride[1], to += window) {
        for (std::size_t i = 0; i < kw; ++i) to[i] = from[i * step];
      }
    }
    copy_checked(whole.end, args.ow);
  }
}

void unfold(const WindowArgs& args, ThreadPool& pool) {
  const std::uint32_t* x = static_cast<const std::uint32_t*>(args.x);
  std::uint32_t* out = static_cast<std::uint32_t*>(args.out);
  const std::size_t row = args.ow * args.c * args.kernel[0] * args.kernel[1];
  parallel_ranges(pool, args.n * args.oh, divide_up(kGrain, row + 1), [&](auto begin, auto end) {
    for (std::size_t i = begin; i < end; ++i) {
      unfold_row(args, x + i / args.oh * args.c * args.h * args.w, out + i * row, i % args.oh);
    }
  });
}

// The windows of an image with the kernel position as the slow axis or the fast one.
template <class T>
struct Windows {
  const T* data;
  std::size_t position, window;  // steps
};

template <class T>
using Quad __attribute__((vector_size(16))) = T;

// plane (h, w) += the words at kernel position (ky, kx) of all windows. No pixel has more than one.
template <class T>
void add_position(const WindowArgs& args, const Windows<T>& from, std::size_t ky, std::size_t kx, T* plane) {
  const std::ptrdiff_t y0 = offset_of(args, 0, ky), x0 = offset_of(args, 1, kx);
  const Range oy = inside(y0, args.stride[0], args.oh, args.h), ox = inside(x0, args.stride[1], args.ow, args.w);
  if (ox.begin == ox.end) return;
  for (std::size_t y = oy.begin; y < oy.end; ++y) {
    const T* term = from.data + (ky * args.kernel[1] + kx) * from.position + (y * args.ow + ox.begin) * from.window;
    const std::ptrdiff_t at = (y0 + static_cast<std::ptrdiff_t>(y * args.stride[0])) * static_cast<std::ptrdiff_t>(args.w) +
                              x0 + static_cast<std::ptrdiff_t>(ox.begin * args.stride[1]);
    T* pixel = plane + at;
    std::size_t left = ox.end - ox.begin;
    if (from.window == 1 && args.stride[1] == 1) {
      for (; left >= kLanes; left -= kLanes, pixel += kLanes, term += kLanes) store(pixel, load(pixel) + load(term));
      for (; left >= 4; left -= 4, pixel += 4, term += 4) {  // images are small
        Quad<T> sum, more;
        std::memcpy(&sum, pixel, sizeof sum);
        std::memcpy(&more, term, sizeof more);
        sum = sum + more;
        std::memcpy(pixel, &sum, sizeof sum);
      }
    }
    for (; left > 0; --left, pixel += args.stride[1], term += from.window) *pixel = *pixel + *term;
  }
}

// One channel of one image. Positions ascend, so every pixel adds up its terms in order.
template <class T>
void fold_channel(const WindowArgs& args, const Windows<T>& from, T* plane) {
  const std::size_t positions = args.kernel[0] * args.kernel[1], pixels = args.h * args.w;
  const std::size_t count = panel_count(positions, args.panel), length = panel_length(positions, args.panel);
  const auto add_panel = [&](std::size_t begin, std::size_t end) {
    std::memset(plane, 0, pixels * sizeof(T));
    for (std::size_t p = begin; p < end; ++p) add_position(args, from, p / args.kernel[1], p % args.kernel[1], plane);
  };
  if (count == 1) {
    add_panel(0, positions);
    return;
  }
  ArrayTree<T> tree(pixels, count, args.panel);
  for (std::size_t panel = 0; panel < count; ++panel) {
    add_panel(panel * length, min_of((panel + 1) * length, positions));
    tree.add(panel, plane);
  }
  std::memcpy(plane, tree.result(), pixels * sizeof(T));
}

// to (cols, rows) = the transpose of x (rows, cols), whose rows are `stride` apart.
template <class T>
void transpose_matrix(const T* x, std::size_t stride, std::size_t rows, std::size_t cols, T* to) {
  for (std::size_t j = 0; j < cols; j += kLanes) {
    for (std::size_t i = 0; i < rows; i += kLanes) {
      const std::size_t height = min_of(rows - i, kLanes), width = min_of(cols - j, kLanes);
      Vec<T> block[kLanes];
#pragma GCC unroll 16
      for (std::size_t r = 0; r < kLanes; ++r) {
        const T* from = x + (i + (r < height ? r : 0)) * stride + j;
        block[r] = width == kLanes ? load(from) : load_partial(from, width);
      }
      transpose(block);
      for (std::size_t c = 0; c < width; ++c) {
        T* row = to + (j + c) * rows + i;
        height == kLanes ? store(row, block[c]) : store_partial(row, block[c], height);
      }
    }
  }
}

template <class T>
void fold(const WindowArgs& args, ThreadPool& pool) {
  const std::size_t positions = args.kernel[0] * args.kernel[1], windows = args.oh * args.ow, pixels = args.h * args.w;
  const std::size_t image_row = args.c * positions;
  // As many channels at once as can be transposed in cache.
  const std::size_t fit = kTransposed / max_of(positions * windows, 1);
  const std::size_t channels = min_of(max_of(fit, 1), args.c);
  const std::size_t groups = channels == 0 ? 0 : divide_up(args.c, channels);
  parallel_ranges(pool, args.n * groups, divide_up(kGrain, channels * positions * windows + 1), [&](auto begin, auto end) {
    const Scratch transposed(fit == 0 ? 0 : channels * positions * windows * sizeof(T));
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t image = i / groups, first = i % groups * channels, used = min_of(args.c - first, channels);
      const T* x = static_cast<const T*>(args.x) + image * windows * image_row + first * positions;
      T* out = static_cast<T*>(args.out) + (image * args.c + first) * pixels;
      if (fit > 0) transpose_matrix(x, image_row, windows, used * positions, transposed.as<T>());
      for (std::size_t c = 0; c < used; ++c) {
        const Windows<T> from = fit > 0 ? Windows<T>{transposed.as<T>() + c * positions * windows, windows, 1}
                                        : Windows<T>{x + c * positions, 1, image_row};
        fold_channel(args, from, out + c * pixels);
      }
    }
  });
}

}  // namespace

void fill_window(Kernels& kernels) {
  kernels.unfold = unfold;
  kernels.fold[static_cast<int>(Dtype::f32)] = fold<float>;
  kernels.fold[static_cast<int>(Dtype::i32)] = fold<std::uint32_t>;  // sums wrap
  kernels.fold[static_cast<int>(Dtype::u32)] = fold<std::uint32_t>;
}

}  // namespace paragon::cpu::PARAGON_ISA
