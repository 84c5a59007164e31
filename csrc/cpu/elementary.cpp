// The kernels of the correctly rounded elementary functions; elementary.h computes them.
#include "cpu/elementary.h"

#include "cpu/kernels.h"

namespace paragon::cpu::PARAGON_ISA {
namespace {

template <auto function>
void kernel(const Operand* operands, void* out, std::size_t n) {
  const float* x = static_cast<const float*>(operands[0].data);
  float* y = static_cast<float*>(out);
  float block[F64::lanes] = {};
  if (operands[0].scalar && n > 0) {
    block[0] = *x;
    store_narrowed(block, function(load_widened(block)));
    for (std::size_t i = 0; i < n; ++i) y[i] = block[0];
    return;
  }
  for (; n >= F64::lanes; n -= F64::lanes, x += F64::lanes, y += F64::lanes) {
    store_narrowed(y, function(load_widened(x)));
  }
  if (n > 0) {
    for (std::size_t i = 0; i < n; ++i) block[i] = x[i];
    store_narrowed(block, function(load_widened(block)));
    for (std::size_t i = 0; i < n; ++i) y[i] = block[i];
  }
}

}  // namespace

void fill_elementary(Kernels& kernels) {
  const auto enter = [&](Elementwise op, ElementwiseKernel of_f32) {
    ElementwiseKernel* row = kernels.elementwise[static_cast<int>(op)];
    row[static_cast<int>(Dtype::f32)] = of_f32;
    row[static_cast<int>(Dtype::i32)] = nullptr;
    row[static_cast<int>(Dtype::u32)] = nullptr;
  };
  enter(Elementwise::exp, kernel<[](F64 x) { return exp(x); }>);
  enter(Elementwise::expm1, kernel<[](F64 x) { return expm1(x); }>);
  enter(Elementwise::log, kernel<[](F64 x) { return log(x); }>);
  enter(Elementwise::log1p, kernel<[](F64 x) { return log1p(x); }>);
  enter(Elementwise::tanh, kernel<[](F64 x) { return tanh(x); }>);
  enter(Elementwise::erf, kernel<[](F64 x) { return erf(x); }>);
  enter(Elementwise::sinpi, kernel<[](F64 x) { return sinpi(x); }>);
  enter(Elementwise::cospi, kernel<[](F64 x) { return cospi(x); }>);
}

}  // namespace paragon::cpu::PARAGON_ISA
