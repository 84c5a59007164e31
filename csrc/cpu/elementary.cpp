// The kernels of the correctly rounded elementary functions; elementary_f32.h computes them.
#include "cpu/elementary_f32.h"
#include "cpu/kernels.h"
#include "cpu/map.h"

namespace paragon::cpu::PARAGON_ISA {

void fill_elementary(Kernels& kernels) {
  const auto enter = [&](Op op, ElementwiseKernel kernel) { kernels.enter(op, Dtype::f32, kernel); };
  enter(Op::exp, map<[](F32 x) { return exp(x); }, float, float>);
  enter(Op::expm1, map<[](F32 x) { return expm1(x); }, float, float>);
  enter(Op::log, map<[](F32 x) { return log(x); }, float, float>);
  enter(Op::log1p, map<[](F32 x) { return log1p(x); }, float, float>);
  enter(Op::tanh, map<[](F32 x) { return tanh(x); }, float, float>);
  enter(Op::erf, map<[](F32 x) { return erf(x); }, float, float>);
  enter(Op::sinpi, map<[](F32 x) { return sinpi(x); }, float, float>);
  enter(Op::cospi, map<[](F32 x) { return cospi(x); }, float, float>);
  kernels.exp_difference = map<[](F32 x, F32 y) { return exp(x - y); }, float, float, float>;
  kernels.sigmoid = map<[](F32 x) {
    const F32 one = splat(1.0f), e = exp(as<F32>(as<U32>(x) | splat(0x80000000u)));
    return select(x >= F32{}, one, e) / (e + one);
  },
                        float, float>;
}

}  // namespace paragon::cpu::PARAGON_ISA
