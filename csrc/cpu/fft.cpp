// fft, ifft, rfft and irfft of rows of points (docs/contract.md, section 7): rows one by one, or as many at once as
// there are lanes.
#include "cpu/fft_row.h"

namespace paragon::cpu::PARAGON_ISA {
namespace {

// --- Real points, from and to complex ones of half the number --------------------------------------------------------

// er, ei, or, oi of the contract.
struct Halves {
  Points e, o;
  PARAGON_INLINE Halves(Points z, Points y) : e{z.re + y.re, z.im - y.im}, o{z.re - y.re, z.im + y.im} {}
};

// Point k of rfft from Z[k], Z[m - k] and W(k, n).
struct Spectrum {
  PARAGON_INLINE Points operator()(Points z, Points y, Points w, F32 half) const {
    const Halves h(z, y);
    return {(h.e.re + fma(h.o.im, w.re, h.o.re * w.im)) * half, (h.e.im + fms(h.o.im, w.im, h.o.re * w.re)) * half};
  }
};

// Z[k] of irfft from X[k], X[m - k] and W(k, n).
struct Unspectrum {
  PARAGON_INLINE Points operator()(Points x, Points y, Points w, F32) const {
    const Halves h(x, y);
    return {h.e.re - fma(h.o.re, F32{-w.im.v}, h.o.im * w.re), h.e.im + fma(h.o.re, w.re, h.o.im * w.im)};
  }
};

// out[k] = weave(x[k], x[m - k], W(k, n)) for 0 < k < m, of one row; out is not x.
template <class Weave>
void weave_row(const float* x, float* out, const FftPlan& plan, float half_scale, const Weave& weave) {
  const std::size_t m = plan.points;
  const float *const re = plan.real_twiddles, *const im = re + m;
  const F32 half = splat(half_scale);
  if (m <= kLanes) {
    float padded[4 * kLanes] = {};
    std::memcpy(padded + 2 * (kLanes - m), x, sizeof(float) * 2 * m);
    if (m == 1) return;
    const Points a = load_points_partial(x + 2, m - 1), b = load_points_backwards(padded);
    const Points w{load_partial(re + 1, m - 1), load_partial(im + 1, m - 1)};
    return store_points_partial(out + 2, weave(a, b, w, half), m - 1);
  }
  // Points k ... and, in descending order, m - k ..., where W(m - k, n) is W(k, n) with the sign of its real part
  // changed: but not of the zero at k = m / 2, which is therefore stored last. Blocks may overlap.
  const auto block = [&](std::size_t k) {
    const std::size_t mirror = m + 1 - k - kLanes;
    const Points a = load_points(x + 2 * k), b = load_points_backwards(x + 2 * mirror);
    const Points w{load(re + k), load(im + k)};
    store_points_backwards(out + 2 * mirror, weave(b, a, Points{F32{-w.re.v}, w.im}, half));
    store_points(out + 2 * k, weave(a, b, w, half));
  };
  block(1);
  for (std::size_t k = kLanes; 2 * k <= m; k += kLanes) block(k);
}

// The same of a lane array, in place.
template <class Weave>
void weave_lanes(float* x, const FftPlan& plan, float half_scale, const Weave& weave) {
  const std::size_t m = plan.points;
  const float *const re = plan.real_twiddles, *const im = re + m;
  const F32 half = splat(half_scale);
  const LaneSource from{x, kPoint, 0};
  const LaneSink to{x, kPoint, 0};
  for (std::size_t k = 1; 2 * k <= m; ++k) {
    const Points a = from.at(k), b = from.at(m - k);
    to.put(k, weave(a, b, Points{splat(re[k]), splat(im[k])}, half));
    to.put(m - k, weave(b, a, Points{splat(re[m - k]), splat(im[m - k])}, half));
  }
}

// --- Rows in lanes ---------------------------------------------------------------------------------------------------

// Where word i of a row is in a lane array.
struct Interleaved {
  PARAGON_INLINE std::size_t operator()(std::size_t i) const { return i * kLanes; }
};
struct Exchanged {
  PARAGON_INLINE std::size_t operator()(std::size_t i) const { return (i ^ 1) * kLanes; }
};
struct RealParts {
  PARAGON_INLINE std::size_t operator()(std::size_t i) const { return i * kPoint; }
};
struct ImaginaryParts {
  PARAGON_INLINE std::size_t operator()(std::size_t i) const { return i * kPoint + kLanes; }
};

// Some rows of `words` words each, `apart` from one to the next, to and from a lane array.
template <class Place>
void load_rows(const float* x, std::size_t apart, std::size_t rows, std::size_t words, float* lanes,
               const Place& place) {
  for (std::size_t t = 0; t < words; t += kLanes) {
    const std::size_t some = min_of(words - t, kLanes);
    F32 row[kLanes];
#pragma GCC unroll 16
    for (std::size_t l = 0; l < kLanes; ++l) {
      const float* from = x + l * apart + t;
      row[l] = l >= rows ? F32{} : some == kLanes ? load(from) : load_partial(from, some);
    }
    transpose(row);
#pragma GCC unroll 16
    for (std::size_t i = 0; i < kLanes; ++i) {
      if (i < some) store(lanes + place(t + i), row[i]);
    }
  }
}

template <class Place>
void store_rows(const float* lanes, const Place& place, float scale, float* out, std::size_t apart, std::size_t rows,
                std::size_t words) {
  for (std::size_t t = 0; t < words; t += kLanes) {
    const std::size_t some = min_of(words - t, kLanes);
    F32 row[kLanes];
#pragma GCC unroll 16
    for (std::size_t i = 0; i < kLanes; ++i) row[i] = i < some ? load(lanes + place(t + i)) * splat(scale) : F32{};
    transpose(row);
#pragma GCC unroll 16
    for (std::size_t l = 0; l < kLanes; ++l) {
      float* const to = out + l * apart + t;
      if (l < rows) some == kLanes ? store(to, row[l]) : store_partial(to, row[l], some);
    }
  }
}

// The operations, each on at most kLanes rows, by way of a lane array with room for one point more than the plan has.
struct Fft {
  static void lanes(const FftArgs& args, std::size_t rows, float* z, float* scratch) {
    const std::size_t words = 2 * args.n;
    const LaneSource source{z, kPoint, 0};
    const LaneSink sink{z, kPoint, 0};
    if (args.inverse) {
      load_rows(args.x, words, rows, words, z, Exchanged{});
      transform(*args.plan->lanes, source, sink, 1, scratch);
      store_rows(z, Exchanged{}, args.scale, args.out, words, rows, words);
    } else {
      load_rows(args.x, words, rows, words, z, Interleaved{});
      transform(*args.plan->lanes, source, sink, 1, scratch);
      store_rows(z, Interleaved{}, args.scale, args.out, words, rows, words);
    }
  }

  static void row(const FftArgs& args, ThreadPool* pool) {
    transform_row(*args.plan->row, {args.x, args.out, args.inverse, args.scale}, pool);
  }

  static std::size_t words_in(std::size_t n) { return 2 * n; }
  static std::size_t words_out(std::size_t n) { return 2 * n; }
};

struct Rfft {
  static void lanes(const FftArgs& args, std::size_t rows, float* z, float* scratch) {
    const std::size_t n = args.n, m = n / 2, words = 2 * (m + 1);
    const LaneSource source{z, kPoint, 0};
    const LaneSink sink{z, kPoint, 0};
    if (n % 2 == 1) {
      load_rows(args.x, n, rows, n, z, RealParts{});
      for (std::size_t j = 0; j < n; ++j) store(z + j * kPoint + kLanes, F32{});
      transform(*args.plan->lanes, source, sink, 1, scratch);
      store(z + kLanes, F32{});
      return store_rows(z, Interleaved{}, args.scale, args.out, words, rows, words);
    }
    load_rows(args.x, n, rows, n, z, Interleaved{});
    transform(*args.plan->lanes, source, sink, 1, scratch);
    weave_lanes(z, *args.plan, args.scale * 0.5f, Spectrum{});
    const Points x = source.at(0);
    const F32 scale = splat(args.scale);
    sink.put(0, {(x.re + x.im) * scale, F32{}});
    sink.put(m, {(x.re - x.im) * scale, F32{}});
    store_rows(z, Interleaved{}, 1.0f, args.out, words, rows, words);
  }

  static void row(const FftArgs& args, ThreadPool* pool) {
    const std::size_t n = args.n, m = n / 2;
    float* const out = args.out;
    if (n % 2 == 1) {
      const Scratch memory(sizeof(float) * 4 * n);
      float *const z = memory.as<float>(), *const to = z + 2 * n;
      for (std::size_t j = 0; j < n; ++j) {
        z[2 * j] = args.x[j];
        z[2 * j + 1] = 0;
      }
      transform_row(*args.plan->row, {z, to, false, args.scale}, pool);
      std::memcpy(out, to, sizeof(float) * 2 * (m + 1));
      out[1] = 0;
      return;
    }
    const Scratch memory(sizeof(float) * 2 * m);
    float* const z = memory.as<float>();
    transform_row(*args.plan->row, {args.x, z, false, 1.0f}, pool);
    weave_row(z, out, *args.plan, args.scale * 0.5f, Spectrum{});
    const float re = z[0], im = z[1];
    out[0] = (re + im) * args.scale;
    out[2 * m] = (re - im) * args.scale;
    out[1] = out[2 * m + 1] = 0;
  }

  static std::size_t words_in(std::size_t n) { return n; }
  static std::size_t words_out(std::size_t n) { return 2 * (n / 2 + 1); }
};

struct Irfft {
  static void lanes(const FftArgs& args, std::size_t rows, float* z, float* scratch) {
    const std::size_t n = args.n, m = n / 2, words = 2 * (m + 1);
    const LaneSource source{z, kPoint, 0};
    const LaneSink sink{z, kPoint, 0};
    load_rows(args.x, words, rows, words, z, Interleaved{});
    if (n % 2 == 1) {
      const Points x = source.at(0);
      sink.put(0, {F32{}, x.re});
      for (std::size_t k = 1; k <= m; ++k) {
        const Points p = source.at(k);
        sink.put(k, exchanged(p));
        sink.put(n - k, exchanged({p.re, F32{-p.im.v}}));
      }
      transform(*args.plan->lanes, source, sink, 1, scratch);
      return store_rows(z, ImaginaryParts{}, args.scale, args.out, n, rows, n);
    }
    weave_lanes(z, *args.plan, 0, Unspectrum{});
    const Points x = source.at(0), last = source.at(m);
    sink.put(0, {x.re + last.re, x.re - last.re});
    for (std::size_t k = 0; k < m; ++k) sink.put(k, exchanged(source.at(k)));
    transform(*args.plan->lanes, source, sink, 1, scratch);
    store_rows(z, Exchanged{}, args.scale, args.out, n, rows, n);
  }

  static void row(const FftArgs& args, ThreadPool* pool) {
    const std::size_t n = args.n, m = n / 2;
    const float* const x = args.x;
    if (n % 2 == 1) {
      const Scratch memory(sizeof(float) * 4 * n);
      float *const z = memory.as<float>(), *const to = z + 2 * n;
      z[0] = x[0];
      z[1] = 0;
      for (std::size_t k = 1; k <= m; ++k) {
        z[2 * k] = z[2 * (n - k)] = x[2 * k];
        z[2 * k + 1] = x[2 * k + 1];
        z[2 * (n - k) + 1] = -x[2 * k + 1];
      }
      transform_row(*args.plan->row, {z, to, true, args.scale}, pool);
      for (std::size_t j = 0; j < n; ++j) args.out[j] = to[2 * j];
      return;
    }
    const Scratch memory(sizeof(float) * 2 * m);
    float* const z = memory.as<float>();
    z[0] = x[0] + x[2 * m];
    z[1] = x[0] - x[2 * m];
    weave_row(x, z, *args.plan, 0, Unspectrum{});
    transform_row(*args.plan->row, {z, args.out, true, args.scale}, pool);
  }

  static std::size_t words_in(std::size_t n) { return 2 * (n / 2 + 1); }
  static std::size_t words_out(std::size_t n) { return n; }
};

// Rows `begin` ... of an operation.
template <class Operation>
FftArgs from_row(const FftArgs& args, std::size_t begin) {
  FftArgs some = args;
  some.x += begin * Operation::words_in(args.n);
  some.out += begin * Operation::words_out(args.n);
  return some;
}

template <class Operation>
void run_lanes(const FftArgs& args, ThreadPool& pool) {
  const FftPlan& plan = *args.plan;
  const std::size_t room = plan.points + 1;
  parallel_ranges(pool, divide_up(args.rows, kLanes), kPoint * plan.points, [&](auto begin, auto end) {
    const Scratch memory(sizeof(float) * kPoint * (room + plan.lanes->lane_scratch));
    float* const z = memory.as<float>();
    for (std::size_t row = begin * kLanes; row < min_of(end * kLanes, args.rows); row += kLanes) {
      Operation::lanes(from_row<Operation>(args, row), min_of(args.rows - row, kLanes), z, z + room * kPoint);
    }
  });
}

template <class Operation>
void run_rows(const FftArgs& args, ThreadPool& pool) {
  if (args.rows < pool.threads()) {
    for (std::size_t row = 0; row < args.rows; ++row) Operation::row(from_row<Operation>(args, row), &pool);
  } else {
    parallel_ranges(pool, args.rows, 2 * args.plan->points, [&](auto begin, auto end) {
      for (std::size_t row = begin; row < end; ++row) Operation::row(from_row<Operation>(args, row), nullptr);
    });
  }
}

// As many rows as fill the lanes go there, and the rest too if it fills half of them.
template <class Operation>
void run(const FftArgs& args, ThreadPool& pool) {
  const std::size_t rest = args.rows % kLanes;
  const std::size_t in_lanes = args.plan->lanes == nullptr                       ? 0
                               : args.plan->row == nullptr || 2 * rest >= kLanes ? args.rows
                                                                                 : args.rows - rest;
  FftArgs some = args;
  some.rows = in_lanes;
  if (in_lanes > 0) run_lanes<Operation>(some, pool);
  some = from_row<Operation>(args, in_lanes);
  some.rows = args.rows - in_lanes;
  if (some.rows > 0) run_rows<Operation>(some, pool);
}

}  // namespace

void fill_fft(Kernels& kernels) {
  kernels.fft = run<Fft>;
  kernels.rfft = run<Rfft>;
  kernels.irfft = run<Irfft>;
}

}  // namespace paragon::cpu::PARAGON_ISA
