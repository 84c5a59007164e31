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

// The image rows under one row of windows, without their padding: row (c, ky) begins at data + c * channel + ky * row.
struct Band {
  const std::uint32_t* data;
  std::size_t channel, row;
};

// Words that are copied at once for a row of the kernel: as many or more, so that the copy has a fixed size. 0: one by one.
PARAGON_INLINE std::size_t copy_width(const WindowArgs& args) {
  const std::size_t kw = args.kernel[1];
  return args.dilation[1] != 1 || kw > 16 ? 0 : kw <= 4 ? 4 : kw <= 8 ? 8 : 16;
}

constexpr std::size_t kMostCopied = 16;

// One row of windows: (ow, c * kh * kw), ascending, so that words too many are overwritten by those that follow them. Only
// the last windows, after which something else begins, are copied word by word.
template <std::size_t width>
void unfold_row(const WindowArgs& args, const Band& band, std::uint32_t* out) {
  const std::size_t kh = args.kernel[0], kw = args.kernel[1], window = args.c * kh * kw, end = args.ow * window;
  for (std::size_t ox = 0; ox < args.ow; ++ox) {
    const bool is_last = width == 0 || (ox + 1) * window - kw + width > end;
    for (std::size_t c = 0; c < args.c; ++c) {
      const std::uint32_t* from = band.data + c * band.channel + ox * args.stride[1];
      for (std::size_t ky = 0; ky < kh; ++ky, from += band.row, out += kw) {
        if (is_last) {
          for (std::size_t i = 0; i < kw; ++i) out[i] = from[i * args.dilation[1]];
        } else {
          std::memcpy(out, from, width * sizeof *out);
        }
      }
    }
  }
}

// The rows under output row oy, their padding written out, as (c, kh, width).
void pad_band(const WindowArgs& args, const std::uint32_t* image, std::size_t oy, std::size_t width, std::uint32_t* to) {
  const std::size_t left = args.padding[2];
  for (std::size_t c = 0; c < args.c; ++c) {
    for (std::size_t ky = 0; ky < args.kernel[0]; ++ky, to += width) {
      const std::ptrdiff_t y = offset_of(args, 0, ky) + static_cast<std::ptrdiff_t>(oy * args.stride[0]);
      if (y < 0 || y >= static_cast<std::ptrdiff_t>(args.h)) {
        std::fill_n(to, width, 0u);
        continue;
      }
      std::fill_n(to, left, 0u);
      std::memcpy(to + left, image + (c * args.h + static_cast<std::size_t>(y)) * args.w, args.w * sizeof *to);
      std::fill_n(to + left + args.w, width - left - args.w, 0u);
    }
  }
}

void unfold(const WindowArgs& args, ThreadPool& pool) {
  const std::uint32_t* x = static_cast<const std::uint32_t*>(args.x);
  std::uint32_t* out = static_cast<std::uint32_t*>(args.out);
  const std::size_t kh = args.kernel[0], row = args.ow * args.c * kh * args.kernel[1], image_size = args.c * args.h * args.w;
  const std::size_t padded = args.w + args.padding[2] + args.padding[3], copied = copy_width(args);
  const bool has_padding = args.padding[0] + args.padding[1] + args.padding[2] + args.padding[3] > 0;
  const auto copy = copied == 4 ? unfold_row<4> : copied == 8 ? unfold_row<8> : copied == 16 ? unfold_row<16> : unfold_row<0>;
  parallel_ranges(pool, args.n * args.oh, divide_up(kGrain, row + 1), [&](auto begin, auto end) {
    const Scratch scratch((args.c * kh * padded + kMostCopied) * sizeof *out);
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t n = i / args.oh, oy = i % args.oh;
      const std::uint32_t* image = x + n * image_size;
      // Without padding the rows are read where they lie, unless words too many could lie outside x.
      const std::size_t below = args.h - (oy * args.stride[0] + (kh - 1) * args.dilation[0] + 1);
      if (has_padding || (args.n - n - 1) * image_size + below * args.w < kMostCopied) {
        pad_band(args, image, oy, padded, scratch.as<std::uint32_t>());
        copy(args, {scratch.as<std::uint32_t>(), kh * padded, padded}, out + i * row);
      } else {
        const Band band{image + oy * args.stride[0] * args.w, args.h * args.w, args.dilation[0] * args.w};
        copy(args, band, out + i * row);
      }
    }
  });
}

// The windows of an image with the kernel position as the slow axis or the fast one.
template <class T>
struct Windows {
  const T* data;
  std::size_t position, window;  // steps
};

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
    for (std::size_t left = ox.end - ox.begin; left > 0; --left, pixel += args.stride[1], term += from.window) *pixel = *pixel + *term;
  }
}

// A kernel column that reaches some of a vector's pixels: where its words lie, before the row's first, and which lanes count.
struct Column {
  std::size_t kx;
  std::ptrdiff_t shift;
  U32 counts;
};

constexpr std::size_t kMostColumns = 64;

// plane (h, w) = the sums of the words at positions begin ... end - 1, in registers, a vector of pixels at a time. For windows
// one pixel apart, as the fast axis; a vector of words may begin and end outside them. A word that does not count is +0,
// which changes no sum, because a sum that began with +0 is never -0.
template <class T>
void sum_positions(const WindowArgs& args, const T* x, std::size_t begin, std::size_t end, T* plane) {
  const std::size_t kw = args.kernel[1], windows = args.oh * args.ow;
  for (std::size_t x0 = 0; x0 < args.w; x0 += kLanes) {
    Column columns[kMostColumns];
    std::size_t first_of[kMostColumns + 1] = {};  // of the columns with kx or more
    std::size_t used = 0;
    for (std::size_t kx = 0; kx < kw; ++kx) {
      first_of[kx] = used;
      const std::ptrdiff_t shift = static_cast<std::ptrdiff_t>(x0) - offset_of(args, 1, kx);
      std::uint32_t lanes[kLanes];
      bool any_counts = false;
      for (std::size_t i = 0; i < kLanes; ++i) {
        const std::ptrdiff_t ox = shift + static_cast<std::ptrdiff_t>(i);
        const bool counts = ox >= 0 && ox < static_cast<std::ptrdiff_t>(args.ow);
        lanes[i] = counts ? ~0u : 0u;
        any_counts = any_counts || counts;
      }
      if (any_counts) columns[used++] = {kx, shift, load(lanes)};
    }
    first_of[kw] = used;
    for (std::size_t y = 0; y < args.h; ++y) {
      Vec<T> sum{};
      for (std::size_t ky = begin / kw; ky * kw < end; ++ky) {
        const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(y) - offset_of(args, 0, ky);
        const std::size_t oy = static_cast<std::size_t>(at) / args.stride[0];
        if (at < 0 || oy >= args.oh || oy * args.stride[0] != static_cast<std::size_t>(at)) continue;
        const std::size_t from = begin > ky * kw ? begin - ky * kw : 0, to = min_of(end - ky * kw, kw);
        for (std::size_t i = first_of[from]; i < first_of[to]; ++i) {
          const Column& column = columns[i];
          const std::size_t row = (ky * kw + column.kx) * windows + oy * args.ow;
          sum = sum + as<Vec<T>>(as<U32>(load(x + static_cast<std::ptrdiff_t>(row) + column.shift)) & column.counts);
        }
      }
      store_partial(plane + y * args.w + x0, sum, min_of(args.w - x0, kLanes));
    }
  }
}

// One channel of one image. Positions ascend, so every pixel adds up its terms in order.
template <class T>
void fold_channel(const WindowArgs& args, const Windows<T>& from, T* plane) {
  const std::size_t positions = args.kernel[0] * args.kernel[1], pixels = args.h * args.w;
  const std::size_t count = panel_count(positions, args.panel), length = panel_length(positions, args.panel);
  const auto add_panel = [&](std::size_t begin, std::size_t end) {
    if (from.window == 1 && args.stride[1] == 1 && args.kernel[1] <= kMostColumns) {
      sum_positions(args, from.data, begin, end, plane);
      return;
    }
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

// plane (h, w) = the words of windows that do not meet, so that every pixel has one at most, which is added to +0. The windows
// of the channel are `step` words apart. kernel_width is kw, or 0 for any.
template <class T, std::size_t kernel_width>
void place_windows(const WindowArgs& args, const T* x, std::size_t step, T* plane) {
  const std::size_t kw = kernel_width > 0 ? kernel_width : args.kernel[1];
  const std::ptrdiff_t x0 = offset_of(args, 1, 0);
  // The windows none of whose columns are outside.
  const Range whole = args.w >= kw ? inside(x0, args.stride[1], args.ow, args.w - kw + 1) : Range{0, 0};
  std::memset(plane, 0, args.h * args.w * sizeof(T));
  for (std::size_t ky = 0; ky < args.kernel[0]; ++ky) {
    const std::ptrdiff_t y0 = offset_of(args, 0, ky);
    const Range rows = inside(y0, args.stride[0], args.oh, args.h);
    for (std::size_t oy = rows.begin; oy < rows.end; ++oy) {
      const std::ptrdiff_t y = y0 + static_cast<std::ptrdiff_t>(oy * args.stride[0]);
      T* row = plane + y * static_cast<std::ptrdiff_t>(args.w);
      const T* from = x + oy * args.ow * step + ky * kw;
      const auto place_checked = [&](std::size_t begin, std::size_t end) {
        for (std::size_t ox = begin; ox < end; ++ox) {
          const std::ptrdiff_t at = x0 + static_cast<std::ptrdiff_t>(ox * args.stride[1]);
          const Range columns = inside(at, 1, kw, args.w);
          for (std::size_t i = columns.begin; i < columns.end; ++i) {
            row[at + static_cast<std::ptrdiff_t>(i)] = T{} + from[ox * step + i];
          }
        }
      };
      place_checked(0, min_of(whole.begin, args.ow));
      for (std::size_t ox = whole.begin; ox < whole.end; ++ox) {
        T* to = row + x0 + static_cast<std::ptrdiff_t>(ox * args.stride[1]);
        for (std::size_t i = 0; i < kw; ++i) to[i] = T{} + from[ox * step + i];
      }
      place_checked(max_of(whole.end, whole.begin), args.ow);
    }
  }
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

// Windows that do not meet, one channel after the other.
template <class T>
void fold_apart(const WindowArgs& args, ThreadPool& pool) {
  const std::size_t positions = args.kernel[0] * args.kernel[1], pixels = args.h * args.w, windows = args.oh * args.ow;
  const auto place = args.kernel[1] == 2 ? place_windows<T, 2> : args.kernel[1] == 3 ? place_windows<T, 3> : place_windows<T, 0>;
  parallel_ranges(pool, args.n * args.c, divide_up(kGrain, pixels + 1), [&](auto begin, auto end) {
    for (std::size_t i = begin; i < end; ++i) {
      const T* x = static_cast<const T*>(args.x) + i / args.c * windows * args.c * positions + i % args.c * positions;
      place(args, x, args.c * positions, static_cast<T*>(args.out) + i * pixels);
    }
  });
}

template <class T>
void fold(const WindowArgs& args, ThreadPool& pool) {
  if (args.stride[0] >= args.kernel[0] && args.stride[1] >= args.kernel[1] && args.dilation[0] == 1 && args.dilation[1] == 1) {
    fold_apart<T>(args, pool);
    return;
  }
  const std::size_t positions = args.kernel[0] * args.kernel[1], windows = args.oh * args.ow, pixels = args.h * args.w;
  const std::size_t image_row = args.c * positions;
  // As many channels at once as can be transposed in cache.
  const std::size_t fit = kTransposed / max_of(positions * windows, 1);
  const std::size_t channels = min_of(max_of(fit, 1), args.c);
  const std::size_t groups = channels == 0 ? 0 : divide_up(args.c, channels);
  parallel_ranges(pool, args.n * groups, divide_up(kGrain, channels * positions * windows + 1), [&](auto begin, auto end) {
    const Scratch scratch(fit == 0 ? 0 : (channels * positions * windows + 2 * kLanes) * sizeof(T));
    T* transposed = scratch.as<T>() + (fit == 0 ? 0 : kLanes);  // sum_positions reads a vector more on either side
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t image = i / groups, first = i % groups * channels, used = min_of(args.c - first, channels);
      const T* x = static_cast<const T*>(args.x) + image * windows * image_row + first * positions;
      T* out = static_cast<T*>(args.out) + (image * args.c + first) * pixels;
      if (fit > 0) transpose_matrix(x, image_row, windows, used * positions, transposed);
      for (std::size_t c = 0; c < used; ++c) {
        const Windows<T> from = fit > 0 ? Windows<T>{transposed + c * positions * windows, windows, 1}
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
