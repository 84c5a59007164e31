// The kernel table: what one instruction set must provide, and the only way the run-time reaches it.
//
// Each family of kernels (families.def) is a file that is compiled once per instruction set (instruction_sets.def),
// with PARAGON_ISA defined to its name. In namespace paragon::cpu::PARAGON_ISA it defines `void
// fill_<family>(Kernels&)`, which enters its kernels into the table; kernels.cpp calls them all. Everything else in
// such a file has internal linkage, so that no code compiled for a newer processor leaks into the rest.
//
// Kernels are total: they are called with validated shapes only, allocate no more than their own scratch, throw nothing
// but std::bad_alloc, and give the words of docs/contract.md. All pointers are to dense row-major 32-bit words.
#pragma once

#include <cstddef>
#include <cstdint>

#include "contract/operations.h"

namespace paragon::cpu {

class ThreadPool;  // threads.h
class FftPlan;     // fft_plan.h

using paragon::Comparison;
using paragon::Dtype;

// An operand of an elementwise kernel: n words, or one word that stands for all n.
struct Operand {
  const void* data;
  bool scalar;
};
// out[i] = op(operands...[i]) for i in 0..n-1. `out` may be the very array of an operand, but overlap no other way.
using ElementwiseKernel = void (*)(const Operand* operands, void* out, std::size_t n);

inline constexpr std::size_t kOnePanel = 0;  // a `panel` of null: one chain, however long

// C[b] = A[b] . B[b]: M x K times K x N. Element (i, k) of A is a[i * a_row + k * a_col]; likewise B (k, j); C is
// dense. Matrix number m of the batch starts at a + a_offset[m] (null offsets: a batch of one).
struct MatmulArgs {
  const float* a;
  const float* b;
  float* c;
  std::size_t m, n, k;
  std::size_t a_row, a_col, b_row, b_col;
  std::size_t panel;
  std::size_t batch;
  const std::size_t* a_offset;  // [batch], in elements
  const std::size_t* b_offset;
  // k may be cut into runs of k_run steps, whose first elements are a_run and b_run apart. 0: k is one run.
  std::size_t k_run = 0, a_run = 0, b_run = 0;
};

// Reduces the middle axis of (outer, n, inner).
struct ReduceArgs {
  const void* x;
  void* out;
  std::size_t outer, n, inner;
  std::size_t panel;  // sum only
};

// h[t] = fma(a[t], h[t-1], b[t]) along the middle axis of (outer, n, inner); h0 is (outer, inner).
struct ScanArgs {
  const float* a;
  const float* b;
  const float* h0;
  float* out;
  std::size_t outer, n, inner;
  bool reverse;
};

// The image side is (n, c, h, w), the window side (n, c * kh * kw, oh, ow), with the channels before the positions.
struct WindowArgs {
  const void* x;
  void* out;
  std::size_t n, c, h, w, oh, ow;
  std::size_t kernel[2], stride[2], dilation[2];
  std::size_t padding[4];  // top, bottom, left, right
  std::size_t panel;       // fold only
};

// The table side is (outer, size, inner), the picked side (outer, count, inner), the indices [count].
struct IndexArgs {
  const void* x;
  const std::int32_t* indices;
  void* out;
  std::size_t outer, size, inner, count;
  std::size_t panel;  // scatter_add only
};

struct BitsArgs {
  const std::uint32_t* seed;  // [2]
  std::uint32_t step, stream;
  unsigned width;
  std::uint32_t* out;
  std::size_t n;
};

// Rows of points: complex ones, (rows, n, 2), on both sides of fft; real ones, (rows, n), before rfft and after irfft,
// whose other side is (rows, n / 2 + 1, 2).
struct FftArgs {
  const FftPlan* plan;  // of the same n
  const float* x;
  float* out;
  std::size_t rows, n;
  bool inverse;  // fft only
  float scale;
};

struct Kernels {
  const char* isa;

  // By the operation, the word of its attribute (operations.def; 0 where it has none), and the dtype of the first
  // operand. Null where the contract has no such operation.
  ElementwiseKernel elementwise[kOps][kMostChoices][kDtypes];

  ElementwiseKernel find(Op op, Dtype operand, std::size_t word = 0) const {
    return elementwise[index_of(op)][word][index_of(operand)];
  }
  void enter(Op op, Dtype operand, ElementwiseKernel kernel, std::size_t word = 0) {
    elementwise[index_of(op)][word][index_of(operand)] = kernel;
  }

  // Composites of f32, each step rounded as the contract says.
  ElementwiseKernel sigmoid;         // of x
  ElementwiseKernel exp_difference;  // exp(x - y)
  ElementwiseKernel where_positive;  // of x and y: +0 where x <= 0, else y

  void (*matmul)(const MatmulArgs&, ThreadPool&);
  void (*sum[kDtypes])(const ReduceArgs&, ThreadPool&);
  void (*max[kDtypes])(const ReduceArgs&, ThreadPool&);
  void (*argmax[kDtypes])(const ReduceArgs&, ThreadPool&);  // out is i32
  void (*scan)(const ScanArgs&, ThreadPool&);
  void (*unfold)(const WindowArgs&, ThreadPool&);  // moves words
  void (*fold[kDtypes])(const WindowArgs&, ThreadPool&);
  void (*gather)(const IndexArgs&, ThreadPool&);  // moves words
  void (*scatter_add[kDtypes])(const IndexArgs&, ThreadPool&);
  void (*bits)(const BitsArgs&, ThreadPool&);
  void (*fft)(const FftArgs&, ThreadPool&);
  void (*rfft)(const FftArgs&, ThreadPool&);
  void (*irfft)(const FftArgs&, ThreadPool&);
};

}  // namespace paragon::cpu
