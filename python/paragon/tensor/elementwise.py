"""The elementwise operations as functions. Written by tools/generate.py from the operation table: change that, not this.

Operands are tensors, arrays or Python numbers; they are broadcast. What each computes is said in docs/contract.md.

>>> pg.fma([1.0, 2.0, 3.0], 10.0, 0.5)
Tensor([10.5, 20.5, 30.5], f32)
"""

from __future__ import annotations

from typing import Any

from .operands import operands
from .tensor import Tensor, apply

__all__ = [
    "abs",
    "add",
    "compare",
    "cospi",
    "div",
    "erf",
    "exp",
    "expm1",
    "fma",
    "log",
    "log1p",
    "maximum",
    "minimum",
    "mul",
    "neg",
    "round_to",
    "sinpi",
    "sqrt",
    "sub",
    "tanh",
]


def add(x: Any, y: Any) -> Tensor:
    """x + y; integers wrap.

    Operands: any dtype, the same for all. Raises ShapeError when they do not fit.
    """
    return apply("add", *operands(x, y))


def sub(x: Any, y: Any) -> Tensor:
    """x - y; integers wrap.

    Operands: any dtype, the same for all. Raises ShapeError when they do not fit.
    """
    return apply("sub", *operands(x, y))


def mul(x: Any, y: Any) -> Tensor:
    """x * y; integers wrap.

    Operands: any dtype, the same for all. Raises ShapeError when they do not fit.
    """
    return apply("mul", *operands(x, y))


def div(x: Any, y: Any) -> Tensor:
    """x / y, correctly rounded.

    Operands: f32. Raises ShapeError when they do not fit.
    """
    return apply("div", *operands(x, y))


def fma(x: Any, y: Any, z: Any) -> Tensor:
    """x * y + z, rounded once.

    Operands: f32. Raises ShapeError when they do not fit.
    """
    return apply("fma", *operands(x, y, z))


def neg(x: Any) -> Tensor:
    """-x; integers wrap.

    Operands: any dtype, the same for all. Raises ShapeError when they do not fit.
    """
    return apply("neg", *operands(x))


def abs(x: Any) -> Tensor:
    """|x|.

    Operands: f32 or i32. Raises ShapeError when they do not fit.
    """
    return apply("abs", *operands(x))


def sqrt(x: Any) -> Tensor:
    """The square root, correctly rounded.

    Operands: f32. Raises ShapeError when they do not fit.
    """
    return apply("sqrt", *operands(x))


def maximum(x: Any, y: Any) -> Tensor:
    """The larger of x and y; NaN if either is.

    Operands: any dtype, the same for all. Raises ShapeError when they do not fit.
    """
    return apply("maximum", *operands(x, y))


def minimum(x: Any, y: Any) -> Tensor:
    """The smaller of x and y; NaN if either is.

    Operands: any dtype, the same for all. Raises ShapeError when they do not fit.
    """
    return apply("minimum", *operands(x, y))


def exp(x: Any) -> Tensor:
    """e^x, correctly rounded.

    Operands: f32. Raises ShapeError when they do not fit.
    """
    return apply("exp", *operands(x))


def expm1(x: Any) -> Tensor:
    """e^x - 1, correctly rounded.

    Operands: f32. Raises ShapeError when they do not fit.
    """
    return apply("expm1", *operands(x))


def log(x: Any) -> Tensor:
    """The natural logarithm, correctly rounded.

    Operands: f32. Raises ShapeError when they do not fit.
    """
    return apply("log", *operands(x))


def log1p(x: Any) -> Tensor:
    """log(1 + x), correctly rounded.

    Operands: f32. Raises ShapeError when they do not fit.
    """
    return apply("log1p", *operands(x))


def tanh(x: Any) -> Tensor:
    """The hyperbolic tangent, correctly rounded.

    Operands: f32. Raises ShapeError when they do not fit.
    """
    return apply("tanh", *operands(x))


def erf(x: Any) -> Tensor:
    """The error function, correctly rounded.

    Operands: f32. Raises ShapeError when they do not fit.
    """
    return apply("erf", *operands(x))


def sinpi(x: Any) -> Tensor:
    """sin(pi x), correctly rounded.

    Operands: f32. Raises ShapeError when they do not fit.
    """
    return apply("sinpi", *operands(x))


def cospi(x: Any) -> Tensor:
    """cos(pi x), correctly rounded.

    Operands: f32. Raises ShapeError when they do not fit.
    """
    return apply("cospi", *operands(x))


def compare(x: Any, y: Any, how: str) -> Tensor:
    """1 where x `how` y holds, else 0.

    Operands: any dtype, the same for all. Raises ShapeError when they do not fit. `how` is one of lt, le, eq, ne, ge, gt.
    """
    return apply("compare", *operands(x, y), how=how)


def round_to(x: Any, format: str) -> Tensor:
    """x rounded to the nearest value of a format; the result is f32.

    Operands: f32. Raises ShapeError when they do not fit. `format` is one of f16, bf16, e4m3fn, e5m2.
    """
    return apply("round_to", *operands(x), format=format)
