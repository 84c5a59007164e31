"""The shape rules: from the specs of the operands and the attributes to the spec of the result.

A rule raises ShapeError with the reason when they do not fit; docs/program.md lists the rules in words, and
`operations.TABLE` says which operation has which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .errors import ShapeError
from .spec import DTYPES, MAX_ELEMENTS, Spec

DEFAULT_PANEL = 256
MAX_FFT_POINTS = 2**24
NORMS = ("backward", "ortho", "forward")
COMPARISONS = ("lt", "le", "eq", "ne", "ge", "gt")


def _need(condition: bool, message: str) -> None:
    if not condition:
        raise ShapeError(message)


def _need_f32(*operands: Spec) -> None:
    for x in operands:
        _need(x.dtype == "f32", f"needs f32, got {x.dtype}; cast first")


def _need_same_dtype(*operands: Spec) -> str:
    dtypes = {x.dtype for x in operands}
    _need(len(dtypes) == 1, f"operands differ in dtype ({', '.join(sorted(dtypes))}); cast one of them first")
    return operands[0].dtype


def _is_int(value: object, low: int, high: int = MAX_ELEMENTS) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _need_ints(name: str, value: Any, count: int | None, low: int, high: int = MAX_ELEMENTS) -> tuple[int, ...]:
    ok = isinstance(value, (tuple, list)) and all(_is_int(v, low, high) for v in value)
    _need(
        ok and (count is None or len(value) == count),
        f"{name} must be {count or 'some'} integers >= {low}, got {value}",
    )
    return tuple(value)


def _need_axis(axis: Any, x: Spec) -> int:
    _need(_is_int(axis, 0, len(x.shape) - 1), f"axis {axis!r} is not one of the {len(x.shape)} axes")
    return int(axis)


def _need_panel(panel: Any) -> None:
    _need(panel is None or _is_int(panel, 2), f"panel must be None or an integer >= 2, got {panel!r}")


def _need_word(word: Any) -> None:
    ok = isinstance(word, str) and len(word) == 8 and all(c in "0123456789abcdef" for c in word)
    _need(ok, f"word must be 8 lower-case hex digits, got {word!r}")


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """NumPy's broadcasting rule. Raises ShapeError when the shapes do not broadcast."""
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(s)) + s for s in shapes]
    result = []
    for dims in zip(*padded, strict=True):
        wide = {d for d in dims if d != 1}
        _need(len(wide) <= 1, f"shapes {' and '.join(map(str, shapes))} do not broadcast")
        result.append(wide.pop() if wide else 1)
    return tuple(result)


def elementwise(
    operands: Sequence[Spec],
    dtypes: Sequence[str],
    result: str | None,
    attributes: Mapping[str, Any],
    choices: Mapping[str, Sequence[str]],
) -> Spec:
    """Operands of one dtype among `dtypes`, broadcast; every attribute one of its `choices`."""
    for name, words in choices.items():
        _need(attributes[name] in words, f"{name} must be one of {', '.join(words)}, got {attributes[name]!r}")
    for x in operands:
        _need(x.dtype in dtypes, f"needs {' or '.join(dtypes)}, got {x.dtype}; cast first")
    return Spec(result or _need_same_dtype(*operands), broadcast_shapes(*(x.shape for x in operands)))


def select(c: Spec, x: Spec, y: Spec) -> Spec:
    return Spec(_need_same_dtype(x, y), broadcast_shapes(c.shape, x.shape, y.shape))


def cast(x: Spec, *, dtype: str) -> Spec:
    _need(dtype in DTYPES, f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r}")
    return Spec(dtype, x.shape)


def constant(*, dtype: str, shape: Any, word: str) -> Spec:
    _need_word(word)
    return cast(Spec("f32", _need_ints("shape", shape, None, 0)), dtype=dtype)


def _reduced(x: Spec, axes: Sequence[int], keepdims: Any) -> tuple[int, ...]:
    _need(isinstance(keepdims, bool), f"keepdims must be true or false, got {keepdims!r}")
    for axis in axes:
        _need_axis(axis, x)
    _need(list(axes) == sorted(set(axes)), f"axes must be distinct and ascending, got {list(axes)}")
    return tuple(1 if a in axes else d for a, d in enumerate(x.shape) if keepdims or a not in axes)


def max_(x: Spec, *, axes: Any, keepdims: bool) -> Spec:
    return Spec(x.dtype, _reduced(x, _need_ints("axes", axes, None, 0), keepdims))


def sum_(x: Spec, *, axes: Any, keepdims: bool, panel: int | None) -> Spec:
    _need_panel(panel)
    return max_(x, axes=axes, keepdims=keepdims)


def argmax(x: Spec, *, axis: int, keepdims: bool) -> Spec:
    shape = _reduced(x, (_need_axis(axis, x),), keepdims)
    _need(x.shape[axis] > 0, f"axis {axis} is empty and has no largest element")
    return Spec("i32", shape)


def matmul(x: Spec, y: Spec, *, transpose_a: bool, transpose_b: bool, panel: int | None) -> Spec:
    _need_f32(x, y)
    _need_panel(panel)
    _need(
        isinstance(transpose_a, bool) and isinstance(transpose_b, bool),
        "transpose_a and transpose_b must be true or false",
    )
    _need(len(x.shape) >= 2 and len(y.shape) >= 2, "both operands need at least two axes")
    m, k = x.shape[-2:][::-1] if transpose_a else x.shape[-2:]
    k2, n = y.shape[-2:][::-1] if transpose_b else y.shape[-2:]
    _need(k == k2, f"the inner dimensions {k} and {k2} differ")
    return Spec("f32", (*broadcast_shapes(x.shape[:-2], y.shape[:-2]), m, n))


def reshape(x: Spec, *, shape: Any) -> Spec:
    result = Spec(x.dtype, _need_ints("shape", shape, None, 0))
    _need(result.size == x.size, f"{x.size} elements do not fit the shape {list(shape)}")
    return result


def transpose(x: Spec, *, axes: Any) -> Spec:
    axes = _need_ints("axes", axes, len(x.shape), 0)
    _need(sorted(axes) == list(range(len(x.shape))), f"axes must be a permutation of the axes, got {list(axes)}")
    return Spec(x.dtype, tuple(x.shape[a] for a in axes))


def broadcast(x: Spec, *, shape: Any) -> Spec:
    shape = _need_ints("shape", shape, None, 0)
    _need(broadcast_shapes(x.shape, shape) == shape, f"does not broadcast to {list(shape)}")
    return Spec(x.dtype, shape)


def slice_(x: Spec, *, start: Any, stop: Any, step: Any) -> Spec:
    rank = len(x.shape)
    start, stop = _need_ints("start", start, rank, 0), _need_ints("stop", stop, rank, 0)
    step = _need_ints("step", step, rank, 1)
    for a, (low, high, dim) in enumerate(zip(start, stop, x.shape, strict=True)):
        _need(low <= high <= dim, f"axis {a}: {low}:{high} is not within 0:{dim}")
    return Spec(x.dtype, tuple(-(-(h - s) // t) for s, h, t in zip(start, stop, step, strict=True)))


def pad(x: Spec, *, low: Any, high: Any, interior: Any, word: str) -> Spec:
    rank = len(x.shape)
    _need_word(word)
    sides = [_need_ints(n, v, rank, 0) for n, v in (("low", low), ("high", high), ("interior", interior))]
    return Spec(x.dtype, tuple(a + d + max(d - 1, 0) * i + b for d, a, b, i in zip(x.shape, *sides, strict=True)))


def concat(*xs: Spec, axis: int) -> Spec:
    dtype, first = _need_same_dtype(*xs), xs[0].shape
    axis = _need_axis(axis, xs[0])
    for x in xs:
        same = len(x.shape) == len(first) and all(
            a == axis or p == q for a, (p, q) in enumerate(zip(x.shape, first, strict=True))
        )
        _need(same, f"shapes differ on other axes than {axis}")
    return Spec(dtype, (*first[:axis], sum(x.shape[axis] for x in xs), *first[axis + 1 :]))


def _need_indices(i: Spec) -> None:
    _need(i.dtype == "i32", f"indices must be i32, got {i.dtype}; cast first")


def gather(x: Spec, i: Spec, *, axis: int) -> Spec:
    _need_indices(i)
    axis = _need_axis(axis, x)
    return Spec(x.dtype, x.shape[:axis] + i.shape + x.shape[axis + 1 :])


def scatter_add(x: Spec, i: Spec, *, axis: int, size: int, panel: int | None) -> Spec:
    _need_indices(i)
    _need_panel(panel)
    _need(_is_int(size, 0), f"size must be an integer >= 0, got {size!r}")
    rank = len(i.shape)
    _need(_is_int(axis, 0, len(x.shape) - rank), f"axis {axis!r} leaves no room for indices of rank {rank}")
    _need(x.shape[axis : axis + rank] == i.shape, f"axes {axis} to {axis + rank} are not the shape of the indices")
    return Spec(x.dtype, (*x.shape[:axis], size, *x.shape[axis + rank :]))


def one_hot(i: Spec, *, depth: int) -> Spec:
    _need_indices(i)
    _need(_is_int(depth, 0), f"depth must be an integer >= 0, got {depth!r}")
    return Spec("f32", (*i.shape, depth))


def _windows(h: int, w: int, kernel: Any, stride: Any, padding: Any, dilation: Any) -> tuple[int, int]:
    """The number of window positions down and across."""
    kernel, stride, dilation = (
        _need_ints(n, v, 2, 1) for n, v in (("kernel", kernel), ("stride", stride), ("dilation", dilation))
    )
    top, bottom, left, right = _need_ints("padding", padding, 4, 0)
    rows = (h + top + bottom - dilation[0] * (kernel[0] - 1) - 1) // stride[0] + 1
    columns = (w + left + right - dilation[1] * (kernel[1] - 1) - 1) // stride[1] + 1
    _need(rows >= 1 and columns >= 1, f"the kernel {list(kernel)} does not fit into the padded image")
    return rows, columns


def unfold(x: Spec, *, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Spec:
    _need(len(x.shape) == 4, "needs the four axes (N, C, H, W)")
    n, c, h, w = x.shape
    rows, columns = _windows(h, w, kernel, stride, padding, dilation)
    return Spec(x.dtype, (n, rows, columns, c * kernel[0] * kernel[1]))


def fold(x: Spec, *, size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, panel: int | None) -> Spec:
    _need(len(x.shape) == 4, "needs the four axes (N, OH, OW, C*kh*kw)")
    _need_panel(panel)
    h, w = _need_ints("size", size, 2, 0)
    windows = _windows(h, w, kernel, stride, padding, dilation)
    _need(x.shape[1:3] == windows, f"an image of {h} x {w} has {windows[0]} x {windows[1]} windows, got {x.shape[1:3]}")
    positions = kernel[0] * kernel[1]
    _need(
        x.shape[3] % positions == 0, f"the last axis ({x.shape[3]}) is no multiple of the {positions} kernel positions"
    )
    return Spec(x.dtype, (x.shape[0], x.shape[3] // positions, h, w))


def scan(a: Spec, b: Spec, h0: Spec, *, axis: int, reverse: bool) -> Spec:
    _need_f32(a, b, h0)
    axis = _need_axis(axis, a)
    _need(isinstance(reverse, bool), f"reverse must be true or false, got {reverse!r}")
    _need(a.shape == b.shape, "a and b must have the same shape")
    _need(h0.shape == a.shape[:axis] + a.shape[axis + 1 :], f"h0 must have a's shape without axis {axis}")
    return a


def bits(seed: Spec, step: Spec, *, stream: int, shape: Any, width: int) -> Spec:
    _need(seed == Spec("u32", (2,)), f"the seed must be u32[2] (low word, high word), got {seed}")
    _need(step == Spec("u32", ()), f"the step must be u32[], got {step}")
    _need(_is_int(stream, 0, 2**32 - 1), f"stream must be an integer in 0 ... 2^32-1, got {stream!r}")
    _need(_is_int(width, 1, 32), f"width must be an integer in 1 ... 32, got {width!r}")
    return Spec("u32", _need_ints("shape", shape, None, 0))


def _need_points(n: Any) -> None:
    _need(_is_int(n, 1, MAX_FFT_POINTS), f"a transform has 1 to {MAX_FFT_POINTS} points, got {n!r}")


def _need_norm(norm: Any) -> None:
    _need(norm in NORMS, f"norm must be one of {', '.join(NORMS)}, got {norm!r}")


def _need_complex(x: Spec) -> int:
    _need_f32(x)
    complex_ = len(x.shape) >= 2 and x.shape[-1] == 2
    _need(
        complex_,
        "needs the axes (..., n, 2): points, and the real and imaginary part; paragon.complex_pairs makes them",
    )
    return x.shape[-2]


def fft(x: Spec, *, norm: str) -> Spec:
    _need_norm(norm)
    _need_points(_need_complex(x))
    return x


def rfft(x: Spec, *, norm: str) -> Spec:
    _need_f32(x)
    _need(len(x.shape) >= 1, "needs an axis of points")
    n = x.shape[-1]
    _need_points(n)
    _need_norm(norm)
    return Spec("f32", (*x.shape[:-1], n // 2 + 1, 2))


def irfft(x: Spec, *, norm: str, n: int) -> Spec:
    points = _need_complex(x)
    _need_points(n)
    _need_norm(norm)
    _need(points == n // 2 + 1, f"{n} real points come from {n // 2 + 1} complex ones, got {points}")
    return Spec("f32", (*x.shape[:-2], n))
