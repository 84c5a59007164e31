// F(n) of one row of complex points (docs/contract.md, section 7): its n2 columns go through the lanes, F32::lanes at a
// time; what they yield is turned by blocks, so that the n1 rows can go through the lanes. Internal linkage (simd.h).
#pragma once

#include "cpu/fft_sixteen.h"

namespace paragon::cpu {
namespace {

// `pool` may be null: on this thread alone.
void transform_row(const FftNode& node, const RowArgs& args, ThreadPool* pool);

template <class Fn>
void blocks_of_lanes(ThreadPool* pool, std::size_t lanes, std::size_t points, const Fn& fn) {
  const std::size_t blocks = divide_up(lanes, kLanes);
  if (pool == nullptr) return fn(std::size_t{0}, blocks);
  parallel_ranges(*pool, blocks, points * kPoint, fn);
}

PARAGON_INLINE Points exchanged_if(bool exchange, Points x) { return exchange ? exchanged(x) : x; }
PARAGON_INLINE Points load_some_points(const float* p, std::size_t n) {
  return n >= kLanes ? load_points(p) : load_points_partial(p, n);
}
PARAGON_INLINE void store_some_points(float* p, Points x, std::size_t n) {
  n >= kLanes ? store_points(p, x) : store_points_partial(p, x, n);
}

// Columns j ... j + kLanes - 1, as far as there are, transformed to a lane array of n1 points.
template <bool Exchange>
void transform_columns(const FftNode& node, const RowArgs& args, std::size_t j, float* to, float* scratch) {
  const std::size_t columns = min_of(node.n2 - j, kLanes);
  const LaneSink sink{to, kPoint, 0};
  if (columns == kLanes) {
    return with_source<Exchange>(args, j, 2 * node.n2,
                                 [&](auto source) { transform(*node.left, source, sink, 1, scratch); });
  }
  for (std::size_t j1 = 0; j1 < node.n1; ++j1) {
    sink.put(j1, exchanged_if(Exchange, load_points_partial(args.x + 2 * (j1 * node.n2 + j), columns)));
  }
  transform(*node.left, LaneSource{to, kPoint, 0}, sink, 1, scratch);
}

// Point k1 of the columns from j on, times its twiddles.
PARAGON_INLINE Points twiddled(const FftNode& node, const float* columns, std::size_t j, std::size_t k1) {
  const Points y{load(columns + k1 * kPoint), load(columns + k1 * kPoint + kLanes)};
  if (k1 == 0) return y;
  const float* w = node.twiddles + 2 * kTwiddleBlock * (j / kTwiddleBlock * node.n1 + k1) + j % kTwiddleBlock;
  const Points turned = y * Points{load(w), load(w + kTwiddleBlock)};
  if (j > 0) return turned;
  static constexpr float first[kLanes] = {1};
  const MaskOf<float> stays = load(first) != F32{};
  return {select(stays, y.re, turned.re), select(stays, y.im, turned.im)};
}

// From a lane array of kLanes columns to lane arrays of kLanes rows each, `apart` words from one to the next.
void turn_columns(const FftNode& node, float* columns, std::size_t j, float* rows, std::size_t apart) {
  const std::size_t count = min_of(node.n2 - j, kLanes);
  float* to = rows + j * kPoint;
  for (std::size_t k = 0; k < node.n1; k += kLanes, to += apart) {
    const std::size_t some = min_of(node.n1 - k, kLanes);
    F32 re[kLanes], im[kLanes];
#pragma GCC unroll 16
    for (std::size_t i = 0; i < kLanes; ++i) {
      const Points y = i < some ? twiddled(node, columns, j, k + i) : Points{};
      re[i] = y.re;
      im[i] = y.im;
    }
    transpose(re);
    transpose(im);
    for (std::size_t i = 0; i < count; ++i) {
      store(to + i * kPoint, re[i]);
      store(to + i * kPoint + kLanes, im[i]);
    }
  }
}

// Rows k ... k + kLanes - 1, as far as there are, from a lane array, which may be overwritten, to their points of out.
template <bool Exchange>
void transform_rows(const FftNode& node, float* rows, std::size_t k, float* out, float scale, float* scratch) {
  const std::size_t count = min_of(node.n1 - k, kLanes);
  const LaneSource source{rows, kPoint, 0};
  if (count == kLanes) {
    return transform(*node.right, source, ArraySink<Exchange>{out + 2 * k, 2 * node.n1, 0, splat(scale)}, 1, scratch);
  }
  transform(*node.right, source, LaneSink{rows, kPoint, 0}, 1, scratch);
  for (std::size_t k2 = 0; k2 < node.n2; ++k2) {
    const Points x = source.at(k2), scaled{x.re * splat(scale), x.im * splat(scale)};
    store_points_partial(out + 2 * (node.n1 * k2 + k), exchanged_if(Exchange, scaled), count);
  }
}

// Rows that go through the lanes together.
template <bool Exchange>
void row_by_lanes(const FftNode& node, const RowArgs& args, ThreadPool* pool) {
  // A little more than the rows need, lest they share cache sets.
  const std::size_t apart = (node.n2 + kLanes) * kPoint;
  const Scratch turned(sizeof(float) * divide_up(node.n1, kLanes) * apart);
  float* const rows = turned.as<float>();
  blocks_of_lanes(pool, node.n2, node.n1, [&](std::size_t begin, std::size_t end) {
    const Scratch memory(sizeof(float) * kPoint * (node.n1 + node.left->lane_scratch));
    float* const columns = memory.as<float>();
    for (std::size_t j = begin * kLanes; j < min_of(end * kLanes, node.n2); j += kLanes) {
      transform_columns<Exchange>(node, args, j, columns, columns + node.n1 * kPoint);
      turn_columns(node, columns, j, rows, apart);
    }
  });
  blocks_of_lanes(pool, node.n1, node.n2, [&](std::size_t begin, std::size_t end) {
    const Scratch memory(sizeof(float) * kPoint * node.right->lane_scratch);
    for (std::size_t b = begin; b < end; ++b) {
      transform_rows<Exchange>(node, rows + b * apart, b * kLanes, args.out, args.scale, memory.as<float>());
    }
  });
}

// Rows that are transformed one by one: few, or too long for the cache when as many as lanes.
template <bool Exchange>
void row_by_rows(const FftNode& node, const RowArgs& args, ThreadPool* pool) {
  const std::size_t n1 = node.n1, n2 = node.n2;
  const Scratch turned(sizeof(float) * 2 * (node.n + n2));
  float* const rows = turned.as<float>();
  float* const line = rows + 2 * node.n;
  blocks_of_lanes(pool, n2, n1, [&](std::size_t begin, std::size_t end) {
    const Scratch memory(sizeof(float) * kPoint * (n1 + node.left->lane_scratch));
    float* const columns = memory.as<float>();
    for (std::size_t j = begin * kLanes; j < min_of(end * kLanes, n2); j += kLanes) {
      transform_columns<Exchange>(node, args, j, columns, columns + n1 * kPoint);
      for (std::size_t k1 = 0; k1 < n1; ++k1) {
        store_some_points(rows + 2 * (k1 * n2 + j), twiddled(node, columns, j, k1), n2 - j);
      }
    }
  });
  for (std::size_t k1 = 0; k1 < n1; ++k1) {
    transform_row(*node.right, {rows + 2 * k1 * n2, line, false, 1.0f}, pool);
    for (std::size_t k2 = 0; k2 < n2; ++k2) {
      float* const to = args.out + 2 * (k1 + n1 * k2);
      to[Exchange] = line[2 * k2] * args.scale;
      to[!Exchange] = line[2 * k2 + 1] * args.scale;
    }
  }
}

void row_by_bluestein(const FftNode& node, const RowArgs& args, ThreadPool* pool) {
  const std::size_t n = node.n, length = node.length;
  const Scratch memory(sizeof(float) * 4 * length);
  float *const a = memory.as<float>(), *const b = a + 2 * length;
  for (std::size_t j = 0; j < n; j += kLanes) {
    const Points x = exchanged_if(args.exchange, load_some_points(args.x + 2 * j, n - j));
    store_some_points(a + 2 * j, x * load_some_points(node.chirp + 2 * j, n - j), n - j);
  }
  std::memset(a + 2 * n, 0, sizeof(float) * 2 * (length - n));
  transform_row(*node.left, {a, b, false, 1.0f}, pool);
  transform_row(*node.left, {b, a, true, 1.0f, node.filter}, pool);
  const F32 scale = splat(args.scale);
  for (std::size_t k = 0; k < n; k += kLanes) {
    const Points x = load_some_points(a + 2 * k, n - k) * load_some_points(node.chirp + 2 * k, n - k);
    store_some_points(args.out + 2 * k, exchanged_if(args.exchange, {x.re * scale, x.im * scale}), n - k);
  }
}

void transform_row(const FftNode& node, const RowArgs& args, ThreadPool* pool) {
  if (transform_sixteen(node, args)) return;
  if (node.kind == FftKind::bluestein) return row_by_bluestein(node, args, pool);
  if (node.rows_in_lanes) {
    return args.exchange ? row_by_lanes<true>(node, args, pool) : row_by_lanes<false>(node, args, pool);
  }
  return args.exchange ? row_by_rows<true>(node, args, pool) : row_by_rows<false>(node, args, pool);
}

}  // namespace
}  // namespace paragon::cpu
