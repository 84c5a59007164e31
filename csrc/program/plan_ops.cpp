// From operations to calls of kernels: operands as the kernels want them.
#include <algorithm>

#include "contract/fft.h"
#include "error.h"
#include "planner.h"

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
int index_of(Dtype dtype) { return static_cast<int>(dtype); }

// An operand of a matmul: rows and columns (after the transpose flag), and the leading axes aligned with the result's.
struct Matrices {
  Shape lead_shape;
  std::vector<std::ptrdiff_t> lead;
  std::size_t rows, columns;
  std::ptrdiff_t row, column;
};

Matrices matrices(const View& view, const Shape& shape, bool transpose, const Shape& out) {
  const std::size_t r = shape.size(), added = out.size() - r;
  Matrices m{{}, {}, 0, 0, view.stride[r - 2], view.stride[r - 1]};
  m.rows = static_cast<std::size_t>(shape[r - 2]);
  m.columns = static_cast<std::size_t>(shape[r - 1]);
  if (transpose) {
    std::swap(m.rows, m.columns);
    std::swap(m.row, m.column);
  }
  for (std::size_t k = 0; k + 2 < out.size(); ++k) {
    m.lead_shape.push_back(out[k]);
    const bool repeated = k < added || shape[k - added] == 1;
    m.lead.push_back(repeated ? 0 : view.stride[k - added]);
  }
  return m;
}

// Joins the leading axes to the rows where they lie at even distances: one tall product instead of a batch.
bool stack(Matrices& m) {
  auto rows = static_cast<std::ptrdiff_t>(m.rows);
  std::ptrdiff_t row = m.row;
  for (std::size_t k = m.lead.size(); k-- > 0;) {
    if (m.lead_shape[k] == 1) continue;
    if (rows != 1 && m.lead[k] != rows * row) return false;
    if (rows == 1) row = m.lead[k];
    rows *= static_cast<std::ptrdiff_t>(m.lead_shape[k]);
  }
  m.rows = static_cast<std::size_t>(rows);
  m.row = row;
  return true;
}

std::vector<std::size_t> offsets(const Matrices& m, std::size_t batch) {
  std::vector<std::size_t> list(batch);
  for (std::size_t b = 0; b < batch; ++b) {
    std::size_t rest = b;
    for (std::size_t k = m.lead.size(); k-- > 0;) {
      const auto length = static_cast<std::size_t>(m.lead_shape[k]);
      list[b] += rest % length * static_cast<std::size_t>(m.lead[k]);
      rest /= length;
    }
  }
  return list;
}

}  // namespace

void Planner::charge(std::size_t bytes) {
  charged_ += bytes;
  if (charged_ > options_.memory_limit) {
    fail("the program needs more than the memory limit of ", options_.memory_limit, " bytes; raise the limit");
  }
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
      step.n = count(operation.inputs[0]);
      step.depth = static_cast<std::size_t>(operation.number(Key::depth));
      step.indices = read(indices);
      step.out = write(value);
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

void Planner::matmul(std::size_t value, const Operation& operation) {
  const std::uint32_t x = operation.inputs[0], y = operation.inputs[1];
  const Shape& out = shape(value);
  Matrices a = matrices(views_[x], shape(x), operation.flag(Key::transpose_a), out);
  Matrices b = matrices(views_[y], shape(y), operation.flag(Key::transpose_b), out);
  std::size_t batch = 1;
  for (const std::int64_t length : a.lead_shape) batch *= static_cast<std::size_t>(length);
  if (a.columns == 0) {
    auto& step = add_step<CopyStep>();
    step.filled = true;
    step.words = count(value);
    step.out = write(value);
    return;
  }
  const bool one_b = std::all_of(b.lead.begin(), b.lead.end(), [](std::ptrdiff_t s) { return s == 0; });
  if (batch > 1 && one_b && stack(a)) batch = 1;

  auto& step = add_step<MatmulStep>();
  step.kernel = kernels_.matmul;
  if (batch > 1) {
    charge(2 * batch * sizeof(std::size_t));
    step.a_offset = offsets(a, batch);
    step.b_offset = offsets(b, batch);
  }
  const auto size = [](std::ptrdiff_t stride) { return static_cast<std::size_t>(stride); };
  step.args = {nullptr,
               nullptr,
               nullptr,
               a.rows,
               b.columns,
               a.columns,
               size(a.row),
               size(a.column),
               size(b.row),
               size(b.column),
               panel_of(operation),
               batch,
               batch > 1 ? step.a_offset.data() : nullptr,
               batch > 1 ? step.b_offset.data() : nullptr};
  step.a = read({views_[x].buffer, views_[x].offset});
  step.b = read({views_[y].buffer, views_[y].offset});
  step.c = write(value);
}

Place Planner::copied(const View& view, const Shape& shape) {
  auto& step = add_step<CopyStep>();
  step.parts.push_back({gather_layout(view, shape), read({view.buffer, view.offset}), {}});
  return step.parts[0].to = write_words(static_cast<std::size_t>(elements(shape)));
}

// The reduced axes must lie together. Where they do not, the operand is laid out with the kept axes first.
void Planner::reduce(std::size_t value, const Operation& operation) {
  const std::uint32_t x = operation.inputs[0];
  const Shape& from = shape(x);
  const Shape axes = operation.op == Op::argmax ? Shape{operation.number(Key::axis)} : operation.list(Key::axes);
  const auto reduced = [&](std::size_t k) {
    return std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(k)) != axes.end();
  };
  std::size_t runs = 0;  // of reduced axes, without axes of length 1
  bool inside = false;
  Cut c;
  for (std::size_t k = 0; k < from.size(); ++k) {
    if (from[k] == 1) continue;
    runs += reduced(k) && !inside;
    inside = reduced(k);
    (inside ? c.n : runs == 0 ? c.outer : c.inner) *= static_cast<std::size_t>(from[k]);
  }

  View kept_first{views_[x].buffer, views_[x].offset, {}};
  Shape kept_first_shape;
  for (const bool last : {false, true}) {
    for (std::size_t k = 0; k < from.size(); ++k) {
      if (reduced(k) != last) continue;
      kept_first.stride.push_back(views_[x].stride[k]);
      kept_first_shape.push_back(from[k]);
    }
  }
  const bool together = runs <= 1;
  Place place;
  if (elements(from) == 0 || (together && is_dense(views_[x], from))) {
    place = dense(x);
    if (!together) c = {count(value), 0, 1};
  } else if (is_dense(kept_first, kept_first_shape)) {
    place = {kept_first.buffer, kept_first.offset};
    c = {c.outer * c.inner, c.n, 1};
  } else if (together) {
    place = dense(x);
  } else {
    place = copied(kept_first, kept_first_shape);
    c = {c.outer * c.inner, c.n, 1};
  }

  auto& step = add_step<ReduceStep>();
  const int dtype = index_of(program_.dtype(x));
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
  const Place place = dense(x);
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
  charge(cpu::fft_plan_bytes(c.n));
  auto& step = add_step<FftStep>();
  step.kernel = real ? kernels_.rfft : operation.op == Op::irfft ? kernels_.irfft : kernels_.fft;
  step.plan = cpu::fft_plan(c.n, axes == 1);
  const auto norm = static_cast<contract::Norm>(operation.number(Key::norm));
  step.args = {step.plan.get(), nullptr, nullptr, c.outer, c.n, inverse, contract::fft_scale(c.n, norm, inverse)};
  step.x = read(place);
  step.out = write(value);
}

void Planner::pad(std::size_t value, const Operation& operation) {
  const std::uint32_t x = operation.inputs[0];
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
    args.src_stride[k] = views_[x].stride[k];
    // A single element has no neighbour, and its interior may be any number.
    args.dst_stride[k] =
        args.shape[k] == 1 ? 0 : stride * static_cast<std::ptrdiff_t>(operation.list(Key::interior)[k] + 1);
    to.offset += static_cast<std::size_t>(stride * static_cast<std::ptrdiff_t>(operation.list(Key::low)[k]));
  }
  step.parts.push_back({cpu::simplify(args), read({views_[x].buffer, views_[x].offset}), to});
}

void Planner::concat(std::size_t value, const Operation& operation) {
  const std::size_t axis = axis_of(operation);
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
