"""The public functions: one an operation, with NumPy's conveniences (negative axes, Python numbers, broadcasting).

Operands are tensors, arrays, nested lists or Python numbers; the numbers take the dtype of the tensors they meet. Dtypes never
change by themselves: `cast` does it. Every function raises ShapeError, naming the operation, for operands that do not fit.
`panel` is P of the reduction rule (docs/contract.md, section 3): the number of terms that are added in one chain.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from types import FunctionType
from typing import Any

import numpy as np

from ..ir.errors import ShapeError
from ..ir.shapes import DEFAULT_PANEL, broadcast_shapes
from ..ir.spec import NUMPY_DTYPES, Spec, checked
from .elementwise import *
from .operands import Axis, Pair, axis_number, axis_numbers, integer, integers, number, operands, pair
from .tensor import Tensor, apply, attach, from_array, tensor

# --- making tensors ---------------------------------------------------------------------------------------------------


def full(shape: int | Sequence[int], value: float | int, dtype: str = "f32") -> Tensor:
    """A tensor whose every element is `value`. Raises ShapeError for a float in a tensor of integers.

    >>> pg.full((2, 2), 0.5)
    Tensor([[0.5, 0.5],
            [0.5, 0.5]], f32)
    """
    word = number(value, dtype).numpy().view(np.uint32).item()
    shape = integers(shape, "shape")
    checked(Spec(dtype, shape))
    try:
        return from_array(np.full(shape, word, np.uint32).view(NUMPY_DTYPES[dtype]))
    except ValueError:
        raise ShapeError(f"NumPy cannot hold an array {Spec(dtype, shape)}, though it has no elements") from None


def zeros(shape: int | Sequence[int], dtype: str = "f32") -> Tensor:
    """A tensor of +0 everywhere."""
    return full(shape, 0, dtype)


def ones(shape: int | Sequence[int], dtype: str = "f32") -> Tensor:
    """A tensor of 1 everywhere."""
    return full(shape, 1, dtype)


def arange(n: int, dtype: str = "i32") -> Tensor:
    """The numbers 0, 1, ..., n-1: a tensor of shape (n,)."""
    n = integer(n, "n")
    checked(Spec(dtype, (n,)))
    return tensor(np.arange(n, dtype=np.int64), dtype)


# --- elementwise, beside those of elementwise.py ----------------------------------------------------------------------


def where(c: Any, x: Any, y: Any) -> Tensor:
    """x where c is not zero, else y; all three are broadcast. c may have any dtype, x and y have one, which is the result's.

    >>> pg.where([1, 0, 1], [1.0, 2.0, 3.0], 0.0)
    Tensor([1., 0., 3.], f32)
    """
    return apply("select", *operands(c), *operands(x, y))


select = where  # its name in the operation table


def cast(x: Any, dtype: str) -> Tensor:
    """x as "f32", "i32" or "u32", same shape: integers round to nearest even, floats truncate and saturate, NaN becomes 0.

    >>> pg.cast([1.9, -1.9, 1e20], "i32")
    Tensor([         1,         -1, 2147483647], i32)
    """
    (x,) = operands(x)
    if x.dtype != dtype:
        return apply("cast", x, dtype=dtype)
    return Tensor(x.spec, None if x.trace else x.numpy(), x.trace, x.value) if x.boolean else x


def logical(x: Any, y: Any, op: str, **attributes: Any) -> Tensor:
    """Behind `& | ^ ~` of boolean tensors. Raises ShapeError for operands that are not boolean."""
    x, y = (t if isinstance(t, Tensor) else tensor(t) for t in (x, y))
    if not (x.boolean and y.boolean):
        raise ShapeError(
            f"& | ^ ~ combine boolean tensors (comparisons, or made from bools), got {x.spec} and {y.spec}"
        )
    return apply(op, x, y, **attributes)


# --- reductions and contraction ---------------------------------------------------------------------------------------


def sum(x: Any, axis: Axis = None, *, keepdims: bool = False, panel: int | None = DEFAULT_PANEL) -> Tensor:
    """The sum over one axis, several, or all (None), in chains of `panel` terms (one chain when None); integers wrap.

    The axes disappear, or have length 1 with `keepdims`.

    >>> pg.sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    Tensor([4., 6.], f32)
    """
    (x,) = operands(x)
    return apply("sum", x, axes=axis_numbers(axis, x.ndim), keepdims=keepdims, panel=panel)


def mean(x: Any, axis: Axis = None, *, keepdims: bool = False, panel: int | None = DEFAULT_PANEL) -> Tensor:
    """The mean over `axis`, an f32: `sum` divided once by the number of terms; NaN of nothing."""
    (x,) = operands(x)
    n = int(np.prod([x.shape[a] for a in axis_numbers(axis, x.ndim)], dtype=np.int64))
    return sum(x, axis, keepdims=keepdims, panel=panel) / float(n)


def max(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The largest element over `axis`, as `sum` takes it; NaN if there is one; -inf (or the smallest integer) of nothing."""
    (x,) = operands(x)
    return apply("max", x, axes=axis_numbers(axis, x.ndim), keepdims=keepdims)


def argmax(x: Any, axis: int = -1, *, keepdims: bool = False) -> Tensor:
    """The i32 index of the largest element along `axis`, the first of equals; the first NaN wins. An empty axis is an error."""
    (x,) = operands(x)
    return apply("argmax", x, axis=axis_number(axis, x.ndim), keepdims=keepdims)


def matmul(
    a: Any, b: Any, *, transpose_a: bool = False, transpose_b: bool = False, panel: int | None = DEFAULT_PANEL
) -> Tensor:
    """The matrix product of f32 (..., m, k) and (..., k, n): (..., m, n). Leading axes broadcast.

    An operand of one axis counts as a row (on the left) or a column (on the right), and that axis is gone from the result.
    With `transpose_a` or `transpose_b` the last two axes of that operand are swapped first. Every element is a `dot` over k.

    >>> pg.matmul([[1.0, 2.0], [3.0, 4.0]], [10.0, 100.0])
    Tensor([210., 430.], f32)
    """
    a, b = operands(a, b)
    row, column = a.ndim == 1, b.ndim == 1
    if row:
        a = a.reshape((a.size, 1) if transpose_a else (1, a.size))
    if column:
        b = b.reshape((1, b.size) if transpose_b else (b.size, 1))
    lead = a.shape[:-1]
    flat = a.ndim > 2 and b.ndim == 2 and not transpose_a
    if flat:  # all rows in one product, so that the gradient of b is one dot over all of them
        a = a.reshape((int(np.prod(lead, dtype=np.int64)), a.shape[-1]))
    c = apply("matmul", a, b, transpose_a=transpose_a, transpose_b=transpose_b, panel=panel)
    shape = [*lead, c.shape[-1]] if flat else list(c.shape)
    if row:
        del shape[-2]
    if column:
        del shape[-1]
    return reshape(c, shape)


def dot(x: Any, y: Any, *, panel: int | None = DEFAULT_PANEL) -> Tensor:
    """The dot product over the last axis of f32 (..., k) and (..., k): (...). The other axes broadcast.

    Chains of `panel` fma, added up in order (docs/contract.md, section 3).
    """
    x, y = operands(x, y)
    rows, columns = x.reshape((*x.shape[:-1], 1, x.shape[-1])), y.reshape((*y.shape[:-1], 1, y.shape[-1]))
    c = apply("matmul", rows, columns, transpose_a=False, transpose_b=True, panel=panel)
    return c.reshape(c.shape[:-2])


# --- movement ---------------------------------------------------------------------------------------------------------


def reshape(x: Any, shape: int | Sequence[int]) -> Tensor:
    """The same elements in row-major order under another shape. One dimension may be -1: what the others leave."""
    (x,) = operands(x)
    shape = integers(shape, "shape")
    if -1 in shape:
        known = int(np.prod([d for d in shape if d != -1], dtype=np.int64))
        if known == 0 or x.size % known or shape.count(-1) > 1:
            raise ShapeError(f"reshape: {x.size} elements do not fit the shape {list(shape)}")
        shape = tuple(x.size // known if d == -1 else d for d in shape)
    return x if x.shape == shape else apply("reshape", x, shape=shape)


def transpose(x: Any, axes: Sequence[int] | None = None) -> Tensor:
    """Axis i of the result is axis axes[i] of x; all axes in reverse order when None."""
    (x,) = operands(x)
    order = tuple(range(x.ndim))[::-1] if axes is None else tuple(axis_number(a, x.ndim) for a in axes)
    return x if order == tuple(range(x.ndim)) else apply("transpose", x, axes=order)


def broadcast(x: Any, shape: int | Sequence[int]) -> Tensor:
    """x repeated along new leading axes and axes of length 1, so that it has `shape`."""
    (x,) = operands(x)
    shape = integers(shape, "shape")
    return x if x.shape == shape else apply("broadcast", x, shape=shape)


def slice(x: Any, start: Sequence[int], stop: Sequence[int], step: Sequence[int] | None = None) -> Tensor:
    """Every step-th element (every one when None) from start up to but without stop: one number an axis, start and stop >= 0.

    `x[1:, ::2]` is the usual way to write it.
    """
    (x,) = operands(x)
    return apply(
        "slice",
        x,
        start=integers(start, "start"),
        stop=integers(stop, "stop"),
        step=integers(step if step is not None else [1] * x.ndim, "step"),
    )


def getitem(x: Tensor, index: Any) -> Tensor:
    """x[index] for integers, slices with a positive step, `...` and None; for a mask or i32 indices of the first axes, `gather`.

    One `slice` of all axes, then one `reshape`, which drops the axes of integers and adds those of None.
    """
    if isinstance(index, tuple) and len(index) == 1:
        (index,) = index
    if isinstance(index, (Tensor, np.ndarray, list, bool, np.bool_)):
        return gather(x, index)
    items = list(index) if isinstance(index, tuple) else [index]
    used = builtins.sum(i is not None and i is not Ellipsis for i in items)
    if used > x.ndim:
        raise ShapeError(f"{used} indices for {x.ndim} axes")
    at = next((k for k, i in enumerate(items) if i is Ellipsis), len(items))
    items[at : at + 1] = [builtins.slice(None)] * (x.ndim - used)
    taken: list[tuple[int, int, int]] = []  # (start, stop, step) of each axis of x
    shape: list[int] = []
    for i in items:
        if i is None:
            shape.append(1)
            continue
        start, stop, step = _bounds(i, len(taken), x.shape[len(taken)])
        taken.append((start, stop, step))
        if isinstance(i, builtins.slice):
            shape.append(-(-(stop - start) // step))
    starts, stops, steps = zip(*taken, strict=True) if taken else ((), (), ())
    return reshape(slice(x, starts, stops, steps), shape)


def _bounds(i: Any, axis: int, length: int) -> tuple[int, int, int]:
    """(start, stop, step) of an integer or a slice within an axis. Raises ShapeError for anything else."""
    if isinstance(i, builtins.slice):
        start, stop, step = i.indices(length)
        if step < 1:
            raise ShapeError(f"slice step {step}: must be >= 1")
        return start, builtins.max(start, stop), step
    if isinstance(i, (int, np.integer)) and not isinstance(i, bool) and -length <= i < length:
        return int(i) % length, int(i) % length + 1, 1
    raise ShapeError(f"index {i!r} is not an integer or slice within axis {axis} of length {length}")


def pad(
    x: Any, low: Sequence[int], high: Sequence[int], interior: Sequence[int] | None = None, value: float | int = 0
) -> Tensor:
    """x with copies of `value` before (low), after (high) and between (interior) the elements: one number >= 0 an axis.

    >>> pg.pad([1.0, 2.0], low=[1], high=[0], interior=[2])
    Tensor([0., 1., 0., 0., 2.], f32)
    """
    (x,) = operands(x)
    word = f"{number(value, x.dtype).numpy().view(np.uint32).item():08x}"
    return apply(
        "pad",
        x,
        low=integers(low, "low"),
        high=integers(high, "high"),
        interior=integers(interior if interior is not None else [0] * x.ndim, "interior"),
        word=word,
    )


def concat(xs: Sequence[Any], axis: int = 0) -> Tensor:
    """The tensors, of one dtype, one after another along an axis; their other axes have the same lengths."""
    if not xs:
        raise ShapeError("concat: needs one or more tensors")
    tensors = operands(*xs)
    return apply("concat", *tensors, axis=axis_number(axis, tensors[0].ndim))


def _checked_indices(i: Any, size: int) -> Tensor:
    """Indices as i32; a concrete one out of range is an error here, at the boundary, though the operation allows it."""
    indices = _indices(i)
    if indices.boolean:
        raise ShapeError('the indices are boolean; cast(i, "i32") makes the integers 0 and 1 of them')
    if indices.trace is None and indices.size:
        for v in (int(indices.numpy().min()), int(indices.numpy().max())):
            if not 0 <= v < size:
                raise ShapeError(f"index {v} is outside 0 ... {size - 1}")
    return indices


def _indices(i: Any) -> Tensor:
    """Indices, or a mask, as a tensor. (An empty list has no dtype of its own; it is a list of no indices.)"""
    return tensor(np.empty(np.shape(i), np.int32) if isinstance(i, list) and not np.size(i) else i)


def _true_indices(x: Tensor, mask: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """x with the axes of a mask, those from `axis` on, as one, and the indices along it at which the mask is true."""
    if mask.trace is not None:
        raise ShapeError(
            "a mask that is computed inside a trace cannot select: the shape of the result would depend on its values; "
            "keep every element and choose with where(mask, x, other)"
        )
    shape, end = x.shape, axis + mask.ndim
    if shape[axis:end] != mask.shape:
        raise ShapeError(f"the mask {list(mask.shape)} does not fit x {list(shape)} from axis {axis} on")
    flat = reshape(x, (*shape[:axis], mask.size, *shape[end:]))
    return flat, tensor(np.flatnonzero(mask.numpy()), "i32")


def gather(x: Any, i: Any, *, axis: int = 0) -> Tensor:
    """The slices of x along `axis` at the indices i (i32, any shape, which takes the place of the axis).

    A boolean i is a mask of x's axes from `axis` on: what it is true for is selected, as in NumPy.

    Raises ShapeError for an index out of range, also when `jit`, `grad` or `predict` are given it; in a program such an index
    yields zeros. Raises it, too, for a mask that is only known when the program runs.

    >>> pg.gather([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [2, 0])
    Tensor([[5., 6.],
            [1., 2.]], f32)
    """
    (x,) = operands(x)
    i = _indices(i)
    axis = axis_number(axis, x.ndim) if axis or not i.boolean else 0
    if i.boolean:
        x, i = _true_indices(x, i, axis)
    return apply("gather", x, _checked_indices(i, x.shape[axis]), axis=axis)


def scatter_add(x: Any, i: Any, *, axis: int = 0, size: int, panel: int | None = DEFAULT_PANEL) -> Tensor:
    """The slices of x added into `size` places along `axis`, where the indices i (i32) say. The transpose of `gather`.

    x has the shape of i in the place of `axis`; slices for one place are added in row-major order of i,
    in panels of `panel` indices.
    Raises ShapeError for an index out of range; in a trace, where it is not known, such a slice is left out.

    >>> pg.scatter_add([1.0, 2.0, 4.0], [0, 2, 0], size=3)
    Tensor([5., 0., 2.], f32)
    """
    (x,) = operands(x)
    return apply(
        "scatter_add",
        x,
        _checked_indices(i, size),
        axis=axis_number(axis, x.ndim),
        size=integer(size, "size"),
        panel=panel,
    )


def one_hot(i: Any, depth: int) -> Tensor:
    """f32 (..., depth): 1 at the index i (i32), 0 elsewhere; all 0 for an index outside 0 ... depth-1.

    >>> pg.one_hot([0, 2], 3)
    Tensor([[1., 0., 0.],
            [0., 0., 1.]], f32)
    """
    return apply("one_hot", *operands(i), depth=integer(depth, "depth"))


def unfold(
    x: Any,
    kernel: Pair,
    *,
    stride: Pair = 1,
    padding: Sequence[int] = (0, 0, 0, 0),
    dilation: Pair = 1,
) -> Tensor:
    """The windows of images (N, C, H, W) as rows (N, OH, OW, C*kh*kw); zeros outside the image.

    Args:
        kernel, stride, dilation: (down, across), or one number for both. padding: (top, bottom, left, right).
    """
    (x,) = operands(x)
    return apply(
        "unfold",
        x,
        kernel=pair(kernel, "kernel"),
        stride=pair(stride, "stride"),
        padding=integers(padding, "padding"),
        dilation=pair(dilation, "dilation"),
    )


def fold(
    x: Any,
    size: Sequence[int],
    kernel: Pair,
    *,
    stride: Pair = 1,
    padding: Sequence[int] = (0, 0, 0, 0),
    dilation: Pair = 1,
    panel: int | None = DEFAULT_PANEL,
) -> Tensor:
    """The transpose of `unfold`: from rows (N, OH, OW, C*kh*kw) images (N, C, *size), each pixel the sum of what covers it.

    The terms of a pixel are added in row-major order of the kernel positions, in panels of `panel` positions. The other
    arguments are those of `unfold`.
    """
    (x,) = operands(x)
    return apply(
        "fold",
        x,
        size=integers(size, "size"),
        kernel=pair(kernel, "kernel"),
        stride=pair(stride, "stride"),
        padding=integers(padding, "padding"),
        dilation=pair(dilation, "dilation"),
        panel=panel,
    )


def scan(a: Any, b: Any, h0: Any = None, *, axis: int = 0, reverse: bool = False) -> Tensor:
    """The linear recurrence h[t] = fma(a[t], h[t-1], b[t]) along an axis; a, b and the result have one shape, f32.

    Args:
        h0: what stands before the first element, of a's shape without the axis; zeros when None.
        reverse: begin at the end: h[t] = fma(a[t], h[t+1], b[t]).

    >>> pg.scan([0.5, 0.5, 0.5], [1.0, 1.0, 1.0])
    Tensor([1.  , 1.5 , 1.75], f32)
    """
    a, b = operands(a, b)
    axis = axis_number(axis, a.ndim)
    start = zeros(a.shape[:axis] + a.shape[axis + 1 :]) if h0 is None else operands(h0)[0]
    return apply("scan", a, b, start, axis=axis, reverse=reverse)


# --- Fourier transforms -----------------------------------------------------------------------------------------------


def fft(x: Any, *, norm: str = "backward") -> Tensor:
    """The discrete Fourier transform of complex points, f32 (..., n, 2) with (real, imaginary) parts; same shape.

    `norm` is the scale: "backward" 1, "ortho" 1/sqrt(n), "forward" 1/n. n is 1 ... 2^24 (docs/contract.md, section 7).

    >>> x = pg.complex_pairs(np.array([1, 2, 3, 4], np.complex64))
    >>> pg.to_complex64(pg.fft(x))
    array([10.+0.j, -2.+2.j, -2.+0.j, -2.-2.j], dtype=complex64)
    """
    return apply("fft", *operands(x), norm=norm)


def ifft(x: Any, *, norm: str = "backward") -> Tensor:
    """The inverse transform of complex points, f32 (..., n, 2); same shape.

    `norm` is the scale: "backward" 1/n, "ortho" 1/sqrt(n), "forward" 1.
    """
    return apply("ifft", *operands(x), norm=norm)


def rfft(x: Any, *, norm: str = "backward") -> Tensor:
    """The first n//2 + 1 points, f32 (..., n//2 + 1, 2), of the transform of real points (..., n); the others mirror them.

    >>> pg.to_complex64(pg.rfft([1.0, 2.0, 3.0, 4.0]))
    array([10.+0.j, -2.+2.j, -2.+0.j], dtype=complex64)
    """
    return apply("rfft", *operands(x), norm=norm)


def irfft(x: Any, n: int | None = None, *, norm: str = "backward") -> Tensor:
    """The inverse of `rfft`: n real points (..., n) from complex (..., n//2 + 1, 2); the even n, 2 * (points - 1), when None."""
    (x,) = operands(x)
    if n is None:
        n = 2 * (x.shape[-2] - 1) if x.ndim >= 2 else 0
    return apply("irfft", x, norm=norm, n=integer(n, "n"))


def sum_to(x: Tensor, shape: Sequence[int]) -> Tensor:
    """x summed over the axes along which a tensor of `shape` is broadcast to x's shape: the transpose of `broadcast`.

    >>> pg.sum_to(pg.ones((2, 3)), (3,))
    Tensor([2., 2., 2.], f32)
    """
    shape = tuple(shape)
    if x.shape == shape:
        return x
    if broadcast_shapes(shape, x.shape) != x.shape:
        raise ShapeError(f"sum_to: {list(shape)} does not broadcast to {list(x.shape)}")
    lead = x.ndim - len(shape)
    axes = [a for a in range(x.ndim) if a < lead or (shape[a - lead] == 1 and x.shape[a] != 1)]
    return reshape(sum(x, axes), shape)


def bits(seed: Any, step: Any, *, stream: int, shape: Sequence[int], width: int = 32) -> Tensor:
    """u32 random words of `shape`, Philox4x32-10 (docs/contract.md, section 5), the top `width` bits (1 ... 32) of each.

    Args:
        seed: u32[2] (low, high). step: u32[]. stream: 0 ... 2^32-1. `paragon.random` has the samplers made of it.
    """
    return apply(
        "bits",
        tensor(seed, "u32"),
        tensor(step, "u32"),
        stream=integer(stream, "stream"),
        shape=integers(shape, "shape"),
        width=integer(width, "width"),
    )


attach({name: fn for name, fn in globals().items() if isinstance(fn, FunctionType)})
