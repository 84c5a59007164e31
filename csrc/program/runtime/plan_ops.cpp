// From operations to calls of kernels: operands as the kernels want them.
#include <algorithm>

#include "contract/fft.h"
#include "program/error.h"
#include "program/runtime/planner.h"

namespace paragon {

namespace {

// A shape cut in three at an axis, or around a run of axes.
struct Cut {
  std::size_t outer = 1, n = 1, inner = 1;
};
Cut cut(const Shape& shape, std::size_t axis, std::size_t axes = 1) {
  Cut c;
  for (std::size_t k = 0; k < shape.size(); ++k) {
    std::size_t& part = k < axis ? c.outer : k < axis + axes ? c.n : c.inner;
    part *= static_cast<std::size_t>(shape[k]);
  }
  return c;
}

std::size_t panel_of(const Operation& operation) { return static_cast<std::size_t>(operation.number(Key::panel)); }
std::size_t axis_of(const Operation& operation) { return static_cast<std::size_t>(operation.number(Key::axis)); }

// An operand of a matmul: the parts of its rows and columns (after the transpose flag), and of the leading axes,
// aligned with the result's.
struct Matrices {
  std::vector<Digit> lead, rows, columns;
};

std::optional<Matrices> matrices(const View& view, const Shape& shape, bool transpose, const Shape& out) {
  auto axes = digits(view, shape);
  if (!axes) return std::nullopt;
  const std::size_t r = shape.size(), added = out.size() - r;
  Matrices m{{}, std::move((*axes)[r - 2]), std::move((*axes)[r - 1])};
  if (transpose) std::swap(m.rows, m.columns);
  for (std::size_t k = 0; k + 2 < out.size(); ++k) {
    if (k < added || shape[k - added] == 1) {
      m.lead.push_back({out[k], 0});
    } else {
      m.lead.insert(m.lead.end(), (*axes)[k - added].begin(), (*axes)[k - added].end());
    }
  }
  return m;
}

std::size_t length(const std::vector<Digit>& axis) {
  std::size_t product = 1;
  for (const Digit& digit : axis) product *= static_cast<std::size_t>(digit.extent);
  return product;
}

// Joins the leading axes to the rows where they lie at even distances: one tall product instead of a batch.
void stack(Matrices& m) {
  std::vector<Digit> joined;
  for (const std::vector<Digit>* part : {&m.lead, &m.rows}) {
    for (const Digit& digit : *part) {
      if (digit.extent == 1) continue;
      if (!joined.empty() && joined.back().stride == digit.stride * static_cast<std::ptrdiff_t>(digit.extent)) {
        joined.back() = {joined.back().extent * digit.extent, digit.stride};
      } else {
        joined.push_back(digit);
      }
    }
  }
  if (joined.empty()) joined.push_back({1, 1});
  m.lead.clear();
  m.rows = std::move(joined);
}

std::vector<std::size_t> offsets(const std::vector<Digit>& lead, std::size_t batch) {
  std::vector<std::size_t> list(batch);
  for (std::size_t b = 0; b < batch; ++b) {
    std::size_t rest = b;
    for (std::size_t k = lead.size(); k-- > 0;) {
      const auto extent = static_cast<std::size_t>(lead[k].extent);
      list[b] += rest % extent * static_cast<std::size_t>(lead[k].stride);
      rest /= extent;
    }
  }
  return list;
}

// The axis as runs of `run` evenly spaced elements, at even distances; false if it does not consist of such.
bool cut_runs(const std::vector<Digit>& axis, std::size_t run, std::size_t& step, std::size_t& jump) {
  const Digit& inner = axis.back();
  step = static_cast<std::size_t>(inner.stride);
  jump = axis.size() == 1 ? step * run : static_cast<std::size_t>(axis[0].stride);
  return axis.size() == 1 || (axis.size() == 2 && static_cast<std::size_t>(inner.extent) == run);
}

}  // namespace

void Planner::charge(std::size_t bytes) {
  if (bytes > options_.memory_limit - charged_) {
    fail("the program needs more than the memory limit of ", options_.memory_limit, " bytes; raise the limit");
  }
  charged_ += bytes;
}

void Planner::kernel_operation(std::size_t value, const Operation& operation) {
  switch (operation.op) {
    case Op::matmul: return matmul(value, operation);
    case Op::sum:
    case Op::max:
    case Op::argmax: return reduce(value, operation);
    case Op::scan: return scan(value, operation);
    case Op::unfold:
    case Op::fold: return window(value, operation);
    case Op::gather:
    case Op::scatter_add: return index(value, operation);
    case Op::pad: return pad(value, operation);
    case Op::concat: return concat(value, operation);
    case Op::fft:
    case Op::ifft:
    case Op::rfft:
    case Op::irfft: return fft(value, operation);
    case Op::one_hot: {
      const Place indices = dense(operation.inputs[0]);
      auto& step = add_step<OneHotStep>();
      const std::size_t axes = shape(value).size() - 1;  // the last one is new, and may lie where it is wished
      Order order = wishes_[value], old = order;
      old.erase(std::remove(old.begin(), old.end(), axes), old.end());
      if (order.empty() || old != natural_order(axes)) order = natural_order(axes + 1);
      const auto at = std::find(order.begin(), order.end(), axes) - order.begin();
      const Cut c = cut(shape(operation.inputs[0]), static_cast<std::size_t>(at), 0);
      step.outer = c.outer;
      step.depth = static_cast<std::size_t>(operation.number(Key::depth));
      step.inner = c.inner;
      step.indices = read(indices);
      step.out = write(value);
      views_[value] = ordered_view(step.out.buffer, shape(value), order);
      return;
    }
    case Op::bits: {
      const Place seed = dense(operation.inputs[0]), at = dense(operation.inputs[1]);
      auto& step = add_step<BitsStep>();
      step.kernel = kernels_.bits;
      step.args.stream = static_cast<std::uint32_t>(operation.number(Key::stream));
      step.args.width = static_cast<unsigned>(operation.number(Key::width));
      step.args.n = count(value);
      step.seed = read(seed);
      step.step = read(at);
      step.out = write(value);
      return;
    }
    default: fail("internal: no kernel for ", name(operation.op));
  }
}

// The matrices need not lie as they are meant. Where the rows of a are in pieces (the positions of images, with the
// channels before them), there is a product for each piece, and its result is laid out as a is. k may be in pieces,
// too.
void Planner::matmul(std::size_t value, const Operation& operation) {
  const std::uint32_t x = operation.inputs[0], y = operation.inputs[1];
  const bool transpose_a = operation.flag(Key::transpose_a), transpose_b = operation.flag(Key::transpose_b);
  const auto read_a = [&] { return matrices(views_[x], shape(x), transpose_a, shape(value)); };
  const auto read_b = [&] { return matrices(views_[y], shape(y), transpose_b, shape(value)); };
  auto a = read_a(), b = read_b();
  const auto lay_out = [&](std::uint32_t operand) {  // the operands may be one value
    dense(operand);
    a = read_a();
    b = read_b();
  };
  if (!a) lay_out(x);
  if (!b || b->columns.size() > 1) lay_out(y);
  cpu::MatmulArgs args{};
  args.m = length(a->rows);
  args.n = length(b->columns);
  args.k = args.k_run = length(a->columns);
  if (args.k == 0) {
    auto& step = add_step<CopyStep>();
    step.filled = true;
    step.words = count(value);
    step.out = write(value);
    return;
  }
  const auto runs = [&] {
    if (a->columns.size() + b->rows.size() > 2) {
      args.k_run = static_cast<std::size_t>((a->columns.size() > 1 ? a->columns : b->rows).back().extent);
    }
    return cut_runs(a->columns, args.k_run, args.a_col, args.a_run) &&
           cut_runs(b->rows, args.k_run, args.b_row, args.b_run);
  };
  if (!runs()) {
    lay_out(x);
    lay_out(y);
    args.k_run = args.k;
    runs();
  }
  const bool one_b =
      std::all_of(b->lead.begin(), b->lead.end(), [](const Digit& d) { return d.stride == 0 || d.extent == 1; });
  if (one_b) {
    stack(*a);
    b->lead.clear();
  }
  const bool by_pieces = a->rows.size() > 1;
  for (; a->rows.size() > 1; a->rows.erase(a->rows.begin())) {
    a->lead.push_back(a->rows[0]);
    b->lead.push_back({a->rows[0].extent, 0});
  }
  args.m = static_cast<std::size_t>(a->rows[0].extent);
  args.a_row = static_cast<std::size_t>(a->rows[0].stride);
  args.b_col = static_cast<std::size_t>(b->columns[0].stride);
  args.panel = panel_of(operation);
  args.batch = length(a->lead);

  auto& step = add_step<MatmulStep>();
  step.kernel = kernels_.matmul;
  step.a = read({views_[x].buffer, views_[x].offset});
  step.b = read({views_[y].buffer, views_[y].offset});
  step.c = write(value);
  if (args.batch > 1) {
    charge(2 * args.batch * sizeof(std::size_t));
    step.a_offset = offsets(a->lead, args.batch);
    step.b_offset = offsets(b->lead, args.batch);
  }
  step.args = args;
  if (by_pieces && args.a_row == 1) {
    const Shape products{static_cast<std::int64_t>(args.batch), static_cast<std::int64_t>(args.m),
                         static_cast<std::int64_t>(args.n)};
    views_[value] = ordered_view(step.c.buffer, products, {0, 2, 1});
    step.transpose();
  }
}

// The reduced axes must lie together in memory. Where they do not, the operand is laid out with the kept axes first.
void Planner::reduce(std::size_t value, const Operation& operation) {
  const std::uint32_t x = operation.inputs[0];
  const Shape& from = shape(x);
  const Shape axes = operation.op == Op::argmax ? Shape{operation.number(Key::axis)} : operation.list(Key::axes);
  const auto reduced = [&](std::size_t k) {
    return std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(k)) != axes.end();
  };
  // Cuts the axes in this order into kept, reduced, kept ones; false where neither they nor the elements are in order.
  Cut c;
  const auto cut_in = [&](const Order& order) {
    c = {};
    std::size_t last[2] = {0, 0};  // the axis before, of the kept and of the reduced ones
    bool inside = false, after = false;
    for (const std::size_t k : order) {
      if (from[k] == 1) continue;
      const bool in = reduced(k);
      if (k < last[in] || (in && after)) return false;
      last[in] = k;
      after = after || (inside && !in);
      inside = in;
      (in ? c.n : after ? c.inner : c.outer) *= static_cast<std::size_t>(from[k]);
    }
    return true;
  };
  Order kept_first;
  for (const bool last : {false, true}) {
    for (std::size_t k = 0; k < from.size(); ++k) {
      if (reduced(k) == last) kept_first.push_back(k);
    }
  }
  const Order order = memory_order(view(x));
  Place place{view(x).buffer, view(x).offset};
  if (elements(from) == 0) {
    c = {count(value), 0, 1};
  } else if (!view(x).permuted(order).is_dense() || !cut_in(order)) {
    // The axis that is innermost in memory stays so: whole rows are copied.
    if (cut_in(natural_order(from.size())) && !reduced(order.back())) {
      place = dense(x);
    } else {
      place = copied(view(x).permuted(kept_first));
      cut_in(kept_first);
    }
  }

  auto& step = add_step<ReduceStep>();
  const std::size_t dtype = index_of(program_.dtype(x));
  step.kernel = operation.op == Op::sum   ? kernels_.sum[dtype]
                : operation.op == Op::max ? kernels_.max[dtype]
                                          : kernels_.argmax[dtype];
  step.args = {nullptr, nullptr, c.outer, c.n, c.inner, operation.op == Op::sum ? panel_of(operation) : cpu::kOnePanel};
  step.x = read(place);
  step.out = write(value);
}

void Planner::scan(std::size_t value, const Operation& operation) {
  Place places[3];
  for (std::size_t i = 0; i < 3; ++i) places[i] = dense(operation.inputs[i]);
  const Cut c = cut(shape(value), axis_of(operation));
  auto& step = add_step<ScanStep>();
  step.kernel = kernels_.scan;
  step.args = {nullptr, nullptr, nullptr, nullptr, c.outer, c.n, c.inner, operation.flag(Key::reverse)};
  step.a = read(places[0]);
  step.b = read(places[1]);
  step.h0 = read(places[2]);
  step.out = write(value);
}

void Planner::window(std::size_t value, const Operation& operation) {
  const std::uint32_t x = operation.inputs[0];
  const bool folds = operation.op == Op::fold;
  const Shape& image = folds ? shape(value) : shape(x);
  const Shape& windows = folds ? shape(x) : shape(value);
  const Place place = folds ? arranged(x, kChannelsFirst) : dense(x);
  auto& step = add_step<WindowStep>();
  step.kernel = folds ? kernels_.fold[index_of(operation.dtype)] : kernels_.unfold;
  cpu::WindowArgs& args = step.args;
  const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
  args.n = size(image[0]);
  args.c = size(image[1]);
  args.h = size(image[2]);
  args.w = size(image[3]);
  args.oh = size(windows[1]);
  args.ow = size(windows[2]);
  std::transform(operation.list(Key::kernel).begin(), operation.list(Key::kernel).end(), args.kernel, size);
  std::transform(operation.list(Key::stride).begin(), operation.list(Key::stride).end(), args.stride, size);
  std::transform(operation.list(Key::dilation).begin(), operation.list(Key::dilation).end(), args.dilation, size);
  std::transform(operation.list(Key::padding).begin(), operation.list(Key::padding).end(), args.padding, size);
  args.panel = folds ? panel_of(operation) : cpu::kOnePanel;
  step.x = read(place);
  step.out = write(value);
  if (!folds) views_[value] = ordered_view(step.out.buffer, shape(value), kChannelsFirst);
}

void Planner::index(std::size_t value, const Operation& operation) {
  const std::uint32_t x = operation.inputs[0], i = operation.inputs[1];
  const Place source = dense(x), indices = dense(i);
  const bool scatters = operation.op == Op::scatter_add;
  const Cut table = cut(scatters ? shape(value) : shape(x), axis_of(operation));
  auto& step = add_step<IndexStep>();
  step.kernel = scatters ? kernels_.scatter_add[index_of(operation.dtype)] : kernels_.gather;
  step.args = {nullptr, nullptr,     nullptr,  table.outer,
               table.n, table.inner, count(i), scatters ? panel_of(operation) : cpu::kOnePanel};
  step.x = read(source);
  step.indices = read(indices);
  step.out = write(value);
}

void Planner::fft(std::size_t value, const Operation& operation) {
  const std::uint32_t x = operation.inputs[0];
  const Place place = dense(x);
  const bool real = operation.op == Op::rfft, inverse = operation.op == Op::ifft || operation.op == Op::irfft;
  const Shape& time = inverse ? shape(value) : shape(x);  // the side that has n points
  const std::size_t axes = real || operation.op == Op::irfft ? 1 : 2;
  const Cut c = cut(time, time.size() - axes);
  if (fft_plans_.insert({c.n, axes == 1}).second) charge(cpu::fft_plan_bytes(c.n));
  const std::size_t scratch = cpu::fft_scratch_bytes(c.n) * std::min(c.outer, pool_.threads());
  if (scratch > fft_scratch_) charge(scratch - fft_scratch_);
  fft_scratch_ = std::max(fft_scratch_, scratch);
  auto& step = add_step<FftStep>();
  step.kernel = real ? kernels_.rfft : operation.op == Op::irfft ? kernels_.irfft : kernels_.fft;
  step.plan = cpu::fft_plan(c.n, axes == 1);
  const auto norm = static_cast<Norm>(operation.number(Key::norm));
  step.args = {step.plan.get(), nullptr, nullptr, c.outer, c.n, inverse, contract::fft_scale(c.n, norm, inverse)};
  step.x = read(place);
  step.out = write(value);
}

void Planner::pad(std::size_t value, const Operation& operation) {
  const std::uint32_t x = operation.inputs[0];
  const View source = view(x);
  auto& step = add_step<CopyStep>();
  step.words = count(value);
  step.filled = step.words != count(x);
  step.word = static_cast<Word>(operation.number(Key::word));
  step.out = write(value);
  if (count(x) == 0) return;
  cpu::CopyArgs args{shape(x).size(), {}, {}, {}};
  Place to = step.out;
  for (std::size_t k = 0; k < args.rank; ++k) {
    const std::ptrdiff_t stride = views_[value].stride[k];
    args.shape[k] = static_cast<std::size_t>(shape(x)[k]);
    args.src_stride[k] = source.stride[k];
    // A single element has no neighbour, and its interior may be any number.
    args.dst_stride[k] =
        args.shape[k] == 1 ? 0 : stride * static_cast<std::ptrdiff_t>(operation.list(Key::interior)[k] + 1);
    to.offset += static_cast<std::size_t>(stride * static_cast<std::ptrdiff_t>(operation.list(Key::low)[k]));
  }
  step.parts.push_back({cpu::simplify(args), read({source.buffer, source.offset}), to});
}

void Planner::concat(std::size_t value, const Operation& operation) {
  const std::size_t axis = axis_of(operation);
  for (const std::uint32_t x : operation.inputs) view(x);
  auto& step = add_step<CopyStep>();
  step.out = write(value);
  Place to = step.out;
  for (const std::uint32_t x : operation.inputs) {
    cpu::CopyArgs args{shape(x).size(), {}, {}, {}};
    for (std::size_t k = 0; k < args.rank; ++k) {
      args.shape[k] = static_cast<std::size_t>(shape(x)[k]);
      args.dst_stride[k] = views_[value].stride[k];
      args.src_stride[k] = views_[x].stride[k];
    }
    if (count(x) > 0) step.parts.push_back({cpu::simplify(args), read({views_[x].buffer, views_[x].offset}), to});
    to.offset += static_cast<std::size_t>(views_[value].stride[axis] * static_cast<std::ptrdiff_t>(shape(x)[axis]));
  }
}

}  // namespace paragon
