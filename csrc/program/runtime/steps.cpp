// How each step puts addresses into its arguments and calls its kernel, for all rows or for some, and says so in words.
#include "program/runtime/steps.h"

#include <utility>

#include "program/runtime/describe.h"

namespace paragon {

void MatmulStep::transpose() {
  std::swap(args.m, args.n);
  std::swap(a, b);
  std::swap(args.a_row, args.b_col);
  std::swap(args.a_col, args.b_row);
  std::swap(args.a_run, args.b_run);
  a_offset.swap(b_offset);
}

void MatmulStep::run(const Context& context) const { run_rows(context, nullptr, args.batch, 0, args.batch); }

// The rows are the matrices of the batch.
bool MatmulStep::rows_apart(std::size_t rows, const WordsInStrip& written) const {
  if (args.batch != rows || args.batch == 1) return false;
  const auto apart = [&](const Place& place, const std::vector<std::size_t>& offsets, std::size_t span) {
    const std::size_t words = written(place.buffer), row = words / rows;
    if (words == 0) return true;
    if (place.offset != 0 || words % rows != 0 || span >= row || args.k_run != args.k) return false;
    for (std::size_t r = 0; r < rows; ++r) {
      if (offsets[r] != r * row) return false;
    }
    return true;
  };
  return apart(a, a_offset, (args.m - 1) * args.a_row + (args.k - 1) * args.a_col) &&
         apart(b, b_offset, (args.k - 1) * args.b_row + (args.n - 1) * args.b_col);
}

void MatmulStep::run_rows(const Context& context, Word*, std::size_t, std::size_t first, std::size_t last) const {
  cpu::MatmulArgs bound = args;
  bound.batch = last - first;
  bound.a = context.at<float>(a);
  bound.b = context.at<float>(b);
  bound.c = context.at<float>(c) + first * args.m * args.n;
  if (bound.batch > 1) {
    bound.a_offset = a_offset.data() + first;
    bound.b_offset = b_offset.data() + first;
  } else if (args.batch > 1) {
    bound.a += a_offset[first];
    bound.b += b_offset[first];
  }
  kernel(bound, context.pool);
}

void ReduceStep::run(const Context& context) const { run_rows(context, nullptr, args.outer, 0, args.outer); }

bool ReduceStep::rows_apart(std::size_t rows, const WordsInStrip& written) const {
  const std::size_t words = written(x.buffer);
  return args.inner == 1 && args.outer == rows && (words == 0 || (x.offset == 0 && words == rows * args.n));
}

void ReduceStep::run_rows(const Context& context, Word*, std::size_t, std::size_t first, std::size_t last) const {
  cpu::ReduceArgs bound = args;
  bound.x = context.at(x) + first * args.n;  // inner is 1, or first 0
  bound.out = context.at(out) + first;
  bound.outer = last - first;
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

// --- in words --------------------------------------------------------------------------------------------------------

namespace {

std::string panels(std::size_t panel) { return panel == cpu::kOnePanel ? "" : join(", panel ", panel); }

}  // namespace

void MatmulStep::describe(PlanText& text) const {
  const std::string batch = args.batch == 1 ? "" : join(args.batch, " times ");
  text.step(join("matmul ", batch, "[", args.m, ",", args.k, "] . [", args.k, ",", args.n, "]", panels(args.panel)),
            {a, b}, c);
}

void ReduceStep::describe(PlanText& text) const {
  text.step(join(name(op), " of [", args.outer, ",", args.n, ",", args.inner, "] over axis 1", panels(args.panel)), {x},
            out);
}

void ScanStep::describe(PlanText& text) const {
  const char* reverse = args.reverse ? ", reverse" : "";
  text.step(join("scan of [", args.outer, ",", args.n, ",", args.inner, "] along axis 1", reverse), {a, b, h0}, out);
}

void WindowStep::describe(PlanText& text) const {
  text.step(join(name(op), " of ", args.kernel[0], " x ", args.kernel[1], " windows, image [", args.n, ",", args.c, ",",
                 args.h, ",", args.w, "]", panels(args.panel)),
            {x}, out);
}

void IndexStep::describe(PlanText& text) const {
  text.step(join(name(op), " of ", args.count, " from or to [", args.outer, ",", args.size, ",", args.inner,
                 "] along axis 1", panels(args.panel)),
            {x, indices}, out);
}

void BitsStep::describe(PlanText& text) const {
  text.step(join("bits of width ", args.width, ", stream ", args.stream), {seed, step}, out);
}

void FftStep::describe(PlanText& text) const {
  text.step(join(name(op), " of ", args.rows, " rows of ", args.n, " points"), {x}, out);
}

void OneHotStep::describe(PlanText& text) const { text.step(join("one_hot of depth ", depth), {indices}, out); }

void CopyStep::describe(PlanText& text) const {
  std::vector<Place> reads;
  for (const Part& part : parts) reads.push_back(part.from);
  text.step(filled && parts.empty() ? "fill" : filled ? "fill and copy" : "copy", reads, filled ? out : parts[0].to);
}

}  // namespace paragon
