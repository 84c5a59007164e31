// The elementwise kernels of the basic operations: arithmetic, comparisons, select, casts. See kernels.h for their form
// and contract/basic.h for what they compute.
#include "contract/round_to.h"
#include "cpu/kernels.h"
#include "cpu/map.h"
#include "cpu/simd.h"

namespace paragon::cpu::PARAGON_ISA {
namespace {

// Integers wrap, so they are added, subtracted and multiplied as u32 whatever their sign.
constexpr auto kAdd = [](auto a, auto b) { return a + b; };
constexpr auto kSub = [](auto a, auto b) { return a - b; };
constexpr auto kMul = [](auto a, auto b) { return a * b; };
constexpr auto kDiv = [](F32 a, F32 b) { return a / b; };
constexpr auto kFma = [](F32 a, F32 b, F32 c) { return fma(a, b, c); };
constexpr auto kSqrt = [](F32 a) { return sqrt(a); };
constexpr auto kNegate = [](U32 a) { return U32{} - a; };
constexpr auto kFlipSign = [](U32 a) { return a ^ splat(0x80000000u); };
constexpr auto kClearSign = [](U32 a) { return a & splat(0x7fffffffu); };
constexpr auto kAbs = [](I32 a) {
  const U32 sign = as<U32>(a >> 31);
  return (as<U32>(a) ^ sign) - sign;
};
constexpr auto kCopy = [](U32 a) { return a; };

template <class T>
constexpr auto kMaximum = [](Vec<T> a, Vec<T> b) { return select(a > b, a, b); };
template <class T>
constexpr auto kMinimum = [](Vec<T> a, Vec<T> b) { return select(a < b, a, b); };

// Equal floats have equal words but for the zeros, of which `and` finds +0 and `or` -0. A sum with a NaN is NaN.
constexpr auto kMaximumF32 = [](F32 a, F32 b) {
  const F32 larger = select(a > b, a, b);
  const F32 ordered = select(a == b, as<F32>(as<U32>(a) & as<U32>(b)), larger);
  return select((a != a) | (b != b), a + b, ordered);
};
constexpr auto kMinimumF32 = [](F32 a, F32 b) {
  const F32 smaller = select(a < b, a, b);
  const F32 ordered = select(a == b, as<F32>(as<U32>(a) | as<U32>(b)), smaller);
  return select((a != a) | (b != b), a + b, ordered);
};

PARAGON_INLINE I32 one_where(Mask<4> m) { return select(m, splat(std::int32_t{1}), I32{}); }
constexpr auto kLt = [](auto a, auto b) { return one_where(a < b); };
constexpr auto kLe = [](auto a, auto b) { return one_where(a <= b); };
constexpr auto kEq = [](auto a, auto b) { return one_where(a == b); };
constexpr auto kNe = [](auto a, auto b) { return one_where(a != b); };
constexpr auto kGe = [](auto a, auto b) { return one_where(a >= b); };
constexpr auto kGt = [](auto a, auto b) { return one_where(a > b); };

template <class C>
constexpr auto kSelect = [](Vec<C> c, U32 a, U32 b) { return select(c != Vec<C>{}, a, b); };

constexpr auto kWherePositive = [](F32 x, F32 y) { return select(x <= F32{}, F32{}, y); };

// The conversion instruction only sees what it can convert; what lies outside (NaN: 0) is put in afterwards.
constexpr auto kF32ToI32 = [](F32 x) {
  const F32 limit = splat(0x1p31f);
  const Mask<4> above = x >= limit, below = x < F32{} - limit;
  const I32 inside = to_i32(select(above | below | (x != x), F32{}, x));
  const I32 largest = splat(std::int32_t{0x7fffffff});
  return select(above, largest, select(below, ~largest, inside));
};
constexpr auto kF32ToU32 = [](F32 x) {
  const F32 half = splat(0x1p31f);
  const Mask<4> upper = x >= half, above = x >= splat(0x1p32f);
  const F32 low = select(upper, x - half, x);
  const U32 inside = as<U32>(to_i32(select((x > F32{}) & ~above, low, F32{})));
  return select(above, ~U32{}, select(upper, inside ^ splat(0x80000000u), inside));
};
constexpr auto kToF32 = [](auto x) { return to_f32(x); };

// The words of magnitudes are in the order of the numbers, so they are rounded and compared as integers. Below the
// format's normal numbers all its values are equally far apart: a sum with a number whose last bit is worth as much
// rounds to them.
template <Format format>
constexpr auto kRoundTo = [](U32 x) {
  constexpr contract::FloatFormat kFormat = contract::float_format(format);
  constexpr int kDropped = 24 - kFormat.precision;  // bits of the significand
  constexpr std::uint32_t kOne = 127;               // the exponent field of 1
  constexpr std::uint32_t kNormal = (kOne + static_cast<std::uint32_t>(kFormat.min_exponent)) << 23;
  constexpr std::uint32_t kCoarse = kNormal + (std::uint32_t{kDropped} << 23);
  const U32 sign = x & splat(0x80000000u), magnitude = x ^ sign;
  const U32 odd = magnitude >> kDropped & splat(1u);
  const U32 normal = (magnitude + odd + splat((1u << (kDropped - 1)) - 1)) & splat(~0u << kDropped);
  const F32 coarse = as<F32>(splat(kCoarse));
  const U32 subnormal = as<U32>((as<F32>(magnitude) + coarse) - coarse);
  const I32 found = as<I32>(select(as<I32>(magnitude) < as<I32>(splat(kNormal)), subnormal, normal));
  const I32 largest = as<I32>(splat(__builtin_bit_cast(std::uint32_t, kFormat.largest)));
  const I32 infinity = as<I32>(splat(0x7f800000u)), overflow = kFormat.infinity ? infinity : infinity | infinity >> 1;
  const I32 finite_or_not = select(found > largest, overflow, found);
  return sign | as<U32>(select(as<I32>(magnitude) > infinity, as<I32>(magnitude), finite_or_not));
};

using f32 = float;
using i32 = std::int32_t;
using u32 = std::uint32_t;

void fill_arithmetic(Kernels& kernels) {
  const auto enter = [&](Op op, ElementwiseKernel of_f32, ElementwiseKernel of_i32, ElementwiseKernel of_u32) {
    kernels.enter(op, Dtype::f32, of_f32);
    kernels.enter(op, Dtype::i32, of_i32);
    kernels.enter(op, Dtype::u32, of_u32);
  };
  enter(Op::add, map<kAdd, f32, f32, f32>, map<kAdd, u32, u32, u32>, map<kAdd, u32, u32, u32>);
  enter(Op::sub, map<kSub, f32, f32, f32>, map<kSub, u32, u32, u32>, map<kSub, u32, u32, u32>);
  enter(Op::mul, map<kMul, f32, f32, f32>, map<kMul, u32, u32, u32>, map<kMul, u32, u32, u32>);
  enter(Op::div, map<kDiv, f32, f32, f32>, nullptr, nullptr);
  enter(Op::fma, map<kFma, f32, f32, f32, f32>, nullptr, nullptr);
  enter(Op::sqrt, map<kSqrt, f32, f32>, nullptr, nullptr);
  enter(Op::neg, map<kFlipSign, u32, u32>, map<kNegate, u32, u32>, map<kNegate, u32, u32>);
  enter(Op::abs, map<kClearSign, u32, u32>, map<kAbs, u32, i32>, nullptr);
  enter(Op::maximum, map<kMaximumF32, f32, f32, f32>, map<kMaximum<i32>, i32, i32, i32>,
        map<kMaximum<u32>, u32, u32, u32>);
  enter(Op::minimum, map<kMinimumF32, f32, f32, f32>, map<kMinimum<i32>, i32, i32, i32>,
        map<kMinimum<u32>, u32, u32, u32>);
}

template <class T>
void fill_comparisons(Kernels& kernels, Dtype dtype) {
  const auto enter = [&](Comparison how, ElementwiseKernel kernel) {
    kernels.enter(Op::compare, dtype, kernel, index_of(how));
  };
  enter(Comparison::lt, map<kLt, i32, T, T>);
  enter(Comparison::le, map<kLe, i32, T, T>);
  enter(Comparison::eq, map<kEq, i32, T, T>);
  enter(Comparison::ne, map<kNe, i32, T, T>);
  enter(Comparison::ge, map<kGe, i32, T, T>);
  enter(Comparison::gt, map<kGt, i32, T, T>);
  kernels.enter(Op::select, dtype, map<kSelect<T>, u32, T, u32, u32>);
}

void fill_casts(Kernels& kernels) {
  const auto enter = [&](Dtype from, Dtype to, ElementwiseKernel kernel) {
    kernels.enter(Op::cast, from, kernel, index_of(to));
  };
  constexpr ElementwiseKernel copy = map<kCopy, u32, u32>;
  enter(Dtype::f32, Dtype::f32, copy);
  enter(Dtype::f32, Dtype::i32, map<kF32ToI32, i32, f32>);
  enter(Dtype::f32, Dtype::u32, map<kF32ToU32, u32, f32>);
  enter(Dtype::i32, Dtype::f32, map<kToF32, f32, i32>);
  enter(Dtype::i32, Dtype::i32, copy);
  enter(Dtype::i32, Dtype::u32, copy);
  enter(Dtype::u32, Dtype::f32, map<kToF32, f32, u32>);
  enter(Dtype::u32, Dtype::i32, copy);
  enter(Dtype::u32, Dtype::u32, copy);
}

template <Format format>
void fill_round_to(Kernels& kernels) {
  kernels.enter(Op::round_to, Dtype::f32, map<kRoundTo<format>, u32, u32>, index_of(format));
}

}  // namespace

void fill_elementwise(Kernels& kernels) {
  fill_arithmetic(kernels);
  fill_comparisons<f32>(kernels, Dtype::f32);
  fill_comparisons<i32>(kernels, Dtype::i32);
  fill_comparisons<u32>(kernels, Dtype::u32);
  fill_casts(kernels);
  fill_round_to<Format::f16>(kernels);
  fill_round_to<Format::bf16>(kernels);
  fill_round_to<Format::e4m3fn>(kernels);
  fill_round_to<Format::e5m2>(kernels);
  kernels.where_positive = map<kWherePositive, f32, f32, f32>;
}

}  // namespace paragon::cpu::PARAGON_ISA
