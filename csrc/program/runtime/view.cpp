// Calculations with strides: dense and permuted views, the axes of one shape found in a view of another, and the copy
// that makes a view dense.
#include "program/runtime/view.h"

#include <algorithm>
#include <numeric>

namespace paragon {

Strides dense_strides(const Shape& shape) {
  Strides stride(shape.size());
  std::ptrdiff_t step = 1;
  for (std::size_t k = shape.size(); k-- > 0;) {
    stride[k] = step;
    step = static_cast<std::ptrdiff_t>(saturating_mul(step, shape[k]));
  }
  return stride;
}

bool View::is_dense() const {
  std::ptrdiff_t step = 1;
  if (elements(shape) == 0) return true;
  for (std::size_t k = shape.size(); k-- > 0;) {
    if (shape[k] != 1 && stride[k] != step) return false;
    step *= static_cast<std::ptrdiff_t>(shape[k]);
  }
  return true;
}

View View::permuted(const Order& order) const {
  View view{buffer, offset, {}, {}};
  for (const std::size_t axis : order) {
    view.shape.push_back(shape[axis]);
    view.stride.push_back(stride[axis]);
  }
  return view;
}

View dense_view(BufferId buffer, const Shape& shape) { return {buffer, 0, shape, dense_strides(shape)}; }

View ordered_view(BufferId buffer, const Shape& shape, const Order& order) {
  View view{buffer, 0, shape, Strides(shape.size())};
  std::ptrdiff_t step = 1;
  for (std::size_t k = order.size(); k-- > 0;) {
    view.stride[order[k]] = step;
    step *= static_cast<std::ptrdiff_t>(shape[order[k]]);
  }
  return view;
}

namespace {

// The axes of a view, the outermost first: those of length 1 left out, those that continue the next one joined to it.
Axis joined_axes(const View& view) {
  Axis axes;
  for (std::size_t k = 0; k < view.shape.size(); ++k) {
    const AxisPart part{view.shape[k], view.stride[k]};
    if (part.extent == 1) continue;
    if (!axes.empty() && axes.back().stride == part.stride * static_cast<std::ptrdiff_t>(part.extent)) {
      axes.back() = {axes.back().extent * part.extent, part.stride};
    } else {
      axes.push_back(part);
    }
  }
  return axes;
}

}  // namespace

std::optional<std::vector<Axis>> find_axes(const View& view, const Shape& shape) {
  std::vector<Axis> axes(shape.size());
  if (elements(shape) == 0) {
    for (std::size_t k = 0; k < shape.size(); ++k) axes[k] = {{shape[k], 1}};
    return axes;
  }
  // From the innermost axis on: `rest` is what is left of axis `from` of the view. Joined axes, because an axis of the
  // shape may begin within one of the view and end within another: 2x3 words without gaps are 3x2 words, too.
  const Axis source = joined_axes(view);
  std::size_t from = source.size();
  AxisPart rest{1, 0};
  for (std::size_t k = shape.size(); k-- > 0;) {
    for (std::int64_t left = shape[k]; left > 1;) {
      if (rest.extent == 1) rest = source[--from];
      const std::int64_t part = std::min(left, rest.extent);
      if (left % part != 0 || rest.extent % part != 0) return std::nullopt;
      Axis& axis = axes[k];
      if (!axis.empty() && rest.stride == axis.front().stride * static_cast<std::ptrdiff_t>(axis.front().extent)) {
        axis.front().extent *= part;
      } else {
        axis.insert(axis.begin(), {part, rest.stride});
      }
      rest = {rest.extent / part, rest.stride * static_cast<std::ptrdiff_t>(part)};
      left /= part;
    }
    if (axes[k].empty()) axes[k] = {{1, 1}};
  }
  return axes;
}

std::optional<View> reshaped(const View& view, const Shape& shape) {
  if (view.shape == shape) return view;
  const auto axes = find_axes(view, shape);
  if (!axes) return std::nullopt;
  View out{view.buffer, view.offset, shape, {}};
  for (const Axis& axis : *axes) {
    if (axis.size() != 1) return std::nullopt;
    out.stride.push_back(axis[0].stride);
  }
  return out;
}

Order natural_order(std::size_t rank) {
  Order order(rank);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

Order memory_order(const View& view) {
  // An axis of length 1 has no stride of its own: it takes that of the next axis.
  Strides stride = view.stride;
  for (std::size_t k = stride.size(); k-- > 0;) {
    if (view.shape[k] == 1) stride[k] = k + 1 < stride.size() ? stride[k + 1] : 0;
  }
  Order order = natural_order(stride.size());
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return stride[a] > stride[b]; });
  return order;
}

cpu::CopyArgs gather_layout(const View& view) {
  cpu::CopyArgs args{};
  const Strides to = dense_strides(view.shape);
  args.rank = view.shape.size();
  for (std::size_t k = 0; k < args.rank; ++k) {
    args.shape[k] = static_cast<std::size_t>(view.shape[k]);
    args.dst_stride[k] = to[k];
    args.src_stride[k] = view.stride[k];
  }
  return cpu::simplify(args);
}

}  // namespace paragon
