// SIMD128 of WebAssembly: 16-byte vectors, no fma.
#pragma once

#include <wasm_simd128.h>

#include "cpu/simd/sixteen_bytes.h"

namespace paragon::cpu {
namespace {

inline constexpr std::size_t kRegisters = 16;  // of the processor that runs it, at least

template <std::size_t B>
PARAGON_INLINE bool any(Mask<B> a) {
  return wasm_v128_any_true((v128_t)a.m);
}

// ---- memory ----

PARAGON_INLINE F64 load_widened(const float* p) { return {F64::Raw{p[0], p[1]}}; }
PARAGON_INLINE void store_narrowed(float* p, F64 x) {
  p[0] = static_cast<float>(x.v[0]);
  p[1] = static_cast<float>(x.v[1]);
}

// ---- conversions ----

PARAGON_INLINE F64 widen_low(F32 x) { return {(F64::Raw)wasm_f64x2_promote_low_f32x4((v128_t)x.v)}; }
PARAGON_INLINE F64 widen_high(F32 x) { return widen_low(F32{__builtin_shufflevector(x.v, x.v, 2, 3, 2, 3)}); }
PARAGON_INLINE F32 narrow(F64 low, F64 high) {
  return {__builtin_shufflevector((F32::Raw)wasm_f32x4_demote_f64x2_zero((v128_t)low.v),
                                  (F32::Raw)wasm_f32x4_demote_f64x2_zero((v128_t)high.v), 0, 1, 4, 5)};
}

}  // namespace
}  // namespace paragon::cpu

#include "cpu/simd/plain_arithmetic.h"
#include "cpu/simd/emulated_fma.h"
