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

// --- products --------------------------------------------------------------------------------------------------------

std::optional<Matrices> matrices(const View& view, const Shape& shape, bool transpose, const Shape& out) {
  auto axes = find_axes(view, shape);
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

std::size_t length(const Axis& axis) {
  std::size_t product = 1;
  for (const AxisPart& part : axis) product *= static_cast<std::size_t>(part.extent);
  return product;
}

// The axis over which a product sums, as runs of evenly spaced elements at even distances in either operand.
struct InnerAxis {
  struct Steps {
    std::size_t element, run;  // from one to the next, in words
  };
  std::size_t length, run;
  Steps a, b;
};

// An axis of one or two parts as such runs; none if it does not consist of them.
std::optional<InnerAxis::Steps> steps_of_runs(const Axis& axis, std::size_t run) {
  const auto element = static_cast<std::size_t>(axis.back().stride);
  if (axis.size() == 1) return InnerAxis::Steps{element, element * run};
  if (axis.size() > 2 || static_cast<std::size_t>(axis.back().extent) != run) return std::nullopt;
  return InnerAxis::Steps{element, static_cast<std::size_t>(axis.front().stride)};
}

// None if the operands have no such runs in common.
std::optional<InnerAxis> inner_axis(const Axis& a, const Axis& b) {
  const std::size_t n = length(a);
  const Axis& in_parts = a.size() > 1 ? a : b;
  const std::size_t run = in_parts.size() > 1 ? static_cast<std::size_t>(in_parts.back().extent) : n;
  const auto of_a = steps_of_runs(a, run), of_b = steps_of_runs(b, run);
  if (!of_a || !of_b) return std::nullopt;
  return InnerAxis{n, run, *of_a, *of_b};
}

bool is_same_for_all(const Axis& lead) {
  return std::all_of(lead.begin(), lead.end(), [](const AxisPart& p) { return p.stride == 0 || p.extent == 1; });
}

// The leading axes and the rows as one axis of rows: one tall product instead of a batch.
Axis stacked(const Axis& lead, const Axis& rows) {
  Axis joined;
  for (const Axis* axis : {&lead, &rows}) {
    for (const AxisPart& part : *axis) {
      if (part.extent == 1) continue;
      if (!joined.empty() && joined.back().stride == part.stride * static_cast<std::ptrdiff_t>(part.extent)) {
        joined.back() = {joined.back().extent * part.extent, part.stride};
      } else {
        joined.push_back(part);
      }
    }
  }
  if (joined.empty()) joined.push_back({1, 1});
  return joined;
}

// All parts of a's rows but the innermost become leading axes: a product for each piece, all of them with the same b.
void split_rows(Matrices& a, Matrices& b) {
  for (; a.rows.size() > 1; a.rows.erase(a.rows.begin())) {
    a.lead.push_back(a.rows[0]);
    b.lead.push_back({a.rows[0].extent, 0});
  }
}

cpu::MatmulArgs matmul_args(const Matrices& a, const Matrices& b, const InnerAxis& inner) {
  cpu::MatmulArgs args{};
  args.m = static_cast<std::size_t>(a.rows[0].extent);
  args.n = static_cast<std::size_t>(b.columns[0].extent);
  args.k = inner.length;
  args.a_row = static_cast<std::size_t>(a.rows[0].stride);
  args.b_col = static_cast<std::size_t>(b.columns[0].stride);
  args.k_run = inner.run;
  args.a_col = inner.a.element;
  args.a_run = inner.a.run;
  args.b_row = inner.b.element;
  args.b_run = inner.b.run;
  args.batch = length(a.lead);
  return args;
}

std::vector<std::size_t> offsets(const Axis& lead, std::size_t batch) {
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

// --- reductions ------------------------------------------------------------------------------------------------------

std::vector<bool> reduced_axes(const Operation& operation, std::size_t rank) {
  std::vector<bool> reduced(rank);
  const Shape axes = operation.op == Op::argmax ? Shape{operation.number(Key::axis)} : operation.list(Key::axes);
  for (const std::int64_t axis : axes) reduced[static_cast<std::size_t>(axis)] = true;
  return reduced;
}

Order kept_axes_first(const std::vector<bool>& reduced) {
  Order order;
  for (const bool last : {false, true}) {
    for (std::size_t k = 0; k < reduced.size(); ++k) {
      if (reduced[k] == last) order.push_back(k);
    }
  }
  return order;
}

// The axes in the order of the memory as kept, reduced and kept ones; none where they do not lie like this, or where
// the kept or the reduced ones are not in the order of the shape, which is that of the results and of the terms.
std::optional<Cut> cut_around(const Shape& shape, const std::vector<bool>& reduced, const Order& order) {
  Cut c;
  std::size_t last_kept = 0, last_reduced = 0;
  bool inside = false, after = false;
  for (const std::size_t k : order) {
    if (shape[k] == 1) continue;
    std::size_t& last = reduced[k] ? last_reduced : last_kept;
    if (k < last || (reduced[k] && after)) return std::nullopt;
    last = k;
    after = after || (inside && !reduced[k]);
    inside = reduced[k];
    (reduced[k] ? c.n : after ? c.inner : c.outer) *= static_cast<std::size_t>(shape[k]);
  }
  return c;
}

}  // namespace

void fail_for_memory(std::size_t limit) {
  fail("the program needs more than the memory limit of ", limit, " bytes; raise the limit");
}

void Planner::charge(std::uint64_t bytes) {
  if (bytes > options_.memory_limit - charged_) fail_for_memory(options_.memory_limit);
  charged_ += static_cast<std::size_t>(bytes);
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
    case Op::one_hot: return one_hot(value, operation);
    case Op::bits: return bits(value, operation);
    default: fail("internal: no kernel for ", name(operation.op));
  }
}

// The matrices need not lie as they are meant. Where the rows of a are in pieces (the positions of images, with the
// channels before them), there is a product for each piece, and its result is laid out as a is. The inner axis may be
// in pieces, too.
void Planner::matmul(std::size_t value, const Operation& operation) {
  auto [a, b] = matmul_operands(value, operation);
  const InnerAxis inner = *inner_axis(a.columns, b.rows);
  if (inner.length == 0) return fill_with_zero(value);
  if (is_same_for_all(b.lead)) {
    a = {{}, stacked(a.lead, a.rows), a.columns};
    b.lead.clear();
  }
  const bool by_pieces = a.rows.size() > 1;
  split_rows(a, b);

  const std::uint32_t x = operation.inputs[0], y = operation.inputs[1];
  auto& step = add_step<MatmulStep>();
  step.kernel = kernels_.matmul;
  step.args = matmul_args(a, b, inner);
  step.args.panel = panel_of(operation);
  step.a = read({views_[x].buffer, views_[x].offset});
  step.b = read({views_[y].buffer, views_[y].offset});
  step.c = write(value);
  const std::size_t batch = step.args.batch;
  if (batch > 1) {
    charge(2 * batch * sizeof(std::size_t));
    step.a_offset = offsets(a.lead, batch);
    step.b_offset = offsets(b.lead, batch);
  }
  if (by_pieces && step.args.a_row == 1) {
    const Shape products{static_cast<std::int64_t>(batch), a.rows[0].extent, b.columns[0].extent};
    views_[value] = ordered_view(step.c.buffer, products, {0, 2, 1});
    step.transpose();
  }
}

// The operands as the kernel can read them, copied where they do not lie so.
std::pair<Matrices, Matrices> Planner::matmul_operands(std::size_t value, const Operation& operation) {
  const std::uint32_t x = operation.inputs[0], y = operation.inputs[1];
  const auto a = [&] { return matrices(views_[x], shape(x), operation.flag(Key::transpose_a), shape(value)); };
  const auto b = [&] { return matrices(views_[y], shape(y), operation.flag(Key::transpose_b), shape(value)); };
  if (!a()) dense(x);
  if (const auto found = b(); !found || found->columns.size() > 1) dense(y);
  if (!inner_axis(a()->columns, b()->rows)) {
    dense(x);
    dense(y);
  }
  return {*a(), *b()};
}

void Planner::fill_with_zero(std::size_t value) {
  auto& step = add_step<CopyStep>();
  step.filled = true;
  step.words = count(value);
  step.out = write(value);
}

// The reduced axes must lie together in memory. Where they do not, the operand is laid out with the kept axes first, or
// as it is meant, if that will do and leaves the axis alone that is innermost in memory: then whole rows are copied.
void Planner::reduce(std::size_t value, const Operation& operation) {
  const std::uint32_t x = operation.inputs[0];
  const Shape& from = shape(x);
  const std::vector<bool> reduced = reduced_axes(operation, from.size());
  const Order order = memory_order(view(x));
  Place place{view(x).buffer, view(x).offset};
  std::optional<Cut> c;
  if (elements(from) == 0) {
    c = {count(value), 0, 1};
  } else if (view(x).permuted(order).is_dense()) {
    c = cut_around(from, reduced, order);
  }
  if (!c && !reduced[order.back()] && (c = cut_around(from, reduced, natural_order(from.size())))) place = dense(x);
  if (!c) {
    const Order kept_first = kept_axes_first(reduced);
    place = copied(view(x).permuted(kept_first));
    c = cut_around(from, reduced, kept_first);
  }

  auto& step = add_step<ReduceStep>();
  const std::size_t dtype = index_of(program_.dtype(x)),
                    panel = operation.op == Op::sum ? panel_of(operation) : cpu::kOnePanel;
  step.op = operation.op;
  step.kernel = operation.op == Op::sum   ? kernels_.sum[dtype]
                : operation.op == Op::max ? kernels_.max[dtype]
                                          : kernels_.argmax[dtype];
  step.args = {.x = nullptr, .out = nullptr, .outer = c->outer, .n = c->n, .inner = c->inner, .panel = panel};
  step.x = read(place);
  step.out = write(value);
}

void Planner::scan(std::size_t value, const Operation& operation) {
  Place places[3];
  for (std::size_t i = 0; i < 3; ++i) places[i] = dense(operation.inputs[i]);
  const Cut c = cut(shape(value), axis_of(operation));
  auto& step = add_step<ScanStep>();
  step.kernel = kernels_.scan;
  step.args = {
      .a = nullptr,
      .b = nullptr,
      .h0 = nullptr,
      .out = nullptr,
      .outer = c.outer,
      .n = c.n,
      .inner = c.inner,
      .reverse = operation.flag(Key::reverse),
  };
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
  step.op = operation.op;
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
  step.op = operation.op;
  step.kernel = scatters ? kernels_.scatter_add[index_of(operation.dtype)] : kernels_.gather;
  step.args = {
      .x = nullptr,
      .indices = nullptr,
      .out = nullptr,
      .outer = table.outer,
      .size = table.n,
      .inner = table.inner,
      .count = count(i),
      .panel = scatters ? panel_of(operation) : cpu::kOnePanel,
  };
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
  step.op = operation.op;
  step.kernel = real ? kernels_.rfft : operation.op == Op::irfft ? kernels_.irfft : kernels_.fft;
  step.plan = cpu::fft_plan(c.n, axes == 1);
  const auto norm = static_cast<Norm>(operation.number(Key::norm));
  step.args = {
      .plan = step.plan.get(),
      .x = nullptr,
      .out = nullptr,
      .rows = c.outer,
      .n = c.n,
      .inverse = inverse,
      .scale = contract::fft_scale(c.n, norm, inverse),
  };
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
  cpu::CopyArgs args{.rank = shape(x).size(), .shape = {}, .dst_stride = {}, .src_stride = {}};
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
    cpu::CopyArgs args{.rank = shape(x).size(), .shape = {}, .dst_stride = {}, .src_stride = {}};
    for (std::size_t k = 0; k < args.rank; ++k) {
      args.shape[k] = static_cast<std::size_t>(shape(x)[k]);
      args.dst_stride[k] = views_[value].stride[k];
      args.src_stride[k] = views_[x].stride[k];
    }
    if (count(x) > 0) step.parts.push_back({cpu::simplify(args), read({views_[x].buffer, views_[x].offset}), to});
    to.offset += static_cast<std::size_t>(views_[value].stride[axis] * static_cast<std::ptrdiff_t>(shape(x)[axis]));
  }
}

void Planner::one_hot(std::size_t value, const Operation& operation) {
  const Place indices = dense(operation.inputs[0]);
  auto& step = add_step<OneHotStep>();
  // The last axis is new, and may lie where the reader of the result would have it, if the others stay in order.
  const std::size_t axes = shape(value).size() - 1;
  Order order = preferred_orders_[value], others = order;
  others.erase(std::remove(others.begin(), others.end(), axes), others.end());
  if (order.empty() || others != natural_order(axes)) order = natural_order(axes + 1);
  const auto at = std::find(order.begin(), order.end(), axes) - order.begin();
  const Cut c = cut(shape(operation.inputs[0]), static_cast<std::size_t>(at), 0);
  step.outer = c.outer;
  step.depth = static_cast<std::size_t>(operation.number(Key::depth));
  step.inner = c.inner;
  step.indices = read(indices);
  step.out = write(value);
  views_[value] = ordered_view(step.out.buffer, shape(value), order);
}

void Planner::bits(std::size_t value, const Operation& operation) {
  const Place seed = dense(operation.inputs[0]), at = dense(operation.inputs[1]);
  auto& step = add_step<BitsStep>();
  step.kernel = kernels_.bits;
  step.args.stream = static_cast<std::uint32_t>(operation.number(Key::stream));
  step.args.width = static_cast<unsigned>(operation.number(Key::width));
  step.args.n = count(value);
  step.seed = read(seed);
  step.step = read(at);
  step.out = write(value);
}

}  // namespace paragon
