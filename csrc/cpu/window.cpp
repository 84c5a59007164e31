// unfold and fold. The image side is (n, c, h, w), the window side (n, c * kh * kw, oh, ow): for each channel and
// kernel position a plane of the words that all windows have there, which are rows of the image, moved.
#include "cpu/panels.h"

namespace paragon::cpu::PARAGON_ISA {
namespace {

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

// One kernel position along an axis: the windows that have a pixel there, and where window 0 has it, which may be
// outside the image.
struct Reach {
  Range windows;
  std::ptrdiff_t offset;
};

struct EveryOther {
  constexpr std::size_t operator()(std::size_t i, std::size_t) const { return 2 * i; }
};

// to[i] = from[i * step], i < n. `spacious`: so many words can be read and written beyond n that vectors may be whole.
PARAGON_INLINE void copy_row(const std::uint32_t* from, std::size_t step, std::size_t n, bool spacious,
                             std::uint32_t* to) {
  if (spacious && step == 1) {
    for (std::size_t i = 0; i < n; i += kLanes) store(to + i, load(from + i));
  } else if (spacious && step == 2) {
    for (std::size_t i = 0; i < n; i += kLanes) {
      store(to + i, pick<EveryOther>(load(from + 2 * i), load(from + 2 * i + kLanes)));
    }
  } else {
    for (std::size_t i = 0; i < n; ++i) to[i] = from[i * step];
  }
}

// One plane of windows (oh, ow): what they have at one kernel position of a channel. From `image` on, `words` can be
// read. Rows are copied as whole vectors where these stay inside the plane: what they write beyond a row is
// overwritten, as rows are done in ascending order, each before the zeros at its sides.
void unfold_plane(const WindowArgs& args, const std::uint32_t* image, std::size_t words, const Reach& down,
                  const Reach& across, std::uint32_t* out) {
  const Range oy = down.windows, ox = across.windows;
  const auto zero = [&](std::size_t begin, std::size_t end) {
    std::memset(out + begin, 0, (end - begin) * sizeof *out);
  };
  if (ox.begin == ox.end || oy.begin == oy.end) return zero(0, args.oh * args.ow);
  const std::size_t columns = ox.end - ox.begin, whole = divide_up(columns, kLanes) * kLanes,
                    row = args.stride[0] * args.w;
  const std::size_t first =
      static_cast<std::size_t>(across.offset + static_cast<std::ptrdiff_t>(ox.begin * args.stride[1]));
  const std::ptrdiff_t top = down.offset + static_cast<std::ptrdiff_t>(oy.begin * args.stride[0]);
  std::size_t from = static_cast<std::size_t>(top) * args.w + first;
  zero(0, oy.begin * args.ow);
  for (std::size_t y = oy.begin; y < oy.end; ++y, from += row) {
    std::uint32_t* to = out + y * args.ow;
    const bool spacious = from + whole * args.stride[1] <= words && y * args.ow + ox.begin + whole <= args.oh * args.ow;
    copy_row(image + from, args.stride[1], columns, spacious, to + ox.begin);
    for (std::size_t x = 0; x < ox.begin; ++x) to[x] = 0;
    for (std::size_t x = ox.end; x < args.ow; ++x) to[x] = 0;
  }
  zero(oy.end * args.ow, args.oh * args.ow);
}

void unfold(const WindowArgs& args, ThreadPool& pool) {
  const std::size_t kh = args.kernel[0], kw = args.kernel[1], windows = args.oh * args.ow, pixels = args.h * args.w;
  const std::size_t channels = args.n * args.c;
  const Scratch scratch((kh + kw) * sizeof(Reach));
  Reach* down = scratch.as<Reach>();
  Reach* across = down + kh;
  const auto reach = [&](int axis, std::size_t k, std::size_t count, std::size_t size) {
    const std::ptrdiff_t offset = offset_of(args, axis, k);
    return Reach{inside(offset, args.stride[axis], count, size), offset};
  };
  for (std::size_t k = 0; k < kh; ++k) down[k] = reach(0, k, args.oh, args.h);
  for (std::size_t k = 0; k < kw; ++k) across[k] = reach(1, k, args.ow, args.w);
  parallel_ranges(pool, channels, 2 * kh * kw * windows, [&](auto begin, auto end) {
    std::uint32_t* out = static_cast<std::uint32_t*>(args.out) + begin * kh * kw * windows;
    for (std::size_t i = begin; i < end; ++i) {
      const std::uint32_t* image = static_cast<const std::uint32_t*>(args.x) + i * pixels;
      for (std::size_t p = 0; p < kh * kw; ++p, out += windows) {
        unfold_plane(args, image, (channels - i) * pixels, down[p / kw], across[p % kw], out);
      }
    }
  });
}

// plane (h, w) += the plane of terms (oh, ow) at kernel position (ky, kx). No pixel has more than one.
template <class T>
void add_position(const WindowArgs& args, const T* terms, std::size_t ky, std::size_t kx, T* plane) {
  const std::ptrdiff_t y0 = offset_of(args, 0, ky), x0 = offset_of(args, 1, kx);
  const Range oy = inside(y0, args.stride[0], args.oh, args.h), ox = inside(x0, args.stride[1], args.ow, args.w);
  if (ox.begin == ox.end) return;
  for (std::size_t y = oy.begin; y < oy.end; ++y) {
    const T* term = terms + y * args.ow + ox.begin;
    const std::ptrdiff_t row = y0 + static_cast<std::ptrdiff_t>(y * args.stride[0]);
    const std::ptrdiff_t along = static_cast<std::ptrdiff_t>(ox.begin * args.stride[1]);
    T* pixel = plane + (row * static_cast<std::ptrdiff_t>(args.w) + x0 + along);
    for (std::size_t left = ox.end - ox.begin; left > 0; --left, pixel += args.stride[1], ++term) {
      *pixel = *pixel + *term;
    }
  }
}

// How many words lie before and after those of a channel, in the array of all channels.
struct Margin {
  std::size_t before, after;
};

// The words of a channel, to be read as vectors that begin anywhere: at a position before the first word or near the
// last. Words outside the channel have any value.
template <class T>
class LooseWords {
 public:
  LooseWords(const T* x, std::size_t count, const Margin& margin)
      : x_(x),
        first_(-static_cast<std::ptrdiff_t>(margin.before)),
        end_(static_cast<std::ptrdiff_t>(count + margin.after)),
        last_(end_ - static_cast<std::ptrdiff_t>(kLanes)) {}

  PARAGON_INLINE U32 load_at(std::ptrdiff_t at) const {
    if (at >= first_ && at <= last_) return as<U32>(load(x_ + at));
    std::uint32_t lanes[kLanes] = {};  // an end of the array
    for (std::size_t i = 0; i < kLanes; ++i) {
      const std::ptrdiff_t position = at + static_cast<std::ptrdiff_t>(i);
      if (position >= 0 && position < end_) std::memcpy(&lanes[i], x_ + position, sizeof(T));
    }
    return load(lanes);
  }

 private:
  const T* x_;
  std::ptrdiff_t first_, end_, last_;
};

// A kernel column that reaches some of a vector's pixels. In each row of windows, its words for the pixels lie next to
// each other, `shift` from the row's first; lanes whose pixel it reaches from outside the row do not count.
struct Column {
  std::size_t kx;
  std::ptrdiff_t shift;
  U32 counts;  // all bits, or none
};

constexpr std::size_t kMostColumns = 64;

// The kernel columns, ascending, that reach the pixels x0 ... x0 + kLanes - 1 of a row, for windows one pixel apart.
struct ReachingColumns {
  Column columns[kMostColumns];
  // first_of[kx]: the index in `columns` of the first that is kernel column kx or a later one.
  std::size_t first_of[kMostColumns + 1] = {};

  ReachingColumns(const WindowArgs& args, std::size_t x0) {
    const std::size_t kw = args.kernel[1];
    std::size_t used = 0;
    for (std::size_t kx = 0; kx < kw; ++kx) {
      first_of[kx] = used;
      const std::ptrdiff_t shift = static_cast<std::ptrdiff_t>(x0) - offset_of(args, 1, kx);
      std::uint32_t counts[kLanes];
      bool any_counts = false;
      for (std::size_t i = 0; i < kLanes; ++i) {
        const std::ptrdiff_t ox = shift + static_cast<std::ptrdiff_t>(i);
        const bool inside = ox >= 0 && ox < static_cast<std::ptrdiff_t>(args.ow);
        counts[i] = inside ? ~0u : 0u;
        any_counts = any_counts || inside;
      }
      if (any_counts) columns[used++] = {kx, shift, load(counts)};
    }
    first_of[kw] = used;
  }
};

// plane (h, w) = the sums of the words at kernel positions begin ... end - 1, a vector of pixels at a time, for windows
// one pixel apart along a row. The words of a vector of pixels are a vector, too; those that do not belong to a pixel
// are made +0, which changes no sum, because a sum that begins with +0 is never -0.
template <class T>
void sum_positions(const WindowArgs& args, const T* x, const Margin& margin, std::size_t begin, std::size_t end,
                   T* plane) {
  const std::size_t kw = args.kernel[1], windows = args.oh * args.ow;
  const LooseWords<T> words(x, args.kernel[0] * kw * windows, margin);
  for (std::size_t x0 = 0; x0 < args.w; x0 += kLanes) {
    const ReachingColumns reaching(args, x0);
    for (std::size_t y = 0; y < args.h; ++y) {
      Vec<T> sum{};
      for (std::size_t ky = begin / kw; ky * kw < end; ++ky) {
        const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(y) - offset_of(args, 0, ky);
        const std::size_t oy = static_cast<std::size_t>(at) / args.stride[0];
        const bool is_window = at >= 0 && oy < args.oh && oy * args.stride[0] == static_cast<std::size_t>(at);
        if (!is_window) continue;
        const std::size_t from = begin > ky * kw ? begin - ky * kw : 0, to = min_of(end - ky * kw, kw);
        for (std::size_t i = reaching.first_of[from]; i < reaching.first_of[to]; ++i) {
          const Column& column = reaching.columns[i];
          const std::size_t row = (ky * kw + column.kx) * windows + oy * args.ow;
          sum = sum + as<Vec<T>>(words.load_at(static_cast<std::ptrdiff_t>(row) + column.shift) & column.counts);
        }
      }
      store_partial(plane + y * args.w + x0, sum, min_of(args.w - x0, kLanes));
    }
  }
}

// Windows that neither overlap nor leave gaps, without padding: every pixel inside them has one term.
bool are_tiles(const WindowArgs& args) {
  return args.kernel[0] == args.stride[0] && args.kernel[1] == args.stride[1] && args.dilation[0] == 1 &&
         args.dilation[1] == 1 && args.padding[0] + args.padding[1] + args.padding[2] + args.padding[3] == 0;
}

template <class T>
void fold_tiles(const WindowArgs& args, const T* x, T* plane) {
  const std::size_t kw = args.kernel[1], windows = args.oh * args.ow, used = args.ow * kw;
  for (std::size_t y = 0; y < args.oh * args.kernel[0]; ++y) {
    const T* from = x + y % args.kernel[0] * kw * windows + y / args.kernel[0] * args.ow;
    T* row = plane + y * args.w;
    if (kw == 2) {
      for (std::size_t i = 0; i < args.ow; ++i) {
        row[2 * i] = T{} + from[i];  // -0 becomes +0
        row[2 * i + 1] = T{} + from[windows + i];
      }
    } else {
      for (std::size_t i = 0; i < used; ++i) row[i] = T{} + from[i % kw * windows + i / kw];
    }
    std::memset(row + used, 0, (args.w - used) * sizeof(T));
  }
  std::memset(plane + args.oh * args.kernel[0] * args.w, 0, (args.h - args.oh * args.kernel[0]) * args.w * sizeof(T));
}

// One channel of one image. Positions ascend, so every pixel adds up its terms in order.
template <class T>
void fold_channel(const WindowArgs& args, const T* x, const Margin& margin, T* plane) {
  const std::size_t positions = args.kernel[0] * args.kernel[1], pixels = args.h * args.w, windows = args.oh * args.ow;
  const std::size_t count = panel_count(positions, args.panel), length = panel_length(positions, args.panel);
  const auto add_panel = [&](std::size_t begin, std::size_t end) {
    if (args.stride[1] == 1 && args.kernel[1] <= kMostColumns) return sum_positions(args, x, margin, begin, end, plane);
    std::memset(plane, 0, pixels * sizeof(T));
    for (std::size_t p = begin; p < end; ++p)
      add_position(args, x + p * windows, p / args.kernel[1], p % args.kernel[1], plane);
  };
  if (are_tiles(args)) return fold_tiles(args, x, plane);
  if (count == 1) return add_panel(0, positions);
  ArrayTree<T> tree(pixels, count, args.panel);
  for (std::size_t panel = 0; panel < count; ++panel) {
    add_panel(panel * length, min_of((panel + 1) * length, positions));
    tree.add(panel, plane);
  }
  std::memcpy(plane, tree.result(), pixels * sizeof(T));
}

template <class T>
void fold(const WindowArgs& args, ThreadPool& pool) {
  const std::size_t terms = args.kernel[0] * args.kernel[1] * args.oh * args.ow, pixels = args.h * args.w;
  const std::size_t channels = args.n * args.c;
  parallel_ranges(pool, channels, 2 * terms, [&](auto begin, auto end) {
    for (std::size_t i = begin; i < end; ++i) {
      const Margin margin{i * terms, (channels - 1 - i) * terms};
      fold_channel(args, static_cast<const T*>(args.x) + i * terms, margin, static_cast<T*>(args.out) + i * pixels);
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
