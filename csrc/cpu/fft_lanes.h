// F(n) of docs/contract.md, section 7, of as many transforms at once as a vector has lanes: every operation acts on
// whole vectors, with twiddles that are the same in every lane. Internal linkage, like simd.h.
//
// A *lane array* holds point j of all lanes at 2 * F32::lanes * j: the real parts, then the imaginary ones. `transform`
// reads from one of several kinds of sources and writes to one of several kinds of sinks, so that what comes before and
// after a transform (taking points from an array of the caller, twiddles, scaling) needs no pass of its own.
#pragma once

#include "cpu/fft_plan.h"
#include "cpu/panels.h"
#include "cpu/points.h"

namespace paragon::cpu {
namespace {

inline constexpr std::size_t kPoint = 2 * F32::lanes;  // words of a point of a lane array

// --- Sources: `at(j)` is point j of a transform, `next` goes to the transform beside it ------------------------------

struct LaneSource {
  static constexpr bool kAnyLength = true;
  const float* p;
  std::size_t stride, step;  // in words

  PARAGON_INLINE Points at(std::size_t j) const { return {load(p + j * stride), load(p + j * stride + F32::lanes)}; }
  PARAGON_INLINE void next() { p += step; }
  // The transforms of every n2-th point.
  PARAGON_INLINE LaneSource columns(std::size_t n2) const { return {p, n2 * stride, stride}; }
};

// Lane l takes the points l further on in an array of the caller.
template <bool Exchange>
struct ArraySource {
  static constexpr bool kAnyLength = true;
  const float* p;
  std::size_t stride, step;

  PARAGON_INLINE Points at(std::size_t j) const {
    const Points x = load_points(p + j * stride);
    return Exchange ? exchanged(x) : x;
  }
  PARAGON_INLINE void next() { p += step; }
  PARAGON_INLINE ArraySource columns(std::size_t n2) const { return {p, n2 * stride, stride}; }
};

// The products of two such arrays, exchanged: what the second transform of Bluestein's convolution reads.
struct ProductSource {
  static constexpr bool kAnyLength = false;  // only the codelets that powers of four begin with
  const float* p;
  std::size_t stride, step;
  const float* w;

  PARAGON_INLINE Points at(std::size_t j) const {
    return exchanged(load_points(p + j * stride) * load_points(w + j * stride));
  }
  PARAGON_INLINE void next() {
    p += step;
    w += step;
  }
  PARAGON_INLINE ProductSource columns(std::size_t n2) const { return {p, n2 * stride, stride, w}; }
};

// --- Sinks: `put(k, x)` takes point k of a transform -----------------------------------------------------------------

struct LaneSink {
  float* p;
  std::size_t stride, step;

  PARAGON_INLINE void put(std::size_t k, Points x) const {
    store(p + k * stride, x.re);
    store(p + k * stride + F32::lanes, x.im);
  }
  PARAGON_INLINE void next() { p += step; }
  // Transform k1 of those that each have every n1-th point, from point k1.
  PARAGON_INLINE LaneSink rows(std::size_t n1) const { return {p, n1 * stride, stride}; }
};

// Multiplies by twiddles on the way, point 0 not always.
struct TwiddleSink {
  float* p;
  std::size_t stride, step;
  const float* w;
  std::size_t w_stride, w_step;
  bool plain, next_plain;  // point 0 of this transform, and of the next, stays as it is

  PARAGON_INLINE void put(std::size_t k, Points x) const {
    if (k > 0 || !plain) x = x * splat_point(w + k * w_stride);
    store(p + k * stride, x.re);
    store(p + k * stride + F32::lanes, x.im);
  }
  PARAGON_INLINE void next() {
    p += step;
    w += w_step;
    plain = next_plain;
  }
  PARAGON_INLINE TwiddleSink rows(std::size_t n1) const {
    return {
        .p = p,
        .stride = n1 * stride,
        .step = stride,
        .w = w,
        .w_stride = n1 * w_stride,
        .w_step = w_stride,
        .plain = plain,
        .next_plain = false,
    };
  }
};

// Scales, and stores the lanes in an array of the caller: lane l goes l points further on, or where Store puts it.
template <bool Exchange, void (*Store)(float*, Points) = store_points>
struct ArraySink {
  float* p;
  std::size_t stride, step;
  F32 scale;

  PARAGON_INLINE void put(std::size_t k, Points x) const {
    x = {x.re * scale, x.im * scale};
    Store(p + k * stride, Exchange ? exchanged(x) : x);
  }
  PARAGON_INLINE void next() { p += step; }
  PARAGON_INLINE ArraySink rows(std::size_t n1) const { return {p, n1 * stride, stride, scale}; }
};

// Four points at once, `apart` points from one to the next: what some sources and sinks do better than one by one.
template <class Source>
PARAGON_INLINE void take_four(const Source& source, std::size_t j, std::size_t apart, Points (&x)[4]) {
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) x[i] = source.at(j + i * apart);
}
template <class Sink>
PARAGON_INLINE void put_four(const Sink& sink, std::size_t k, std::size_t apart, const Points (&x)[4]) {
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) sink.put(k + i * apart, x[i]);
}

// --- Codelets: transforms in registers -------------------------------------------------------------------------------

PARAGON_INLINE void transform_4(Points& x0, Points& x1, Points& x2, Points& x3) {
  const Points s = x0 + x2, d = x0 - x2, t = x1 + x3, e = x1 - x3;
  x0 = s + t;
  x1 = {d.re + e.im, d.im - e.re};
  x2 = s - t;
  x3 = {d.re - e.im, d.im + e.re};
}

// The results k and n - k of a transform of a prime length from A and B of the contract.
template <class Sink>
PARAGON_INLINE void put_pair(const Sink& sink, std::size_t k, std::size_t n, Points a, Points b) {
  sink.put(k, {a.re - b.im, a.im + b.re});
  sink.put(n - k, {a.re + b.im, a.im - b.re});
}

// The columns of a source, and rows of a sink, of a codelet made of two.
template <class Source>
struct ColumnOf {
  const Source& source;
  std::size_t j, n2;
  PARAGON_INLINE Points at(std::size_t j1) const { return source.at(j1 * n2 + j); }
};
template <class Source>
PARAGON_INLINE void take_four(const ColumnOf<Source>& column, std::size_t j, std::size_t apart, Points (&x)[4]) {
  take_four(column.source, j * column.n2 + column.j, apart * column.n2, x);
}
template <class Sink>
struct RowOf {
  const Sink& sink;
  std::size_t k, n1;
  PARAGON_INLINE void put(std::size_t k2, Points x) const { sink.put(k + n1 * k2, x); }
};
template <class Sink>
PARAGON_INLINE void put_four(const RowOf<Sink>& row, std::size_t k, std::size_t apart, const Points (&x)[4]) {
  put_four(row.sink, row.k + row.n1 * k, row.n1 * apart, x);
}

// Points between the two.
struct LocalSource {
  const Points* p;
  PARAGON_INLINE Points at(std::size_t j) const { return p[j]; }
};
struct LocalSink {
  Points* p;
  std::size_t j, n2;
  const float* w;  // the twiddles of column j
  PARAGON_INLINE void put(std::size_t k, Points x) const {
    p[k * n2 + j] = j * k == 0 ? x : x * splat_point(w + 2 * k);
  }
};

template <std::size_t N, class Source, class Sink>
PARAGON_INLINE void codelet(const FftNode& node, const Source& source, const Sink& sink) {
  constexpr std::size_t n1 = fft_split(N), n2 = N / n1;
  if constexpr (N == 1) {
    sink.put(0, source.at(0));
  } else if constexpr (N == 2) {
    const Points a = source.at(0), b = source.at(1);
    sink.put(0, a + b);
    sink.put(1, a - b);
  } else if constexpr (N == 4) {
    Points x[4];
    take_four(source, 0, 1, x);
    transform_4(x[0], x[1], x[2], x[3]);
    put_four(sink, 0, 1, x);
  } else if constexpr (n1 > 1) {
    Points y[N];
#pragma GCC unroll 8
    for (std::size_t j = 0; j < n2; ++j) {
      codelet<n1>(*node.left, ColumnOf<Source>{source, j, n2}, LocalSink{y, j, n2, node.twiddles + 2 * j * n1});
    }
#pragma GCC unroll 8
    for (std::size_t k = 0; k < n1; ++k) codelet<n2>(*node.right, LocalSource{y + k * n2}, RowOf<Sink>{sink, k, n1});
  } else {  // an odd prime
    constexpr std::size_t h = (N - 1) / 2;
    const Points x0 = source.at(0);
    Points p[h], m[h], sum = x0;
#pragma GCC unroll 6
    for (std::size_t j = 0; j < h; ++j) {
      const Points a = source.at(j + 1), b = source.at(N - 1 - j);
      p[j] = a + b;
      m[j] = a - b;
      sum = sum + p[j];
    }
    sink.put(0, sum);
#pragma GCC unroll 6
    for (std::size_t k = 0; k < h; ++k) {
      Points a = x0, b{};
#pragma GCC unroll 6
      for (std::size_t j = 0; j < h; ++j) {
        const Points v = splat_point(node.twiddles + 2 * (k * h + j));
        a = {fma(p[j].re, v.re, a.re), fma(p[j].im, v.re, a.im)};
        b = j == 0 ? Points{m[j].re * v.im, m[j].im * v.im}
                   : Points{fma(m[j].re, v.im, b.re), fma(m[j].im, v.im, b.im)};
      }
      put_pair(sink, k + 1, N, a, b);
    }
  }
}

// Keeps what is computed from x in the loop that uses it: hoisted, the addresses of all points fill the registers.
PARAGON_INLINE void keep_in_loop(std::size_t& x) { asm("" : "+r"(x)); }

template <std::size_t N, class Source, class Sink>
__attribute__((noinline)) void run_codelet(const FftNode& node, Source source, Sink sink, std::size_t count) {
  for (; count > 0; --count) {
    keep_in_loop(source.stride);
    keep_in_loop(sink.stride);
    codelet<N>(node, source, sink);
    source.next();
    sink.next();
  }
}

// An odd prime below 100: four results and their mirror images at a time.
template <class Source, class Sink>
__attribute__((noinline)) void run_prime(const FftNode& node, Source source, Sink sink, std::size_t count) {
  constexpr std::size_t kMost = 48, kAtOnce = F32::lanes == 16 ? 4 : 2;
  const std::size_t n = node.n, h = (n - 1) / 2;
  for (; count > 0; --count) {
    const Points x0 = source.at(0);
    Points p[kMost], m[kMost], sum = x0;
    for (std::size_t j = 0; j < h; ++j) {
      const Points a = source.at(j + 1), b = source.at(n - 1 - j);
      p[j] = a + b;
      m[j] = a - b;
      sum = sum + p[j];
    }
    sink.put(0, sum);
    const auto results = [&]<std::size_t K>(std::size_t k, std::integral_constant<std::size_t, K>) {
      Points a[K], b[K];
      const float* w = node.twiddles + 2 * (k - 1) * h;
#pragma GCC unroll 4
      for (std::size_t i = 0; i < K; ++i) {
        const Points v = splat_point(w + 2 * i * h);
        a[i] = {fma(p[0].re, v.re, x0.re), fma(p[0].im, v.re, x0.im)};
        b[i] = {m[0].re * v.im, m[0].im * v.im};
      }
      for (std::size_t j = 1; j < h; ++j) {
#pragma GCC unroll 4
        for (std::size_t i = 0; i < K; ++i) {
          const Points v = splat_point(w + 2 * (i * h + j));
          a[i] = {fma(p[j].re, v.re, a[i].re), fma(p[j].im, v.re, a[i].im)};
          b[i] = {fma(m[j].re, v.im, b[i].re), fma(m[j].im, v.im, b[i].im)};
        }
      }
#pragma GCC unroll 4
      for (std::size_t i = 0; i < K; ++i) put_pair(sink, k + i, n, a[i], b[i]);
    };
    std::size_t k = 1;
    for (; k + kAtOnce <= h + 1; k += kAtOnce) results(k, std::integral_constant<std::size_t, kAtOnce>{});
    for (; k <= h; ++k) results(k, std::integral_constant<std::size_t, 1>{});
    source.next();
    sink.next();
  }
}

// --- The recursion ---------------------------------------------------------------------------------------------------

template <class Source, class Sink>
void transform(const FftNode& node, Source source, Sink sink, std::size_t count, float* scratch);

// The columns, times their twiddles, to scratch; then its rows.
template <class Source, class Sink>
void transform_composite(const FftNode& node, Source source, Sink sink, float* scratch) {
  const std::size_t n1 = node.n1, n2 = node.n2;
  float* const deeper = scratch + node.n * kPoint;
  Source column = source.columns(n2);
  transform(*node.left, column, LaneSink{scratch, n2 * kPoint, kPoint}, 1, deeper);  // column 0 has no twiddles
  column.next();
  const TwiddleSink twiddled{
      .p = scratch + kPoint,
      .stride = n2 * kPoint,
      .step = kPoint,
      .w = node.twiddles + 2 * n1,
      .w_stride = 2,
      .w_step = 2 * n1,
      .plain = true,
      .next_plain = true,
  };
  transform(*node.left, column, twiddled, n2 - 1, deeper);
  transform(*node.right, LaneSource{scratch, kPoint, n2 * kPoint}, sink.rows(n1), n1, deeper);
}

template <class Source, class Sink>
void transform_bluestein(const FftNode& node, Source source, Sink sink, float* scratch) {
  const LaneSource from{scratch, kPoint, 0};
  const LaneSink to{scratch, kPoint, 0};
  float* const deeper = scratch + node.length * kPoint;
  for (std::size_t j = 0; j < node.n; ++j) to.put(j, source.at(j) * splat_point(node.chirp + 2 * j));
  for (std::size_t j = node.n; j < node.length; ++j) to.put(j, Points{});
  transform(*node.left, from, to, 1, deeper);
  for (std::size_t j = 0; j < node.length; ++j) to.put(j, exchanged(from.at(j) * splat_point(node.filter + 2 * j)));
  transform(*node.left, from, to, 1, deeper);
  for (std::size_t k = 0; k < node.n; ++k) sink.put(k, exchanged(from.at(k)) * splat_point(node.chirp + 2 * k));
}

// Of `count` groups of transforms, one after another. They may work in place: the sink may write to the memory of the
// source, if point k goes where point k of the same transform came from.
template <class Source, class Sink>
void transform(const FftNode& node, Source source, Sink sink, std::size_t count, float* scratch) {
  if constexpr (!Source::kAnyLength) {
    if (node.n == 4) return run_codelet<4>(node, source, sink, count);
    if (node.n == 16) return run_codelet<16>(node, source, sink, count);
    for (; count > 0; --count, source.next(), sink.next()) transform_composite(node, source, sink, scratch);
  } else {
    switch (node.kind) {
      case FftKind::codelet:
        switch (node.n) {
#define PARAGON_CODELET(N) \
  case N: return run_codelet<N>(node, source, sink, count);
          PARAGON_FOR_EACH_CODELET(PARAGON_CODELET)
#undef PARAGON_CODELET
          default: return;
        }
      case FftKind::prime: return run_prime(node, source, sink, count);
      case FftKind::bluestein:
        for (; count > 0; --count, source.next(), sink.next()) transform_bluestein(node, source, sink, scratch);
        return;
      case FftKind::composite:
        for (; count > 0; --count, source.next(), sink.next()) transform_composite(node, source, sink, scratch);
        return;
    }
  }
}

}  // namespace
}  // namespace paragon::cpu
