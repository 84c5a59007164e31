"""THE operation table: for each operation its shape rule, its derivative and one line of prose.

A row is a function `name(g, out, x, y, ..., *, attributes)`: from the gradient `g` of the result, the result `out` and the
operands it gives the gradient of each operand (None: not differentiable), built from operations of this same table, so a
derivative is itself part of a program. Its signature is the operation's arity and attributes; its decorator names the shape
rule. Where an operand was broadcast, autograd sums the gradient to the operand's shape.

What an operation computes is said in docs/contract.md; the shape rules are in shapes.py.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import shapes
from .errors import ShapeError
from .shapes import Spec

if TYPE_CHECKING:
    from .tensor import Tensor

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
            return shapes.checked(self.infer(*operands, **attributes))
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


# --- elementwise ------------------------------------------------------------------------------------------------------


@operation(shapes.arithmetic)
def add(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Gradients:
    """x + y"""
    return g, g


@operation(shapes.arithmetic)
def sub(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Gradients:
    """x - y"""
    return g, -g


@operation(shapes.arithmetic)
def mul(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Gradients:
    """x * y"""
    return g * y, g * x


@operation(shapes.real)
def div(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Gradients:
    """x / y"""
    return g / y, -(g / y) * out


@operation(shapes.real)
def fma(g: Tensor, out: Tensor, x: Tensor, y: Tensor, z: Tensor) -> Gradients:
    """x * y + z with one rounding"""
    return g * y, g * x, g


@operation(lambda x: x)
def neg(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """-x"""
    return (-g,)


@operation(shapes.signed)
def abs_(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """|x|; the derivative at 0 is 0"""
    return (F.where(x > 0, g, F.where(x < 0, -g, 0)),)


@operation(shapes.real)
def sqrt(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """The square root"""
    return (g * 0.5 / out,)


@operation(shapes.arithmetic)
def maximum(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Gradients:
    """The larger of x and y, NaN if either is; where they are equal x gets the gradient"""
    return F.where(x >= y, g, 0), F.where(x >= y, 0, g)


@operation(shapes.arithmetic)
def minimum(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Gradients:
    """The smaller of x and y, NaN if either is; where they are equal x gets the gradient"""
    return F.where(x <= y, g, 0), F.where(x <= y, 0, g)


@operation(shapes.real)
def exp(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """e^x, correctly rounded"""
    return (g * out,)


@operation(shapes.real)
def expm1(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """e^x - 1, correctly rounded"""
    return (g * (out + 1),)


@operation(shapes.real)
def log(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """The natural logarithm, correctly rounded"""
    return (g / x,)


@operation(shapes.real)
def log1p(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """log(1 + x), correctly rounded"""
    return (g / (x + 1),)


@operation(shapes.real)
def tanh(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """The hyperbolic tangent, correctly rounded"""
    return (g * F.fma(-out, out, 1),)


@operation(shapes.real)
def erf(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """The error function, correctly rounded"""
    return (g * F.exp(-(x * x)) * (2 / math.sqrt(math.pi)),)


@operation(shapes.real)
def sinpi(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """sin(pi x), correctly rounded"""
    return (g * F.cospi(x) * math.pi,)


@operation(shapes.real)
def cospi(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """cos(pi x), correctly rounded"""
    return (-(g * F.sinpi(x) * math.pi),)


@operation(shapes.compare)
def compare(g: Tensor, out: Tensor, x: Tensor, y: Tensor, *, how: str) -> Gradients:
    """1 where the comparison holds, else 0"""
    return None, None


@operation(shapes.select)
def select(g: Tensor, out: Tensor, c: Tensor, x: Tensor, y: Tensor) -> Gradients:
    """x where c is not zero, else y"""
    return None, F.where(c, g, 0), F.where(c, 0, g)


@operation(shapes.cast)
def cast(g: Tensor, out: Tensor, x: Tensor, *, dtype: str) -> Gradients:
    """x as another dtype"""
    return (g if x.dtype == dtype == "f32" else None,)


@operation(shapes.constant)
def constant(g: Tensor, out: Tensor, *, dtype: str, shape: Any, word: str) -> Gradients:
    """An array whose every element is one word"""
    return ()


# --- reductions and contraction ---------------------------------------------------------------------------------------


def _keep(g: Tensor, x: Tensor, axes: Sequence[int]) -> Tensor:
    """g with the reduced axes put back as ones."""
    return g.reshape(tuple(1 if a in axes else d for a, d in enumerate(x.shape)))


@operation(shapes.sum_)
def sum_(g: Tensor, out: Tensor, x: Tensor, *, axes: Any, keepdims: bool, panel: int | None) -> Gradients:
    """The sum over some axes, by the reduction rule"""
    return (_keep(g, x, axes).broadcast_to(x.shape),)


@operation(shapes.max_)
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


@operation(shapes.argmax)
def argmax(g: Tensor, out: Tensor, x: Tensor, *, axis: int, keepdims: bool) -> Gradients:
    """The index of the largest element along an axis, the first of equals"""
    return (None,)


@operation(shapes.matmul)
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


@operation(shapes.reshape)
def reshape(g: Tensor, out: Tensor, x: Tensor, *, shape: Any) -> Gradients:
    """The same elements in row-major order under another shape"""
    return (g.reshape(x.shape),)


@operation(shapes.transpose)
def transpose(g: Tensor, out: Tensor, x: Tensor, *, axes: Any) -> Gradients:
    """The axes in another order"""
    return (g.transpose(tuple(list(axes).index(a) for a in range(x.ndim))),)


@operation(shapes.broadcast)
def broadcast(g: Tensor, out: Tensor, x: Tensor, *, shape: Any) -> Gradients:
    """x repeated along new and length-one axes"""
    return (g,)


@operation(shapes.slice_)
def slice_(g: Tensor, out: Tensor, x: Tensor, *, start: Any, stop: Any, step: Any) -> Gradients:
    """Every step-th element from start to stop, along each axis"""
    used = [s + max(n - 1, 0) * t + (n > 0) for s, n, t in zip(start, out.shape, step, strict=True)]
    high = [d - u for d, u in zip(x.shape, used, strict=True)]
    return (F.pad(g, start, high, [t - 1 for t in step]),)


@operation(shapes.pad)
def pad(g: Tensor, out: Tensor, x: Tensor, *, low: Any, high: Any, interior: Any, word: str) -> Gradients:
    """x with a word put around it and between its elements"""
    stop = [n - h for n, h in zip(out.shape, high, strict=True)]
    return (F.slice(g, low, stop, [i + 1 for i in interior]),)


@operation(shapes.concat)
def concat(g: Tensor, out: Tensor, *xs: Tensor, axis: int) -> Gradients:
    """The operands one after another along an axis"""
    parts, at = [], 0
    for x in xs:
        start = [at if a == axis else 0 for a in range(x.ndim)]
        stop = [at + x.shape[axis] if a == axis else d for a, d in enumerate(x.shape)]
        parts.append(F.slice(g, start, stop))
        at += x.shape[axis]
    return tuple(parts)


@operation(shapes.gather)
def gather(g: Tensor, out: Tensor, x: Tensor, i: Tensor, *, axis: int) -> Gradients:
    """The slices of x along an axis that the indices name; zero for an index outside"""
    return F.scatter_add(g, i, axis=axis, size=x.shape[axis]), None


@operation(shapes.scatter_add)
def scatter_add(g: Tensor, out: Tensor, x: Tensor, i: Tensor, *, axis: int, size: int, panel: int | None) -> Gradients:
    """The slices of x added up, by the reduction rule, where the indices say; outside ones are dropped"""
    return F.gather(g, i, axis=axis), None


@operation(shapes.one_hot)
def one_hot(g: Tensor, out: Tensor, i: Tensor, *, depth: int) -> Gradients:
    """1 at the index, 0 elsewhere, along a new last axis"""
    return (None,)


@operation(shapes.unfold)
def unfold(g: Tensor, out: Tensor, x: Tensor, *, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Gradients:
    """The windows of an image, each as a row (channel, kernel row, kernel column); zero outside the image"""
    return (F.fold(g, x.shape[2:], kernel, stride=stride, padding=padding, dilation=dilation),)


@operation(shapes.fold)
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


@operation(shapes.scan)
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
    own, others = F.ones((1, 1)), F.full(((n - 1) // 2, 1), inner)
    return F.concat([own, others, own] if n % 2 == 0 else [own, others], axis=0)


@operation(shapes.fft)
def fft(g: Tensor, out: Tensor, x: Tensor, *, norm: str) -> Gradients:
    """The discrete Fourier transform of the points on the last axis but one; the last is (re, im)"""
    return (F.ifft(g, norm=_dual(norm)),)


@operation(shapes.fft)
def ifft(g: Tensor, out: Tensor, x: Tensor, *, norm: str) -> Gradients:
    """The inverse of `fft`"""
    return (F.fft(g, norm=_dual(norm)),)


@operation(shapes.rfft)
def rfft(g: Tensor, out: Tensor, x: Tensor, *, norm: str) -> Gradients:
    """The first n//2 + 1 points of the transform of n real points; the others are their mirror"""
    n = x.shape[-1]
    return (F.irfft(g * _half_spectrum(n, 0.5), n, norm=_dual(norm)),)


@operation(shapes.irfft)
def irfft(g: Tensor, out: Tensor, x: Tensor, *, norm: str, n: int) -> Gradients:
    """n real points from the first n//2 + 1 points of their transform, the inverse of `rfft`"""
    return (F.rfft(g, norm=_dual(norm)) * _half_spectrum(n, 2.0),)


# --- random -----------------------------------------------------------------------------------------------------------


@operation(shapes.bits)
def bits(g: Tensor, out: Tensor, seed: Tensor, step: Tensor, *, stream: int, shape: Any, width: int) -> Gradients:
    """The random words of a stream, Philox4x32-10, the top `width` bits of each"""
    return None, None


# The derivatives are written with the public functions, which themselves stand on the table above.
from . import functions as F  # noqa: E402
