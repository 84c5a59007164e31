"""The derivatives: for each operation of the table, from the gradient of its result to that of each operand.

A function `name(g, out, x, y, ..., *, attributes)` takes the gradient `g` of the result, the result `out` and the operands, and
gives the gradient of each operand (None: not differentiable), built from operations of the same table, so that a derivative is
itself part of a program. Where an operand was broadcast, `reverse` sums the gradient to the operand's shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..tensor import functions as F
from ..tensor.tensor import Tensor

Gradients = tuple[Tensor | None, ...]
Derivative = Callable[..., Gradients]

DERIVATIVES: dict[str, Derivative] = {}


def derivative(fn: Derivative) -> Derivative:
    """Enter a function under its name, without the trailing underscore that keeps it off a Python name."""
    DERIVATIVES[fn.__name__.rstrip("_")] = fn
    return fn


# --- elementwise ------------------------------------------------------------------------------------------------------


@derivative
def add(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Gradients:
    return g, g


@derivative
def sub(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Gradients:
    return g, -g


@derivative
def mul(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Gradients:
    return g * y, g * x


@derivative
def div(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Gradients:
    """In another order where g / y is beyond f32 and the product is not, as where x is 0 and y subnormal"""
    dy = -(g / y) * out
    fits = F.abs(dy) < math.inf
    other = (
        -(F.where(fits, 0, g) * out) / y
    )  # where it is not chosen it must not overflow: its own derivative would be NaN
    return g / y, F.where(fits, dy, other)


@derivative
def fma(g: Tensor, out: Tensor, x: Tensor, y: Tensor, z: Tensor) -> Gradients:
    return g * y, g * x, g


@derivative
def neg(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    return (-g,)


@derivative
def abs_(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """The derivative at 0 is 0"""
    return (F.where(x > 0, g, F.where(x < 0, -g, 0)),)


@derivative
def sqrt(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    return (g * 0.5 / out,)


@derivative
def maximum(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Gradients:
    """Where they are equal x gets the gradient"""
    return F.where(x >= y, g, 0), F.where(x >= y, 0, g)


@derivative
def minimum(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Gradients:
    """Where they are equal x gets the gradient"""
    return F.where(x <= y, g, 0), F.where(x <= y, 0, g)


@derivative
def exp(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    return (g * out,)


@derivative
def expm1(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """Not out + 1, which cancels far below 0"""
    return (g * F.exp(x),)


@derivative
def log(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    return (g / x,)


@derivative
def log1p(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    return (g / (x + 1),)


@derivative
def tanh(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """1/cosh(x)^2 as 4e / (1+e)^2 with e = exp(-2|x|): 1 - out^2 cancels far from 0"""
    e = F.exp(F.abs(x) * -2.0)
    return (g * (e * 4.0 / ((e + 1.0) * (e + 1.0))),)


@derivative
def erf(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    """The exponential takes in the rounding error of the square, which is far from small against 1 where x is large"""
    x = F.maximum(F.minimum(x, 20.0), -20.0)  # further out it is 0
    square = x * x
    e = F.exp(-square)
    return (g * F.fma(-F.fma(x, x, -square), e, e) * (2 / math.sqrt(math.pi)),)


@derivative
def sinpi(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    return (g * F.cospi(x) * math.pi,)


@derivative
def cospi(g: Tensor, out: Tensor, x: Tensor) -> Gradients:
    return (-(g * F.sinpi(x) * math.pi),)


@derivative
def compare(g: Tensor, out: Tensor, x: Tensor, y: Tensor, *, how: str) -> Gradients:
    return None, None


@derivative
def round_to(g: Tensor, out: Tensor, x: Tensor, *, format: str) -> Gradients:
    """Straight through, as if nothing were rounded: the true derivative is 0 almost everywhere, and teaches nothing"""
    return (g,)


@derivative
def select(g: Tensor, out: Tensor, c: Tensor, x: Tensor, y: Tensor) -> Gradients:
    return None, F.where(c, g, 0), F.where(c, 0, g)


@derivative
def cast(g: Tensor, out: Tensor, x: Tensor, *, dtype: str) -> Gradients:
    return (g if x.dtype == dtype == "f32" else None,)


@derivative
def constant(g: Tensor, out: Tensor, *, dtype: str, shape: Any, word: str) -> Gradients:
    return ()


# --- reductions and contraction ---------------------------------------------------------------------------------------


def _keep(g: Tensor, x: Tensor, axes: Sequence[int]) -> Tensor:
    """g with the reduced axes put back as ones."""
    return g.reshape(tuple(1 if a in axes else d for a, d in enumerate(x.shape)))


@derivative
def sum_(g: Tensor, out: Tensor, x: Tensor, *, axes: Any, keepdims: bool, panel: int | None) -> Gradients:
    return (_keep(g, x, axes).broadcast_to(x.shape),)


@derivative
def max_(g: Tensor, out: Tensor, x: Tensor, *, axes: Any, keepdims: bool) -> Gradients:
    """The first of equals, in row-major order, gets the gradient"""
    kept = [a for a in range(x.ndim) if a not in axes]
    order = (*kept, *axes)
    shape = tuple(x.shape[a] for a in order)
    terms = math.prod(x.shape[a] for a in axes)
    if terms == 0:
        return (F.zeros(x.shape),)
    rows = x.transpose(order).reshape((*shape[: len(kept)], terms))
    first = F.one_hot(F.argmax(rows, axis=-1), terms)
    spread = F.where(first, g.reshape((*shape[: len(kept)], 1)), 0)
    inverse = tuple(order.index(a) for a in range(x.ndim))
    return (spread.reshape(shape).transpose(inverse),)


@derivative
def argmax(g: Tensor, out: Tensor, x: Tensor, *, axis: int, keepdims: bool) -> Gradients:
    return (None,)


@derivative
def matmul(
    g: Tensor, out: Tensor, x: Tensor, y: Tensor, *, transpose_a: bool, transpose_b: bool, panel: int | None
) -> Gradients:

    def product(a: Tensor, b: Tensor, ta: bool, tb: bool) -> Tensor:
        return F.matmul(a, b, transpose_a=ta, transpose_b=tb, panel=panel)

    dx = product(y, g, transpose_b, True) if transpose_a else product(g, y, False, not transpose_b)
    dy = product(g, x, True, transpose_a) if transpose_b else product(x, g, not transpose_a, False)
    return dx, dy


# --- movement ---------------------------------------------------------------------------------------------------------


@derivative
def reshape(g: Tensor, out: Tensor, x: Tensor, *, shape: Any) -> Gradients:
    return (g.reshape(x.shape),)


@derivative
def transpose(g: Tensor, out: Tensor, x: Tensor, *, axes: Any) -> Gradients:
    return (g.transpose(tuple(list(axes).index(a) for a in range(x.ndim))),)


@derivative
def broadcast(g: Tensor, out: Tensor, x: Tensor, *, shape: Any) -> Gradients:
    return (g,)


@derivative
def slice_(g: Tensor, out: Tensor, x: Tensor, *, start: Any, stop: Any, step: Any) -> Gradients:
    used = [s + max(n - 1, 0) * t + (n > 0) for s, n, t in zip(start, out.shape, step, strict=True)]
    high = [d - u for d, u in zip(x.shape, used, strict=True)]
    return (F.pad(g, start, high, [t - 1 for t in step]),)


@derivative
def pad(g: Tensor, out: Tensor, x: Tensor, *, low: Any, high: Any, interior: Any, word: str) -> Gradients:
    stop = [n - h for n, h in zip(out.shape, high, strict=True)]
    return (F.slice(g, low, stop, [i + 1 for i in interior]),)


@derivative
def concat(g: Tensor, out: Tensor, *xs: Tensor, axis: int) -> Gradients:
    parts, at = [], 0
    for x in xs:
        start = [at if a == axis else 0 for a in range(x.ndim)]
        stop = [at + x.shape[axis] if a == axis else d for a, d in enumerate(x.shape)]
        parts.append(F.slice(g, start, stop))
        at += x.shape[axis]
    return tuple(parts)


@derivative
def gather(g: Tensor, out: Tensor, x: Tensor, i: Tensor, *, axis: int) -> Gradients:
    return F.scatter_add(g, i, axis=axis, size=x.shape[axis]), None


@derivative
def scatter_add(g: Tensor, out: Tensor, x: Tensor, i: Tensor, *, axis: int, size: int, panel: int | None) -> Gradients:
    return F.gather(g, i, axis=axis), None


@derivative
def one_hot(g: Tensor, out: Tensor, i: Tensor, *, depth: int) -> Gradients:
    return (None,)


@derivative
def unfold(g: Tensor, out: Tensor, x: Tensor, *, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Gradients:
    return (F.fold(g, x.shape[2:], kernel, stride=stride, padding=padding, dilation=dilation),)


@derivative
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
    return (F.unfold(g, kernel, stride=stride, padding=padding, dilation=dilation),)


@derivative
def scan(g: Tensor, out: Tensor, a: Tensor, b: Tensor, h0: Tensor, *, axis: int, reverse: bool) -> Gradients:
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


@derivative
def fft(g: Tensor, out: Tensor, x: Tensor, *, norm: str) -> Gradients:
    return (F.ifft(g, norm=_dual(norm)),)


@derivative
def ifft(g: Tensor, out: Tensor, x: Tensor, *, norm: str) -> Gradients:
    return (F.fft(g, norm=_dual(norm)),)


@derivative
def rfft(g: Tensor, out: Tensor, x: Tensor, *, norm: str) -> Gradients:
    n = x.shape[-1]
    return (F.irfft(g * _half_spectrum(n, 0.5), n, norm=_dual(norm)),)


@derivative
def irfft(g: Tensor, out: Tensor, x: Tensor, *, norm: str, n: int) -> Gradients:
    return (F.rfft(g, norm=_dual(norm)) * _half_spectrum(n, 2.0),)


# --- random -----------------------------------------------------------------------------------------------------------


@derivative
def bits(g: Tensor, out: Tensor, seed: Tensor, step: Tensor, *, stream: int, shape: Any, width: int) -> Gradients:
    return None, None
