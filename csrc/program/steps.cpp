#include "steps.h"

namespace paragon {

void MatmulStep::run(const Context& context) const {
  cpu::MatmulArgs bound = args;
  bound.a = context.at<float>(a);
  bound.b = context.at<float>(b);
  bound.c = context.at<float>(c);
  kernel(bound, context.pool);
}

void ReduceStep::run(const Context& context) const {
  cpu::ReduceArgs bound = args;
  bound.x = context.at(x);
  bound.out = context.at(out);
  kernel(bound, context.pool);
}

void ScanStep::run(const Context& context) const {
  cpu::ScanArgs bound = args;
  bound.a = context.at<float>(a);
  bound.b = context.at<float>(b);
  bound.h0 = context.at<float>(h0);
  bound.out = context.at<float>(out);
  kernel(bound, context.pool);
}

void WindowStep::run(const Context& context) const {
  cpu::WindowArgs bound = args;
  bound.x = context.at(x);
  bound.out = context.at(out);
  kernel(bound, context.pool);
}

void IndexStep::run(const Context& context) const {
  cpu::IndexArgs bound = args;
  bound.x = context.at(x);
  bound.indices = context.at<std::int32_t>(indices);
  bound.out = context.at(out);
  kernel(bound, context.pool);
}

void BitsStep::run(const Context& context) const {
  cpu::BitsArgs bound = args;
  bound.seed = context.at(seed);
  bound.step = *context.at(step);
  bound.out = context.at(out);
  kernel(bound, context.pool);
}

void FftStep::run(const Context& context) const {
  cpu::FftArgs bound = args;
  bound.x = context.at<float>(x);
  bound.out = context.at<float>(out);
  kernel(bound, context.pool);
}

void OneHotStep::run(const Context& context) const {
  cpu::one_hot(context.at<std::int32_t>(indices), n, depth, context.at<float>(out), context.pool);
}

void CopyStep::run(const Context& context) const {
  if (filled) cpu::fill(word, context.at(out), words, context.pool);
  for (const Part& part : parts) cpu::copy(part.args, context.at(part.from), context.at(part.to), context.pool);
}

}  // namespace paragon
