"""THE operation table: for each operation its shape rule, its derivative and one line of prose.

A row is a function `name(g, out, x, y, ..., *, attributes)`: from the gradient `g` of the result, the result `out` and the
operands it gives the gradient of each operand (None: not differentiable), built from operations of this same table, so a
derivative is itself part of a program. Its signature is the operation's arity and attributes; its decorator names the shape
rule. Where an operand was broadcast, autograd sums the gradient to the operand's shape.

What an operation computes is said in docs/contract.md; docs/program.md lists the shape rules in words.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import ShapeError

if TYPE_CHECKING:
    from .tensor import Tensor

DTYPES = ("f32", "i32", "u32")
DEFAULT_PANEL = 256
MAX_RANK = 8
MAX_ELEMENTS = 2**31 - 1
MAX_FFT_POINTS = 2**24
NORMS = ("backward", "ortho", "forward")
COMPARISONS = ("lt", "le", "eq", "ne", "ge", "gt")


class Spec(NamedTuple):
    """What is known of a value before it is computed: its dtype and its shape."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __str__(self) -> str:
        return f"{self.dtype}[{','.join(map(str, self.shape))}]"


Gradients = tuple["Tensor | None", ...]


@dataclass(frozen=True)
class Operation:
    """One row of the table. `arity` is None for an operation that takes one or more operands."""

    name: str
    arity: int | None
    attributes: tuple[str, ...]
    infer: Callable[..., Spec]
    derivative: Callable[..., Gradients]
    doc: str

    def spec(self, operands: Sequence[Spec], attributes: Mapping[str, Any]) -> Spec:
        """The dtype and shape of the result. Raises ShapeError, naming the operation, when the operands do not fit."""
        if (self.arity is not None and len(operands) != self.arity) or (self.arity is None and not operands):
            raise ShapeError(f"{self.name}: takes {self.arity or 'one or more'} operands, got {len(operands)}")
        if set(attributes) != set(self.attributes):
            raise ShapeError(f"{self.name}: attributes must be {sorted(self.attributes)}, got {sorted(attributes)}")
        try:
            return _checked(self.infer(*operands, **attributes))
        except ShapeError as error:
            shown = ", ".join(map(str, operands))
            raise ShapeError(f"{self.name}({shown}): {error}") from None


TABLE: dict[str, Operation] = {}


def operation(infer: Callable[..., Spec]) -> Callable[[Callable[..., Gradients]], Callable[..., Gradients]]:
    """Enter the decorated derivative into the table under its own name (a trailing underscore is dropped)."""

    def enter(derivative: Callable[..., Gradients]) -> Callable[..., Gradients]:
        name = derivative.__name__.rstrip("_")
        parameters = list(inspect.signature(derivative).parameters.values())[2:]
        variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        arity = None if variadic else sum(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)
        attributes = tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
        doc = (derivative.__doc__ or "").strip()
        TABLE[name] = Operation(name, arity, attributes, infer, derivative, doc)
        return derivative

    return enter


# --- shape rules ------------------------------------------------------------------------------------------------------


def _checked(spec: Spec) -> Spec:
    if len(spec.shape) > MAX_RANK:
        raise ShapeError(f"the result has rank {len(spec.shape)}; the largest is {MAX_RANK}")
    if spec.size > MAX_ELEMENTS:
        raise ShapeError(f"the result {spec} has more than {MAX_ELEMENTS} elements")
    return spec


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


def _arithmetic(*operands: Spec) -> Spec:
    return Spec(_need_same_dtype(*operands), broadcast_shapes(*(x.shape for x in operands)))


def _real(*operands: Spec) -> Spec:
    _need_f32(*operands)
    return _arithmetic(*operands)


def _signed(x: Spec) -> Spec:
    _need(x.dtype != "u32", "needs f32 or i32, got u32")
    return x


def _compare(x: Spec, y: Spec, *, how: str) -> Spec:
    _need(how in COMPARISONS, f"how must be one of {', '.join(COMPARISONS)}, got {how!r}")
    return Spec("i32", _arithmetic(x, y).shape)


def _select(c: Spec, x: Spec, y: Spec) -> Spec:
    return Spec(_need_same_dtype(x, y), broadcast_shapes(c.shape, x.shape, y.shape))


def _cast(x: Spec, *, dtype: str) -> Spec:
    _need(dtype in DTYPES, f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r}")
    return Spec(dtype, x.shape)


def _constant(*, dtype: str, shape: Any, word: str) -> Spec:
    _need_word(word)
    return _cast(Spec("f32", _need_ints("shape", shape, None, 0)), dtype=dtype)


def _reduced(x: Spec, axes: Sequence[int], keepdims: Any) -> tuple[int, ...]:
    _need(isinstance(keepdims, bool), f"keepdims must be true or false, got {keepdims!r}")
    for axis in axes:
        _need_axis(axis, x)
    _need(list(axes) == sorted(set(axes)), f"axes must be distinct and ascending, got {list(axes)}")
    return tuple(1 if a in axes else d for a, d in enumerate(x.shape) if keepdims or a not in axes)


def _max(x: Spec, *, axes: Any, keepdims: bool) -> Spec:
    return Spec(x.dtype, _reduced(x, _need_ints("axes", axes, None, 0), keepdims))


def _sum(x: Spec, *, axes: Any, keepdims: bool, panel: int | None) -> Spec:
    _need_panel(panel)
    return _max(x, axes=axes, keepdims=keepdims)


def _argmax(x: Spec, *, axis: int, keepdims: bool) -> Spec:
    shape = _reduced(x, (_need_axis(axis, x),), keepdims)
    _need(x.shape[axis] > 0, f"axis {axis} is empty and has no largest element")
    return Spec("i32", shape)


def _matmul(x: Spec, y: Spec, *, transpose_a: bool, transpose_b: bool, panel: int | None) -> Spec:
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


def _reshape(x: Spec, *, shape: Any) -> Spec:
    result = Spec(x.dtype, _need_ints("shape", shape, None, 0))
    _need(result.size == x.size, f"{x.size} elements do not fit the shape {list(shape)}")
    return result


def _transpose(x: Spec, *, axes: Any) -> Spec:
    axes = _need_ints("axes", axes, len(x.shape), 0)
    _need(sorted(axes) == list(range(len(x.shape))), f"axes must be a permutation of the axes, got {list(axes)}")
    return Spec(x.dtype, tuple(x.shape[a] for a in axes))


def _broadcast(x: Spec, *, shape: Any) -> Spec:
    shape = _need_ints("shape", shape, None, 0)
    _need(broadcast_shapes(x.shape, shape) == shape, f"does not broadcast to {list(shape)}")
    return Spec(x.dtype, shape)


def _slice(x: Spec, *, start: Any, stop: Any, step: Any) -> Spec:
    rank = len(x.shape)
    start, stop = _need_ints("start", start, rank, 0), _need_ints("stop", stop, rank, 0)
    step = _need_ints("step", step, rank, 1)
    for a, (low, high, dim) in enumerate(zip(start, stop, x.shape, strict=True)):
        _need(low <= high <= dim, f"axis {a}: {low}:{high} is not within 0:{dim}")
    return Spec(x.dtype, tuple(-(-(h - s) // t) for s, h, t in zip(start, stop, step, strict=True)))


def _pad(x: Spec, *, low: Any, high: Any, interior: Any, word: str) -> Spec:
    rank = len(x.shape)
    _need_word(word)
    sides = [_need_ints(n, v, rank, 0) for n, v in (("low", low), ("high", high), ("interior", interior))]
    return Spec(x.dtype, tuple(a + d + max(d - 1, 0) * i + b for d, a, b, i in zip(x.shape, *sides, strict=True)))


def _concat(*xs: Spec, axis: int) -> Spec:
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


def _gather(x: Spec, i: Spec, *, axis: int) -> Spec:
    _need_indices(i)
    axis = _need_axis(axis, x)
    return Spec(x.dtype, x.shape[:axis] + i.shape + x.shape[axis + 1 :])


def _scatter_add(x: Spec, i: Spec, *, axis: int, size: int, panel: int | None) -> Spec:
    _need_indices(i)
    _need_panel(panel)
    _need(_is_int(size, 0), f"size must be an integer >= 0, got {size!r}")
    rank = len(i.shape)
    _need(_is_int(axis, 0, len(x.shape) - rank), f"axis {axis!r} leaves no room for indices of rank {rank}")
    _need(x.shape[axis : axis + rank] == i.shape, f"axes {axis} to {axis + rank} are not the shape of the indices")
    return Spec(x.dtype, (*x.shape[:axis], size, *x.shape[axis + rank :]))


def _one_hot(i: Spec, *, depth: int) -> Spec:
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


def _unfold(x: Spec, *, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Spec:
    _need(len(x.shape) == 4, "needs the four axes (N, C, H, W)")
    n, c, h, w = x.shape
    rows, columns = _windows(h, w, kernel, stride, padding, dilation)
    return Spec(x.dtype, (n, rows, columns, c * kernel[0] * kernel[1]))


def _fold(x: Spec, *, size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, panel: int | None) -> Spec:
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


def _scan(a: Spec, b: Spec, h0: Spec, *, axis: int, reverse: bool) -> Spec:
    _need_f32(a, b, h0)
    axis = _need_axis(axis, a)
    _need(isinstance(reverse, bool), f"reverse must be true or false, got {reverse!r}")
    _need(a.shape == b.shape, "a and b must have the same shape")
    _need(h0.shape == a.shape[:axis] + a.shape[axis + 1 :], f"h0 must have a's shape without axis {axis}")
    return a


def _bits(seed: Spec, step: Spec, *, stream: int, shape: Any, width: int) -> Spec:
    _need(seed == Spec("u32", (2,)), f"the seed must be u32[2] (low word, high word), got {seed}")
    _need(step == Spec("u32", ()), f"the step must be u32[], got {step}")
    _need(_is_int(stream, 0, 2**32 - 1), f"stream must be an integer in 0 ... 2^32-1, got {stream!r}")
    _need(_is_int(width, 1, 32), f"width must be an integer in 1 ... 32, got {width!r}")
    return Spec("u32", _need_ints("shape", shape, None, 0))


def _need_points(n: Any) -> None:
    _need(_is_int(n, 1, MAX_FFT_POINTS), f"a transform has 1 to {MAX_FFT_POINTS} points, got {n!r}")


def _need_complex(x: Spec) -> int:
    _need_f32(x)
    complex_ = len(x.shape) >= 2 and x.shape[-1] == 2
    _need(
        complex_,
        "needs the axes (..., n, 2): points, and the real and imaginary part; paragon.complex_pairs makes them",
    )
    return x.shape[-2]


def _fft(x: Spec, *, norm: str) -> Spec:
    _need(norm in NORMS, f"norm must be one of {', '.join(NORMS)}, got {norm!r}")
    _need_points(_need_complex(x))
    return x


def _rfft(x: Spec, *, norm: str) -> Spec:
    _need_f32(x)
    _need(len(x.shape) >= 1, "needs an axis of points")
    n = x.shape[-1]
    _need_points(n)
    _fft(Spec("f32", (1, 2)), norm=norm)
    return Spec("f32", (*x.shape[:-1], n // 2 + 1, 2))


def _irfft(x: Spec, *, norm: str, n: int) -> Spec:
    points = _need_complex(x)
    _need_points(n)
    _fft(Spec("f32", (1, 2)), norm=norm)
    _need(points == n // 2 + 1, f"{n} real points come from {n // 2 + 1} complex ones, got {points}")
    return Spec("f32", (*x.shape[:-2], n))


# --- elementwise ------------------------------------------------------------------------------------------------------


@operation(_arithmetic)
def add(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Gradients:
    """x + y"""
    return g, g


@operation(_arithmetic)
def sub(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Gradients:
    """x - y"""
    return g, -g


@operation(_arithmetic)
def mul(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Gradients:
    """x * y"""
    return g * y, g * x


@operation(_real)
def div(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Gradients:
    """x / y"""
    return g / y, -(g / y) * out


@operation(_real)
def fma(g: Tensor, out: Tensor, x: Tensor, y: Tensor, z: Tensor) -> Gradients:
    """x * y + z with one rounding"""
    return g * y, g * x, g


@operation(lambda x: x)
def neg(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """-x"""
    return (-g,)


@operation(_signed)
def abs_(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """|x|; the derivative at 0 is 0"""
    return (F.where(x > 0, g, F.where(x < 0, -g, 0)),)


@operation(_real)
def sqrt(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """The square root"""
    return (g * 0.5 / out,)


@operation(_arithmetic)
def maximum(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Gradients:
    """The larger of x and y, NaN if either is; where they are equal x gets the gradient"""
    return F.where(x >= y, g, 0), F.where(x >= y, 0, g)


@operation(_arithmetic)
def minimum(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Gradients:
    """The smaller of x and y, NaN if either is; where they are equal x gets the gradient"""
    return F.where(x <= y, g, 0), F.where(x <= y, 0, g)


@operation(_real)
def exp(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """e^x, correctly rounded"""
    return (g * out,)


@operation(_real)
def expm1(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """e^x - 1, correctly rounded"""
    return (g * (out + 1),)


@operation(_real)
def log(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """The natural logarithm, correctly rounded"""
    return (g / x,)


@operation(_real)
def log1p(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """log(1 + x), correctly rounded"""
    return (g / (x + 1),)


@operation(_real)
def tanh(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """The hyperbolic tangent, correctly rounded"""
    return (g * F.fma(-out, out, 1),)


@operation(_real)
def erf(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """The error function, correctly rounded"""
    return (g * F.exp(-(x * x)) * (2 / math.sqrt(math.pi)),)


@operation(_real)
def sinpi(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """sin(pi x), correctly rounded"""
    return (g * F.cospi(x) * math.pi,)


@operation(_real)
def cospi(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """cos(pi x), correctly rounded"""
    return (-(g * F.sinpi(x) * math.pi),)


@operation(_compare)
def compare(g: Tensor, out: Tensor, x: Tensor, y: Tensor, *, how: str) -> Gradients:
    """1 where the comparison holds, else 0"""
    return None, None


@operation(_select)
def select(g: Tensor, out: Tensor, c: Tensor, x: Tensor, y: Tensor) -> Gradients:
    """x where c is not zero, else y"""
    return None, F.where(c, g, 0), F.where(c, 0, g)


@operation(_cast)
def cast(g: Tensor, out: Tensor, x: Tensor, *, dtype: str) -> Gradients:
    """x as another dtype"""
    return (g if x.dtype == dtype == "f32" else None,)


@operation(_constant)
def constant(g: Tensor, out: Tensor, *, dtype: str, shape: Any, word: str) -> Gradients:
    """An array whose every element is one word"""
    return ()


# --- reductions and contraction ---------------------------------------------------------------------------------------


def _keep(g: Tensor, x: Tensor, axes: Sequence[int]) -> Tensor:
    """g with the reduced axes put back as ones."""
    return g.reshape(tuple(1 if a in axes else d for a, d in enumerate(x.shape)))


@operation(_sum)
def sum_(g: Tensor, out: Tensor, x: Tensor, *, axes: Any, keepdims: bool, panel: int | None) -> Gradients:
    """The sum over some axes, by the reduction rule"""
    return (_keep(g, x, axes).broadcast_to(x.shape),)


@operation(_max)
def max_(g: Tensor, out: Tensor, x: Tensor, *, axes: Any, keepdims: bool) -> Gradients:
    """The largest element over some axes; the first of equals, in row-major order, gets the gradient"""
    kept = [a for a in range(x.ndim) if a not in axes]
    order = (*kept, *axes)
    shape = tuple(x.shape[a] for a in order)
    terms = math.prod(x.shape[a] for a in axes)
    if terms == 0:
        return (F.zeros(x.shape),)
    rows = x.transpose(order).reshape((*shape[: len(kept)], terms))
    first = F.one_hot(F.argmax(rows, axis=-1), terms)
    spread = first * g.reshape((*shape[: len(kept)], 1))
    inverse = tuple(order.index(a) for a in range(x.ndim))
    return (spread.reshape(shape).transpose(inverse),)


@operation(_argmax)
def argmax(g: Tensor, out: Tensor, x: Tensor, *, axis: int, keepdims: bool) -> Gradients:
    """The index of the largest element along an axis, the first of equals"""
    return (None,)


@operation(_matmul)
def matmul(
    g: Tensor, out: Tensor, x: Tensor, y: Tensor, *, transpose_a: bool, transpose_b: bool, panel: int | None
) -> Gradients:
    """The matrix product; every element is a dot by the reduction rule"""

    def product(a: Tensor, b: Tensor, ta: bool, tb: bool) -> Tensor:
        return F.matmul(a, b, transpose_a=ta, transpose_b=tb, panel=panel)

    dx = product(y, g, transpose_b, True) if transpose_a else product(g, y, False, not transpose_b)
    dy = product(g, x, True, transpose_a) if transpose_b else product(x, g, not transpose_a, False)
    return dx, dy


# --- movement ---------------------------------------------------------------------------------------------------------


@operation(_reshape)
def reshape(g: Tensor, out: Tensor, x: Tensor, *, shape: Any) -> Gradients:
    """The same elements in row-major order under another shape"""
    return (g.reshape(x.shape),)


@operation(_transpose)
def transpose(g: Tensor, out: Tensor, x: Tensor, *, axes: Any) -> Gradients:
    """The axes in another order"""
    return (g.transpose(tuple(list(axes).index(a) for a in range(x.ndim))),)


@operation(_broadcast)
def broadcast(g: Tensor, out: Tensor, x: Tensor, *, shape: Any) -> Gradients:
    """x repeated along new and length-one axes"""
    return (g,)


@operation(_slice)
def slice_(g: Tensor, out: Tensor, x: Tensor, *, start: Any, stop: Any, step: Any) -> Gradients:
    """Every step-th element from start to stop, along each axis"""
    used = [s + max(n - 1, 0) * t + (n > 0) for s, n, t in zip(start, out.shape, step, strict=True)]
    high = [d - u for d, u in zip(x.shape, used, strict=True)]
    return (F.pad(g, start, high, [t - 1 for t in step]),)


@operation(_pad)
def pad(g: Tensor, out: Tensor, x: Tensor, *, low: Any, high: Any, interior: Any, word: str) -> Gradients:
    """x with a word put around it and between its elements"""
    stop = [n - h for n, h in zip(out.shape, high, strict=True)]
    return (F.slice(g, low, stop, [i + 1 for i in interior]),)


@operation(_concat)
def concat(g: Tensor, out: Tensor, *xs: Tensor, axis: int) -> Gradients:
    """The operands one after another along an axis"""
    parts, at = [], 0
    for x in xs:
        start = [at if a == axis else 0 for a in range(x.ndim)]
        stop = [at + x.shape[axis] if a == axis else d for a, d in enumerate(x.shape)]
        parts.append(F.slice(g, start, stop))
        at += x.shape[axis]
    return tuple(parts)


@operation(_gather)
def gather(g: Tensor, out: Tensor, x: Tensor, i: Tensor, *, axis: int) -> Gradients:
    """The slices of x along an axis that the indices name; zero for an index outside"""
    return F.scatter_add(g, i, axis=axis, size=x.shape[axis]), None


@operation(_scatter_add)
def scatter_add(g: Tensor, out: Tensor, x: Tensor, i: Tensor, *, axis: int, size: int, panel: int | None) -> Gradients:
    """The slices of x added up, by the reduction rule, where the indices say; outside ones are dropped"""
    return F.gather(g, i, axis=axis), None


@operation(_one_hot)
def one_hot(g: Tensor, out: Tensor, i: Tensor, *, depth: int) -> Gradients:
    """1 at the index, 0 elsewhere, along a new last axis"""
    return (None,)


@operation(_unfold)
def unfold(g: Tensor, out: Tensor, x: Tensor, *, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Gradients:
    """The windows of an image, each as a row (channel, kernel row, kernel column); zero outside the image"""
    return (F.fold(g, x.shape[2:], kernel, stride=stride, padding=padding, dilation=dilation),)


@operation(_fold)
def fold(
    g: Tensor,
    out: Tensor,
    x: Tensor,
    *,
    size: Any,
    kernel: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    panel: int | None,
) -> Gradients:
    """The transpose of unfold: each pixel is the sum over the windows that cover it"""
    return (F.unfold(g, kernel, stride=stride, padding=padding, dilation=dilation),)


@operation(_scan)
def scan(g: Tensor, out: Tensor, a: Tensor, b: Tensor, h0: Tensor, *, axis: int, reverse: bool) -> Gradients:
    """The linear recurrence h[t] = fma(a[t], h[t-1], b[t]) along an axis, from h0"""
    n = a.shape[axis]
    if n == 0:
        return F.zeros(a.shape), F.zeros(a.shape), F.zeros(h0.shape)

    def cut(x: Tensor, start: int, stop: int) -> Tensor:
        return F.slice(
            x,
            [start if i == axis else 0 for i in range(x.ndim)],
            [stop if i == axis else d for i, d in enumerate(x.shape)],
        )

    edge = tuple(1 if i == axis else d for i, d in enumerate(a.shape))
    zero, first = F.zeros(edge), h0.reshape(edge)
    if reverse:  # time runs down, so the gradient runs up
        before = F.concat([cut(out, 1, n), first], axis=axis)
        following = F.concat([zero, cut(a, 0, n - 1)], axis=axis)
    else:
        before = F.concat([first, cut(out, 0, n - 1)], axis=axis)
        following = F.concat([cut(a, 1, n), zero], axis=axis)
    flow = F.scan(following, g, F.zeros(h0.shape), axis=axis, reverse=not reverse)
    start = n - 1 if reverse else 0
    dh0 = (cut(flow, start, start + 1) * cut(a, start, start + 1)).reshape(h0.shape)
    return flow * before, flow, dh0


# --- Fourier transforms: linear maps, whose derivative is the transposed map --------------------------------------------


def _dual(norm: str) -> str:
    """The norm under which the other direction is the transpose (conjugated)."""
    return {"backward": "forward", "forward": "backward", "ortho": "ortho"}[norm]


def _half_spectrum(n: int, inner: float) -> Tensor:
    """[n//2+1, 1]: 1 for the points that are their own mirror (0, and n/2 for even n), `inner` for the others."""
    weights = [1.0 if 2 * k % n == 0 else inner for k in range(n // 2 + 1)]
    return tensor([[w] for w in weights], "f32")


@operation(_fft)
def fft(g: Tensor, out: Tensor, x: Tensor, *, norm: str) -> Gradients:
    """The discrete Fourier transform of the points on the last axis but one; the last is (re, im)"""
    return (F.ifft(g, norm=_dual(norm)),)


@operation(_fft)
def ifft(g: Tensor, out: Tensor, x: Tensor, *, norm: str) -> Gradients:
    """The inverse of `fft`"""
    return (F.fft(g, norm=_dual(norm)),)


@operation(_rfft)
def rfft(g: Tensor, out: Tensor, x: Tensor, *, norm: str) -> Gradients:
    """The first n//2 + 1 points of the transform of n real points; the others are their mirror"""
    n = x.shape[-1]
    return (F.irfft(g * _half_spectrum(n, 0.5), n, norm=_dual(norm)),)


@operation(_irfft)
def irfft(g: Tensor, out: Tensor, x: Tensor, *, norm: str, n: int) -> Gradients:
    """n real points from the first n//2 + 1 points of their transform, the inverse of `rfft`"""
    return (F.rfft(g, norm=_dual(norm)) * _half_spectrum(n, 2.0),)


# --- random -----------------------------------------------------------------------------------------------------------


@operation(_bits)
def bits(g: Tensor, out: Tensor, seed: Tensor, step: Tensor, *, stream: int, shape: Any, width: int) -> Gradients:
    """The random words of a stream, Philox4x32-10, the top `width` bits of each"""
    return None, None


# The derivatives are written with the public functions, which themselves stand on the table above.
from . import functions as F  # noqa: E402
from .tensor import tensor  # noqa: E402
