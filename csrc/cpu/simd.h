// SIMD for one translation unit: vectors of 32- and 64-bit lanes as wide as the flags of the translation unit allow,
// with IEEE 754 arithmetic. One file a target, in simd/; this one says what each must provide, and picks one.
//
// Everything has internal linkage, so that code compiled for a newer processor never stands in for another unit's.
// Units that include this file keep to that: no non-trivial templates or inline functions of the standard library.
// GCC and Clang vector extensions give most operations (simd/vectors.h); a target adds only what they lack or do badly.
// Needs -ffp-contract=off -fno-math-errno, and no fast-math.
//
// clang-format off
// Types
//   Vec<T>                    T::lanes lanes; F32, I32, U32 have kLanes of them, F64 and U64 half as many
//   Mask<Bytes>, MaskOf<T>    a truth value for each lane of Bytes bytes, or of T
// Constants
//   kVectorBytes, kLanes      of a vector; 32-bit lanes of it
//   kRegisters                the vector registers of the processor
//   kHasFma                   whether `fma` is one instruction
// Every lane by itself
//   + - * /                   of floats and integers; integers wrap
//   & | ^ ~ << >>             of integers (floats go through as<U32> or as<U64>)
//   < <= > >= == !=           a Mask; & | ^ ~ of masks, and any(m), all(m) over the lanes
//   select(m, yes, no)        yes where m, else no
//   sqrt(x)                   correctly rounded
//   fma(a, b, c), fms         a * b + c, a * b - c of floats, rounded once on every target
//   mul_add(a, b, c)          a * b + c of doubles, fused where the hardware can, else rounded twice: for code that is
//                             proven with both
//   greater(a, b), lesser     a > b ? a : b and a < b ? a : b, so b where one is NaN (F32 has no `lesser`)
//   multiply_words(a, b)      the 64-bit products of the low words of 64-bit lanes
// Conversions
//   as<To>(x)                 the same bits as another type of vector
//   splat(x)                  x in every lane
//   widen_low(x), widen_high  the first and the second half of the lanes as doubles, exact
//   narrow(low, high)         back to floats, rounded once
//   round_to_f32(x)           each double to the nearest float, still a double
//   to_f32(x)                 of I32 and U32, to nearest even
//   to_i32(x)                 truncates; |x| < 2^31
// Memory; no alignment is needed but that of a 32-bit word
//   load(p), store(p, x)      a whole vector
//   load_partial(p, n), store_partial(p, x, n)
//                             n <= lanes words only; the other lanes load as zero
//   load_widened(p), store_narrowed(p, x)
//                             as many floats as a vector has doubles
//   load_transposed(start, column)
//                             lane l of column[j] = element j of the array that begins at start(l)
// Shuffles (simd/shuffles.h)
//   interleave_low(a, b), interleave_high, pick<Pattern>(a, b), transpose(rows), transpose_groups, exchange_groups
// clang-format on
//
// To add a target: a file beside the others, a line below, and a line of instruction_sets.def with its flags.
#pragma once

#include <cfloat>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#if defined(__FAST_MATH__) || (defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0)
#error "The contract needs plain IEEE 754 arithmetic: no fast-math, no excess precision."
#endif

#if defined(PARAGON_SIMD_GENERIC)  // asked for: by the tests, which hold it to the contract on any machine
#include "cpu/simd/generic.h"
#elif defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512DQ__) && defined(__AVX512BW__)
#include "cpu/simd/avx512.h"
#elif defined(__AVX2__) && defined(__FMA__)
#include "cpu/simd/avx2.h"
#elif defined(__SSE2__)
#include "cpu/simd/sse2.h"
#elif defined(__aarch64__)
#include "cpu/simd/neon.h"
#elif defined(__wasm_simd128__)
#include "cpu/simd/wasm.h"
#else
#include "cpu/simd/generic.h"
#endif
