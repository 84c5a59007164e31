// How an array lies in memory. Everything that only moves elements (reshape, transpose, broadcast, slice) changes the
// view and not the words; a kernel may also lay out its result with the axes in another order than row-major.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cpu/movement.h"
#include "program/program.h"

namespace paragon {

using BufferId = std::uint32_t;
using Strides = std::vector<std::ptrdiff_t>;
using Order = std::vector<std::size_t>;  // axes, the outermost in memory first

Strides dense_strides(const Shape& shape);

// Element i of an array of this shape is word offset + sum of i * stride of the buffer. The elements of a value are
// those of its view in row-major order, but the shapes may differ: a reshape is kept as it comes until somebody needs
// the value's own axes.
struct View {
  BufferId buffer = 0;
  std::size_t offset = 0;
  Shape shape;
  Strides stride;

  bool is_dense() const;  // row-major without gaps
  View permuted(const Order& order) const;
};

// Row-major, from the first word of a buffer.
View dense_view(BufferId buffer, const Shape& shape);
// Without gaps, with the axes of `shape` in this order in memory.
View ordered_view(BufferId buffer, const Shape& shape, const Order& order);

// Evenly spaced elements.
struct AxisPart {
  std::int64_t extent;
  std::ptrdiff_t stride;
};
// An axis that need not be evenly spaced: its parts, the outermost first. An index is taken apart into the indices of
// the parts, as a number into digits.
using Axis = std::vector<AxisPart>;
// Where the axes of `shape` lie in a view of other axes, each in as few parts as possible; none if that cannot be.
std::optional<std::vector<Axis>> find_axes(const View& view, const Shape& shape);
// The same words as an array of this shape, if every axis of it is one part.
std::optional<View> reshaped(const View& view, const Shape& shape);

// The axes in the order of memory, by descending stride. One of length 1 stays before the next that is longer.
Order memory_order(const View& view);
Order natural_order(std::size_t rank);

// The copy that would lay out a view in row-major order.
cpu::CopyArgs gather_layout(const View& view);

}  // namespace paragon
