// F(16 * n2) of one row of complex points for n2 = 16, 32, 64, 128, with vectors of 16 lanes: what fft_row.h does for
// any length, in fewer passes.
//
// F(16) of 16 columns, one in each lane, yields 16 vectors, one for each row. Next the rows go through the lanes, so
// this square of numbers must be transposed. Half of that is done where the vectors are stored anyway, half where they
// are loaded again. With each of r, i, g and c in 0 ... 3:
//
//    computed: for each r and i the vector of row r + 4 i,     whose lane 4 g + c is column 4 g + c
//    stored:   for each r and c the vector number 4 c + r,     whose lane 4 g + i is row r + 4 i of column 4 g + c
//    loaded:   for each g and c the vector of column 4 g + c,  whose lane 4 r + i is row r + 4 i
//
// So storing transposes within groups of four lanes, loading transposes whole groups. The lanes then have the rows in
// the order 0 4 8 12, 1 5 9 13, ..., which does not matter to F(n2); store_turned_points undoes it at the very end.
// Internal linkage, like simd.h.
#pragma once

#include "cpu/fft_lanes.h"

namespace paragon::cpu {
namespace {

// out = scale * F(x). `exchange`: with the parts of every number exchanged before and after, the inverse.
struct RowArgs {
  const float* x;
  float* out;
  bool exchange;
  float scale;
  const float* filter = nullptr;  // if given, x times these is transformed; n is a power of two >= 256, `exchange` set
};

// Calls fn with a source of the points of x from j on, `stride` words from one to the next.
template <bool Exchange, class Fn>
PARAGON_INLINE void with_source(const RowArgs& args, std::size_t j, std::size_t stride, const Fn& fn) {
  if (Exchange && args.filter != nullptr) {
    fn(ProductSource{args.x + 2 * j, stride, 0, args.filter + 2 * j});
  } else {
    fn(ArraySource<Exchange>{args.x + 2 * j, stride, 0});
  }
}

#if defined(PARAGON_SIMD_AVX512)

// Takes the results of F(16), times their twiddles, to a block of 16 vectors "as stored" above.
struct HalfTurnedSink {
  float* p;
  const float* w;  // of this block of columns
  bool first;      // column 0 is the first of them and stays as it is
};

// Rows r, r + 4, r + 8, r + 12 of all 16 columns.
PARAGON_INLINE void put_four(const HalfTurnedSink& sink, std::size_t r, std::size_t, const Points (&x)[4]) {
  static constexpr float first_lane[kLanes] = {1};
  F32 re[4], im[4];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) {
    Points y = x[i];
    if (r + i > 0) {
      const float* w = sink.w + (r + 4 * i) * 2 * kTwiddleBlock;
      const Points turned = y * Points{load(w), load(w + kTwiddleBlock)};
      if (sink.first) {
        const MaskOf<float> stays = load(first_lane) != F32{};
        y = {select(stays, y.re, turned.re), select(stays, y.im, turned.im)};
      } else {
        y = turned;
      }
    }
    re[i] = y.re;
    im[i] = y.im;
  }
  transpose_groups(re[0], re[1], re[2], re[3]);
  transpose_groups(im[0], im[1], im[2], im[3]);
#pragma GCC unroll 4
  for (std::size_t c = 0; c < 4; ++c) {
    store(sink.p + (4 * c + r) * kPoint, re[c]);
    store(sink.p + (4 * c + r) * kPoint + kLanes, im[c]);
  }
}

// Takes vectors "as loaded" above from such a block.
struct HalfTurnedSource {
  const float* p;
};

// Columns c, 4 + c, 8 + c, 12 + c of all 16 rows.
PARAGON_INLINE void take_four(const HalfTurnedSource& source, std::size_t c, std::size_t, Points (&x)[4]) {
  F32 re[4], im[4];
#pragma GCC unroll 4
  for (std::size_t r = 0; r < 4; ++r) {
    re[r] = load(source.p + (4 * c + r) * kPoint);
    im[r] = load(source.p + (4 * c + r) * kPoint + kLanes);
  }
  exchange_groups(re[0], re[1], re[2], re[3]);
  exchange_groups(im[0], im[1], im[2], im[3]);
#pragma GCC unroll 4
  for (std::size_t g = 0; g < 4; ++g) x[g] = {re[g], im[g]};
}

// Puts the 16 rows in order.
template <bool Exchange>
using TurnedSink = ArraySink<Exchange, store_turned_points>;

template <std::size_t N2, class Source>
__attribute__((noinline)) void columns_of_sixteen(const FftNode& node, Source source, float* turned) {
  HalfTurnedSink sink{turned, node.twiddles, true};
  codelet<16>(*node.left, source, sink);
  sink.first = false;
  for (std::size_t j = 16; j < N2; j += 16) {
    source.next();
    sink.p += 16 * kPoint;
    sink.w += 16 * 2 * kTwiddleBlock;
    codelet<16>(*node.left, source, sink);
  }
}

// The first of the two steps of F(N2) = F(4 * (N2 / 4)) of the rows: F(4) of their columns, times twiddles.
template <std::size_t N2>
__attribute__((noinline)) void fours_of_sixteen(const FftNode& node, const float* turned, float* to) {
  constexpr std::size_t m = N2 / 4;
  const auto four = [&](std::size_t j, Points x0, Points x1, Points x2, Points x3) {  // column j
    transform_4(x0, x1, x2, x3);
    const float* const w = node.twiddles + 8 * j;
    const LaneSink sink{to + j * kPoint, m * kPoint, 0};
    sink.put(0, x0);
    sink.put(1, j == 0 ? x1 : x1 * splat_point(w + 2));
    sink.put(2, j == 0 ? x2 : x2 * splat_point(w + 4));
    sink.put(3, j == 0 ? x3 : x3 * splat_point(w + 6));
  };
  for (std::size_t c = 0; c < 4; ++c) {
    if constexpr (m == 8) {
      Points a[4], b[4];
      take_four(HalfTurnedSource{turned}, c, 4, a);
      take_four(HalfTurnedSource{turned + 16 * kPoint}, c, 4, b);
      four(c, a[0], a[2], b[0], b[2]);
      four(4 + c, a[1], a[3], b[1], b[3]);
    } else {
      for (std::size_t t = 0; t < m; t += 16) {
        Points x[4][4];
#pragma GCC unroll 4
        for (std::size_t i = 0; i < 4; ++i) take_four(HalfTurnedSource{turned + (i * m + t) * kPoint}, c, 4, x[i]);
#pragma GCC unroll 4
        for (std::size_t g = 0; g < 4; ++g) four(t + 4 * g + c, x[0][g], x[1][g], x[2][g], x[3][g]);
      }
    }
  }
}

template <std::size_t N2, bool Exchange>
void row_of_sixteen(const FftNode& node, const RowArgs& args) {
  alignas(64) float turned[N2 * kPoint];
  with_source<Exchange>(args, 0, 2 * N2, [&](auto source) {
    source.step = 2 * kLanes;
    columns_of_sixteen<N2>(node, source, turned);
  });
  const TurnedSink<Exchange> sink{args.out, 2 * 16, 0, splat(args.scale)};
  const FftNode& rows = *node.right;
  if constexpr (N2 == 16) {
    codelet<16>(rows, HalfTurnedSource{turned}, sink);
  } else {
    alignas(64) float fours[N2 * kPoint];
    fours_of_sixteen<N2>(rows, turned, fours);
    run_codelet<N2 / 4>(*rows.right, LaneSource{fours, kPoint, N2 / 4 * kPoint}, sink.rows(4), 4);
  }
}

template <std::size_t N2>
bool row_of_sixteen(const FftNode& node, const RowArgs& args) {
  args.exchange ? row_of_sixteen<N2, true>(node, args) : row_of_sixteen<N2, false>(node, args);
  return true;
}

// False for a length that is not of this kind.
bool transform_sixteen(const FftNode& node, const RowArgs& args) {
  if (node.n1 != 16) return false;
  switch (node.n2) {
    case 16: return row_of_sixteen<16>(node, args);
    case 32: return row_of_sixteen<32>(node, args);
    case 64: return row_of_sixteen<64>(node, args);
    case 128: return row_of_sixteen<128>(node, args);
    default: return false;
  }
}

#else

PARAGON_INLINE bool transform_sixteen(const FftNode&, const RowArgs&) { return false; }

#endif

}  // namespace
}  // namespace paragon::cpu
