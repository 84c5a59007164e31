// What the moving operations of docs/program.md yield, element by element: each function says where the words of a
// result come from. `x` are the operand's words and `shape` its shape, both row-major.
#pragma once

#include <cstdint>
#include <vector>

namespace paragon::contract {

using Words = std::vector<std::uint32_t>;
using Dims = std::vector<std::int64_t>;

inline std::int64_t count(const Dims& shape) {
  std::int64_t n = 1;
  for (const std::int64_t dim : shape) n *= dim;
  return n;
}

// The index of the element at row-major position `at`.
inline Dims unravel(std::int64_t at, const Dims& shape) {
  Dims index(shape.size());
  for (std::size_t k = shape.size(); k-- > 0;) {
    index[k] = at % shape[k];
    at /= shape[k];
  }
  return index;
}

inline std::int64_t ravel(const Dims& index, const Dims& shape) {
  std::int64_t at = 0;
  for (std::size_t k = 0; k < shape.size(); ++k) at = at * shape[k] + index[k];
  return at;
}

inline std::uint32_t element(const Words& x, const Dims& index, const Dims& shape) {
  return x[static_cast<std::size_t>(ravel(index, shape))];
}

// result axis i is operand axis axes[i]
inline Words transpose(const Words& x, const Dims& shape, const Dims& axes) {
  Dims out_shape;
  for (const std::int64_t axis : axes) out_shape.push_back(shape[static_cast<std::size_t>(axis)]);
  Words out;
  for (std::int64_t at = 0; at < count(out_shape); ++at) {
    const Dims to = unravel(at, out_shape);
    Dims from(shape.size());
    for (std::size_t k = 0; k < axes.size(); ++k) from[static_cast<std::size_t>(axes[k])] = to[k];
    out.push_back(element(x, from, shape));
  }
  return out;
}

// NumPy's rule: shapes are aligned at the last axis, and an axis of length 1 is repeated.
inline Words broadcast(const Words& x, const Dims& shape, const Dims& out_shape) {
  Words out;
  for (std::int64_t at = 0; at < count(out_shape); ++at) {
    const Dims to = unravel(at, out_shape);
    Dims from(shape.size());
    for (std::size_t k = 0; k < shape.size(); ++k) {
      from[k] = shape[k] == 1 ? 0 : to[out_shape.size() - shape.size() + k];
    }
    out.push_back(element(x, from, shape));
  }
  return out;
}

inline Words slice(const Words& x, const Dims& shape, const Dims& start, const Dims& step, const Dims& out_shape) {
  Words out;
  for (std::int64_t at = 0; at < count(out_shape); ++at) {
    Dims from = unravel(at, out_shape);
    for (std::size_t k = 0; k < from.size(); ++k) from[k] = start[k] + from[k] * step[k];
    out.push_back(element(x, from, shape));
  }
  return out;
}

// Element i of an axis goes to low + i * (interior + 1); all else is `word`.
inline Words pad(const Words& x, const Dims& shape, const Dims& low, const Dims& interior, std::uint32_t word,
                 const Dims& out_shape) {
  Words out(static_cast<std::size_t>(count(out_shape)), word);
  for (std::int64_t at = 0; at < count(shape); ++at) {
    Dims to = unravel(at, shape);
    for (std::size_t k = 0; k < to.size(); ++k) to[k] = low[k] + to[k] * (interior[k] + 1);
    out[static_cast<std::size_t>(ravel(to, out_shape))] = x[static_cast<std::size_t>(at)];
  }
  return out;
}

inline Words concat(const std::vector<const Words*>& parts, const std::vector<Dims>& shapes, std::size_t axis,
                    const Dims& out_shape) {
  Words out;
  for (std::int64_t at = 0; at < count(out_shape); ++at) {
    Dims from = unravel(at, out_shape);
    std::size_t part = 0;
    for (; from[axis] >= shapes[part][axis]; ++part) from[axis] -= shapes[part][axis];
    out.push_back(element(*parts[part], from, shapes[part]));
  }
  return out;
}

inline Words one_hot(const Words& indices, std::int64_t depth) {
  Words out;
  for (const std::uint32_t index : indices) {
    for (std::int64_t k = 0; k < depth; ++k) out.push_back(static_cast<std::int32_t>(index) == k ? 0x3f800000u : 0u);
  }
  return out;
}

}  // namespace paragon::contract
