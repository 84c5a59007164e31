#include "steps.h"

#include <utility>

namespace paragon {

void MatmulStep::transpose() {
  std::swap(args.m, args.n);
  std::swap(a, b);
  std::swap(args.a_row, args.b_col);
  std::swap(args.a_col, args.b_row);
  std::swap(args.a_run, args.b_run);
  a_offset.swap(b_offset);
}

void MatmulStep::run(const Context& context) const {
  cpu::MatmulArgs bound = args;
  if (args.batch > 1) {
    bound.a_offset = a_offset.data();
    bound.b_offset = b_offset.data();
  }
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
  cpu::one_hot(context.at<std::int32_t>(indices), outer, depth, inner, context.at<float>(out), context.pool);
}

void CopyStep::run(const Context& context) const {
  if (filled) cpu::fill(word, context.at(out), words, context.pool);
  for (const Part& part : parts) cpu::copy(part.args, context.at(part.from), context.at(part.to), context.pool);
}

}  // namespace paragon
