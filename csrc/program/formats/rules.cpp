// One function for each shape rule of the operation table, and the table that finds it (rule_of).
#include "program/formats/rules.h"

#include <algorithm>

namespace paragon {

namespace rules {

namespace {

// NumPy's rule.
Shape broadcast_shape(const Call& c) {
  Shape out;
  for (std::size_t i = 0; i < c.operation.inputs.size(); ++i) {
    const Shape& shape = c.shape(i);
    if (shape.size() > out.size()) out.insert(out.begin(), shape.size() - out.size(), 1);
    for (std::size_t k = 0; k < shape.size(); ++k) {
      std::int64_t& dim = out[out.size() - shape.size() + k];
      if (dim == 1) dim = shape[k];
      if (shape[k] != 1 && shape[k] != dim) {
        fail("the shapes do not broadcast: ", c.describe(0), " and ", c.describe(i));
      }
    }
  }
  return out;
}

Result same_dtype(const Call& c) {
  c.require_same_dtype(0);
  return {c.dtype(0), broadcast_shape(c)};
}

Result only_f32(const Call& c) {
  for (std::size_t i = 0; i < c.operation.inputs.size(); ++i) c.require_dtype(i, Dtype::f32);
  return {Dtype::f32, broadcast_shape(c)};
}

Result not_u32(const Call& c) {
  if (c.dtype(0) == Dtype::u32) fail("operand 0 must be f32 or i32, not ", c.describe(0));
  return {c.dtype(0), c.shape(0)};
}

Result compare(const Call& c) { return {Dtype::i32, same_dtype(c).shape}; }

Result select(const Call& c) {
  c.require_same_dtype(1);
  return {c.dtype(1), broadcast_shape(c)};
}

Result cast(const Call& c) { return {static_cast<Dtype>(c.number(Key::dtype)), c.shape(0)}; }

Result constant(const Call& c) { return {static_cast<Dtype>(c.number(Key::dtype)), c.list(Key::shape)}; }

// The operand's shape without the axes, or with them 1.
Shape reduced(const Call& c, const Shape& axes) {
  const Shape& shape = c.shape(0);
  Shape out;
  for (std::size_t k = 0; k < shape.size(); ++k) {
    const bool gone = std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(k)) != axes.end();
    if (!gone) out.push_back(shape[k]);
    if (gone && c.operation.flag(Key::keepdims)) out.push_back(1);
  }
  return out;
}

Result reduce(const Call& c) {
  const Shape& axes = c.list(Key::axes);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] < 0 || axes[i] >= static_cast<std::int64_t>(c.shape(0).size())) {
      fail("axes ", to_text(axes), " are not axes of ", c.describe(0));
    }
    if (i > 0 && axes[i] <= axes[i - 1]) fail("axes ", to_text(axes), " must ascend");
  }
  return {c.dtype(0), reduced(c, axes)};
}

Result argmax(const Call& c) {
  const std::size_t axis = c.require_axis(c.shape(0).size());
  if (c.shape(0)[axis] == 0) fail("the argmax of an empty axis: ", c.describe(0));
  return {Dtype::i32, reduced(c, {static_cast<std::int64_t>(axis)})};
}

Result matmul(const Call& c) {
  Shape lead;
  std::int64_t matrix[2][2];
  for (std::size_t i = 0; i < 2; ++i) {
    c.require_dtype(i, Dtype::f32);
    const Shape& shape = c.shape(i);
    const std::size_t r = shape.size();
    if (r < 2) fail("operand ", i, " must have rank 2 or more, not ", c.describe(i));
    const bool swapped = c.operation.flag(i == 0 ? Key::transpose_a : Key::transpose_b);
    matrix[i][0] = shape[r - (swapped ? 1 : 2)];
    matrix[i][1] = shape[r - (swapped ? 2 : 1)];
  }
  if (matrix[0][1] != matrix[1][0]) {
    fail("the inner dimensions ", matrix[0][1], " and ", matrix[1][0], " differ: ", c.describe(0), " and ",
         c.describe(1));
  }
  Shape a(c.shape(0).begin(), c.shape(0).end() - 2), b(c.shape(1).begin(), c.shape(1).end() - 2);
  if (a.size() < b.size()) a.insert(a.begin(), b.size() - a.size(), 1);
  if (b.size() < a.size()) b.insert(b.begin(), a.size() - b.size(), 1);
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (a[k] != b[k] && a[k] != 1 && b[k] != 1) {
      fail("the leading axes do not broadcast: ", c.describe(0), " and ", c.describe(1));
    }
    lead.push_back(a[k] == 1 ? b[k] : a[k]);
  }
  lead.push_back(matrix[0][0]);
  lead.push_back(matrix[1][1]);
  return {Dtype::f32, lead};
}

Result reshape(const Call& c) {
  const Shape& shape = c.list(Key::shape);
  check_shape(shape);
  if (elements(shape) != elements(c.shape(0))) fail("cannot reshape ", c.describe(0), " to ", to_text(shape));
  return {c.dtype(0), shape};
}

Result transpose(const Call& c) {
  const Shape& axes = c.list(Key::axes);
  Shape sorted = axes;
  std::sort(sorted.begin(), sorted.end());
  bool permutation = axes.size() == c.shape(0).size();
  for (std::size_t k = 0; permutation && k < sorted.size(); ++k) {
    permutation = sorted[k] == static_cast<std::int64_t>(k);
  }
  if (!permutation) fail("axes ", to_text(axes), " are not a permutation of the axes of ", c.describe(0));
  Shape out;
  for (const std::int64_t axis : axes) out.push_back(c.shape(0)[static_cast<std::size_t>(axis)]);
  return {c.dtype(0), out};
}

Result broadcast(const Call& c) {
  const Shape& shape = c.list(Key::shape);
  const Shape& x = c.shape(0);
  bool fits = x.size() <= shape.size();
  for (std::size_t k = 0; fits && k < x.size(); ++k) {
    fits = x[k] == 1 || x[k] == shape[shape.size() - x.size() + k];
  }
  if (!fits) fail(c.describe(0), " does not broadcast to ", to_text(shape));
  return {c.dtype(0), shape};
}

Result slice(const Call& c) {
  const Shape& x = c.shape(0);
  const Shape& start = c.require_list(Key::start, x.size(), 0);
  const Shape& stop = c.require_list(Key::stop, x.size(), 0);
  const Shape& step = c.require_list(Key::step, x.size(), 1);
  Shape out;
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (start[k] > stop[k] || stop[k] > x[k]) {
      fail("start ", to_text(start), ", stop ", to_text(stop), " are not within ", c.describe(0));
    }
    const std::int64_t span = stop[k] - start[k];
    out.push_back(span / step[k] + (span % step[k] != 0));
  }
  return {c.dtype(0), out};
}

Result pad(const Call& c) {
  const Shape& x = c.shape(0);
  const Shape& low = c.require_list(Key::low, x.size(), 0);
  const Shape& high = c.require_list(Key::high, x.size(), 0);
  const Shape& interior = c.require_list(Key::interior, x.size(), 0);
  Shape out;
  for (std::size_t k = 0; k < x.size(); ++k) {
    const std::int64_t inside = x[k] == 0 ? 0 : saturating_add(x[k], saturating_mul(x[k] - 1, interior[k]));
    out.push_back(saturating_add(inside, saturating_add(low[k], high[k])));
  }
  return {c.dtype(0), out};
}

Result concat(const Call& c) {
  c.require_same_dtype(0);
  Shape out = c.shape(0);
  const std::size_t axis = c.require_axis(out.size());
  for (std::size_t i = 1; i < c.operation.inputs.size(); ++i) {
    const Shape& shape = c.shape(i);
    bool fits = shape.size() == out.size();
    for (std::size_t k = 0; fits && k < shape.size(); ++k) fits = k == axis || shape[k] == out[k];
    if (!fits) fail("the shapes do not fit together along axis ", axis, ": ", c.describe(0), " and ", c.describe(i));
    out[axis] = saturating_add(out[axis], shape[axis]);
  }
  return {c.dtype(0), out};
}

Result gather(const Call& c) {
  c.require_dtype(1, Dtype::i32);
  const Shape& x = c.shape(0);
  const auto axis = static_cast<std::ptrdiff_t>(c.require_axis(x.size()));
  Shape out(x.begin(), x.begin() + axis);
  out.insert(out.end(), c.shape(1).begin(), c.shape(1).end());
  out.insert(out.end(), x.begin() + axis + 1, x.end());
  return {c.dtype(0), out};
}

Result scatter_add(const Call& c) {
  c.require_dtype(1, Dtype::i32);
  const std::int64_t size = c.require_range(Key::size, 0, kMaxDimension);
  const Shape& x = c.shape(0);
  const Shape& i = c.shape(1);
  if (i.size() > x.size()) fail("the indices, ", c.describe(1), ", have more axes than ", c.describe(0));
  const std::int64_t axis = c.require_range(Key::axis, 0, static_cast<std::int64_t>(x.size() - i.size()));
  if (!std::equal(i.begin(), i.end(), x.begin() + axis)) {
    fail("the axes of ", c.describe(0), " from axis ", axis, " on are not those of the indices, ", c.describe(1));
  }
  Shape out(x.begin(), x.begin() + axis);
  out.push_back(size);
  out.insert(out.end(), x.begin() + axis + static_cast<std::ptrdiff_t>(i.size()), x.end());
  return {c.dtype(0), out};
}

Result one_hot(const Call& c) {
  c.require_dtype(0, Dtype::i32);
  Shape out = c.shape(0);
  out.push_back(c.require_range(Key::depth, 0, kMaxDimension));
  return {Dtype::f32, out};
}

// The window counts [OH, OW] over an image of h x w.
Shape windows(const Call& c, const std::int64_t (&image)[2]) {
  const Shape& kernel = c.require_list(Key::kernel, 2, 1);
  const Shape& stride = c.require_list(Key::stride, 2, 1);
  const Shape& dilation = c.require_list(Key::dilation, 2, 1);
  const Shape& padding = c.require_list(Key::padding, 4, 0);
  Shape out;
  for (std::size_t k = 0; k < 2; ++k) {
    const std::int64_t padded = saturating_add(image[k], saturating_add(padding[2 * k], padding[2 * k + 1]));
    const std::int64_t reach = saturating_add(saturating_mul(dilation[k], kernel[k] - 1), 1);
    if (padded == kHuge) fail("padding ", to_text(padding), " is too large");
    if (reach > padded) fail("the window (", reach, ") is larger than the padded image (", padded, ")");
    out.push_back((padded - reach) / stride[k] + 1);
  }
  return out;
}

Result unfold(const Call& c) {
  c.require_rank(0, 4);
  const Shape& x = c.shape(0);
  const Shape count = windows(c, {x[2], x[3]});
  const Shape& kernel = c.list(Key::kernel);
  return {c.dtype(0), {x[0], count[0], count[1], saturating_mul(x[1], saturating_mul(kernel[0], kernel[1]))}};
}

Result fold(const Call& c) {
  c.require_rank(0, 4);
  const Shape& x = c.shape(0);
  const Shape& size = c.require_list(Key::size, 2, 0);
  const Shape count = windows(c, {size[0], size[1]});
  const std::int64_t kernel = saturating_mul(c.list(Key::kernel)[0], c.list(Key::kernel)[1]);
  if (count[0] != x[1] || count[1] != x[2]) {
    fail(c.describe(0), " does not hold the ", count[0], " x ", count[1], " windows of an image of ", to_text(size));
  }
  if (x[3] % kernel != 0) fail("the last axis of ", c.describe(0), " is not a multiple of the kernel, ", kernel);
  return {c.dtype(0), {x[0], x[3] / kernel, size[0], size[1]}};
}

Result scan(const Call& c) {
  for (std::size_t i = 0; i < 3; ++i) c.require_dtype(i, Dtype::f32);
  const std::size_t axis = c.require_axis(c.shape(0).size());
  if (c.shape(1) != c.shape(0)) fail("the shapes differ: ", c.describe(0), " and ", c.describe(1));
  Shape first = c.shape(0);
  first.erase(first.begin() + static_cast<std::ptrdiff_t>(axis));
  if (c.shape(2) != first) fail("the initial value must be ", to_text(first), ", not ", c.describe(2));
  return {Dtype::f32, c.shape(0)};
}

Result bits(const Call& c) {
  c.require_dtype(0, Dtype::u32);
  c.require_dtype(1, Dtype::u32);
  if (c.shape(0) != Shape{2}) fail("the seed must be u32 [2], not ", c.describe(0));
  if (!c.shape(1).empty()) fail("the step must be u32 [], not ", c.describe(1));
  c.require_range(Key::stream, 0, 0xffffffff);
  c.require_range(Key::width, 1, 32);
  return {Dtype::u32, c.list(Key::shape)};
}

// The points of a complex operand (..., n, 2), or of a real one (..., n).
std::int64_t points(const Call& c, bool complex_points) {
  c.require_dtype(0, Dtype::f32);
  const Shape& x = c.shape(0);
  const std::size_t axes = complex_points ? 2 : 1;
  if (x.size() < axes || (complex_points && x.back() != 2)) {
    fail("operand 0 must have the axes ", complex_points ? "(..., n, 2)" : "(..., n)", ", not ", c.describe(0));
  }
  const std::int64_t n = x[x.size() - axes];
  if (n < 1 || n > kMaxFftPoints) fail("a transform has 1 to ", kMaxFftPoints, " points, not ", n);
  return n;
}

Result fft(const Call& c) {
  points(c, true);
  return {Dtype::f32, c.shape(0)};
}

Result rfft(const Call& c) {
  const std::int64_t n = points(c, false);
  Shape out = c.shape(0);
  out.back() = n / 2 + 1;
  out.push_back(2);
  return {Dtype::f32, out};
}

Result irfft(const Call& c) {
  const std::int64_t found = points(c, true), n = c.require_range(Key::n, 1, kMaxFftPoints);
  if (found != n / 2 + 1) fail(n, " real points come from ", n / 2 + 1, " complex ones, not from ", c.describe(0));
  Shape out = c.shape(0);
  out.pop_back();
  out.back() = n;
  return {Dtype::f32, out};
}

}  // namespace

}  // namespace rules

Rule rule_of(Op op) {
  static constexpr Rule kRules[] = {
#define PARAGON_OPERATION(name, operands, runs_as, rule, attributes) rules::rule,
#include "contract/operations.def"
  };
  return kRules[index_of(op)];
}

}  // namespace paragon
